# The image's own settings, for Notebook 6 and Jupyter Server 2 alike. They are
# a file and no arguments, so that whoever starts the server may pass arguments
# of their own: Jupyter refuses an option that is given twice.
c = get_config()  # noqa: F821

for app in (c.NotebookApp, c.ServerApp):
    app.ip = "0.0.0.0"
    app.open_browser = False
