# The stand-in's Jupyter. None of this is what Colab Tray puts into containers:
# it is what Google's image does by itself.
import json
import os
import sys
import types

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import authenticated

COLAB = "https://colab.research.google.com"


class BuildInfo(APIHandler):
    @authenticated
    def get(self):
        self.finish(")]}'\n" + json.dumps({"release_tag": "release-colab_20260101-060000_RC00"}))


def load(app):
    path = url_path_join(app.web_app.settings["base_url"], "/api/colab/build-info")
    app.web_app.add_handlers(".*$", [(path, BuildInfo)])


extension = types.ModuleType("colab_standin")
extension._jupyter_server_extension_points = lambda: [{"module": "colab_standin"}]
extension._load_jupyter_server_extension = load
sys.modules["colab_standin"] = extension

c = get_config()  # noqa: F821
c.ServerApp.jpserver_extensions = {"colab_standin": True}
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = 9000
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.log_level = "ERROR"
c.IdentityProvider.token = os.environ.pop("STANDIN_TOKEN")
c.ServerApp.allow_origin = COLAB
c.ServerApp.allow_credentials = True
c.ServerApp.tornado_settings = {
    "headers": {
        "Access-Control-Allow-Origin": COLAB,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Colab-Tunnel, X-XSRFToken",
    }
}
# The files shown are those of the whole container; kernels work in /content.
c.ServerApp.root_dir = "/"
c.MappingKernelManager.root_dir = "/content"
