#!/bin/sh
# Starts Jupyter so that Colab can use it. Written by Colab Tray.
#
# It works with Notebook 6 and with Jupyter Server 2 in all its forms, needs no
# network, and changes nothing that the image or the person has set, but for
# what Colab needs.
: "${HOME:=/root}"
export HOME

# Notebooks can install software for themselves: commands are found at once,
# and modules as well, because Python looks at the user's site directory only
# when it is there as Python starts.
PATH=$HOME/.local/bin:$PATH
export PATH
mkdir -p "$HOME/.local/bin"
for python in python3 python; do
	if site=$("$python" -m site --user-site 2>/dev/null) || [ -n "$site" ]; then
		mkdir -p "$site"
		break
	fi
done

# The settings take themselves out of this variable again, so that kernels do
# not see them.
JUPYTER_CONFIG_PATH=/opt/colab-tray/jupyter${JUPYTER_CONFIG_PATH:+:$JUPYTER_CONFIG_PATH}
export JUPYTER_CONFIG_PATH

# The image's own way of starting Jupyter comes first.
for start in start-notebook.py start-notebook.sh; do
	if command -v "$start" >/dev/null; then
		exec "$start"
	fi
done
for server in lab server notebook; do
	if command -v "jupyter-$server" >/dev/null; then
		exec "jupyter-$server" --no-browser
	fi
done
echo "Colab Tray: this image has no Jupyter server." >&2
exit 127
