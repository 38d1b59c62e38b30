# Written by Colab Tray. Changes are lost at the next start.
#
# Settings that let Colab's page use this Jupyter server. The file is there
# under two names: Jupyter Server 2 (JupyterLab, Notebook 7) reads
# jupyter_server_config.py, Notebook 6 reads jupyter_notebook_config.py. It adds
# to the settings of the image and of the person, and weakens no guard: XSRF and
# CSP stay as they are. What would keep Colab out is overruled, wherever it is set.

COLAB = "https://colab.research.google.com"


def configure(c, path):
    """Sets what Colab needs for the server that reads this file."""
    import importlib.util
    import os

    if os.path.basename(path) == "jupyter_server_config.py":
        app = c.ServerApp
    elif importlib.util.find_spec("notebook") and notebook_version() < 7:
        app = c.NotebookApp
        # Best effort, for those who still use it: when it cannot be loaded,
        # Notebook 6 says so in its log and goes on.
        if importlib.util.find_spec("jupyter_http_over_ws"):
            app.nbserver_extensions.update({"jupyter_http_over_ws": True})
    else:
        return
    app.allow_origin = COLAB
    app.allow_credentials = True
    own = os.path.dirname(path)
    if own.startswith("/opt/colab-tray/"):  # else its owner says where it serves
        app.ip = "0.0.0.0"
        app.port = 8888
        app.port_retries = 0
        app.open_browser = False
        if os.geteuid() == 0:
            app.allow_root = True
        kept = keep_token(c, app, own)
        leave_environment(own)
        before_serving(lambda server: overrule(server, kept))
    extend_applications()


def keep_token(c, app, own):
    """Gives the server one token for ever, where the profile says so, and returns it.

    It lies in the data volume, for its owner alone to read. Where each start
    makes a new one, an old one is forgotten.
    """
    import os
    import re
    import secrets

    from jupyter_core.paths import jupyter_data_dir

    if os.environ.get("JUPYTER_TOKEN"):
        return None  # the person has chosen one
    path = os.path.join(jupyter_data_dir(), "colab-tray-token")
    keep = read(os.path.join(own, "token-policy")).strip() == "keep"
    token = read(path).strip()
    try:
        if os.path.lexists(path) and not (keep and re.fullmatch("[0-9a-f]{48}", token)):
            os.remove(path)
            token = ""
        if not keep:
            return None
        if not token:
            token = secrets.token_hex(24)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(token)
    except OSError as error:
        print("Colab Tray: the token could not be kept, so it is a new one:", error, flush=True)
        return None
    if app is c.ServerApp and server_version() >= 2:
        c.IdentityProvider.token = token
    else:
        app.token = token
    return token


def before_serving(act):
    """Has something done to each server once all its configuration is read.

    A file of settings is one voice among many: the person's own come after it, and
    the command line after those.
    """
    import sys

    for module, name in (("jupyter_server.serverapp", "ServerApp"), ("notebook.notebookapp", "NotebookApp")):
        server = getattr(sys.modules.get(module), name, None)
        if server is None or hasattr(server.init_webapp, "for_colab"):
            continue

        def init_webapp(self, *args, plain=server.init_webapp, **kwargs):
            act(self)
            return plain(self, *args, **kwargs)

        init_webapp.for_colab = True
        server.init_webapp = init_webapp


def overrule(server, kept):
    """Has the server listen where the engine publishes it, and ask for a token.

    What was set otherwise is said in the log, and to Colab Tray.
    """
    overruled = []
    for name, right, *others in (
        ("base_url", "/"),
        ("certfile", ""),
        ("keyfile", ""),
        ("client_ca", ""),
        ("ssl_options", {}, None),
        ("sock", ""),
        ("ip", "0.0.0.0", "", "*"),
        ("port", 8888),
        ("port_retries", 0),
    ):
        if hasattr(server, name) and getattr(server, name) not in (right, *others):
            setattr(server, name, right)
            overruled.append(name)
    if give_token(server, kept):
        overruled.append("token")
    if overruled:
        print("Colab Tray: overruled in Jupyter's configuration, because of Colab:", ", ".join(overruled), flush=True)
    server.tornado_settings = dict(server.tornado_settings, colab_tray=overruled)


def give_token(server, kept):
    """Gives a server a token that can be sent, and reports whether it had none."""
    import os
    import re
    import secrets

    holder = getattr(server, "identity_provider", server)  # of Jupyter Server 2
    if not hasattr(type(holder), "token"):
        return False
    try:
        token = holder.token
    except OSError as error:  # of JUPYTER_TOKEN_FILE
        print("Colab Tray: the token could not be read:", error, flush=True)
        token = ""
    choices = (token.strip(), os.environ.get("JUPYTER_TOKEN", "").strip(), kept or "")
    right = next((t for t in choices if re.fullmatch("[!-~]+", t)), None)
    if right == token:
        return False
    holder.token = right or secrets.token_hex(24)
    if right is None:  # as one that the server has made
        holder.token_generated = holder._token_generated = True
    if "token" in server.tornado_settings:
        server.tornado_settings["token"] = holder.token
    return right != token.strip()


def server_version():
    import jupyter_server

    return jupyter_server.version_info[0]


def notebook_version():
    import notebook

    return notebook.version_info[0]


def leave_environment(own):
    """Takes this directory out of JUPYTER_CONFIG_PATH, which kernels inherit."""
    import os

    paths = os.environ.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep)
    paths = [p for p in paths if p and p.rstrip("/") != own]
    if paths:
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    else:
        os.environ.pop("JUPYTER_CONFIG_PATH", None)


def extend_applications():
    """Lets each Jupyter server that is made from now on answer Colab."""
    from tornado.web import Application

    plain = Application.__init__
    if getattr(plain, "for_colab", False):
        return

    def __init__(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        if type(self).__name__ in ("ServerWebApplication", "NotebookWebApplication"):
            extend(self)

    __init__.for_colab = True
    Application.__init__ = __init__


def extend(application):
    """Adds Colab's headers, the answer to preflights, and Colab's own requests."""
    from tornado.routing import PathMatches, Rule

    build_info, resources, preflight = handlers(application)
    base = application.settings.get("base_url", "/")

    def first(router, matcher, handler):
        router.rules.insert(0, router.process_rule(Rule(matcher, handler)))

    first(application.wildcard_router, PathMatches(base + "api/colab/build-info"), build_info)
    first(application.wildcard_router, PathMatches(base + "api/colab/resources"), resources)
    # What extensions add later comes before the wildcard router, but after this.
    first(application.default_router, preflights(), preflight)
    application.add_transform(cors(application.settings.get("colab_tray", [])))
    make_content_folder(application)


def cors(overruled):
    """Makes the output transform that writes the CORS headers.

    It sees every answer, also those to errors, where Jupyter Server 2 leaves
    its own headers out. No origin but Colab's gets any. Who may ask for the
    status is told what was overruled.
    """
    from tornado.web import OutputTransform

    class ForColab(OutputTransform):
        def __init__(self, request):
            self.request = request

        def transform_first_chunk(self, status_code, headers, chunk, finishing):
            for name in [n for n in headers if n.lower().startswith("access-control-")]:
                del headers[name]
            if status_code == 200 and self.request.path.endswith("/api/status"):
                headers["X-Colab-Tray"] = ",".join(overruled) or "none"
            if "origin" not in headers.get("Vary", "").lower():
                headers.add("Vary", "Origin")
            if self.request.headers.get("Origin") == COLAB:
                asked = self.request.headers.get("Access-Control-Request-Headers")
                headers["Access-Control-Allow-Origin"] = COLAB
                headers["Access-Control-Allow-Credentials"] = "true"
                headers["Access-Control-Allow-Private-Network"] = "true"
                headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
                headers["Access-Control-Allow-Headers"] = asked or (
                    "Authorization, Cache-Control, Content-Type, Range, X-Colab-Tunnel, "
                    "X-Goog-Colab-Token, X-Requested-With, X-XSRFToken"
                )
            return status_code, headers, chunk

    return ForColab


def preflights():
    """Makes the matcher of the requests by which a browser asks beforehand.

    They carry no token, so that Jupyter would refuse some of them.
    """
    from tornado.routing import Matcher

    class Preflights(Matcher):
        def match(self, request):
            asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
            return {} if asks and request.headers.get("Origin") == COLAB else None

    return Preflights()


def handlers(application):
    """Makes the handlers of Colab's own requests, for the server there is."""
    import json

    from tornado.ioloop import IOLoop
    from tornado.web import RequestHandler, authenticated

    if type(application).__module__.startswith("notebook."):
        from notebook.base.handlers import APIHandler
    else:
        from jupyter_server.base.handlers import APIHandler

    # What Colab's own server puts before JSON, so that it is no script.
    prefix = ")]}'\n"

    class Preflight(RequestHandler):
        def options(self):
            self.set_status(204)

    class BuildInfo(APIHandler):
        _track_activity = False

        @authenticated
        def get(self):
            self.finish(prefix + json.dumps({"release_tag": None}))

    class Resources(APIHandler):
        _track_activity = False  # the page asks all the time, also when nobody works

        @authenticated
        async def get(self):
            stats = await IOLoop.current().run_in_executor(None, resources, root_of(application))
            self.finish(prefix + json.dumps(stats))

    return BuildInfo, Resources, Preflight


def root_of(application):
    """Returns the directory whose files the server shows."""
    import os

    manager = application.settings.get("contents_manager")
    return getattr(manager, "root_dir", "") or os.getcwd()


def make_content_folder(application):
    """Makes the folder that Colab's file panel looks for."""
    import os

    try:
        os.makedirs(os.path.join(root_of(application), "content"), exist_ok=True)
    except OSError as error:
        print("Colab Tray: the folder content could not be made:", error, flush=True)


def resources(root):
    """Returns memory, disk and GPUs in the form of Colab's own server."""
    import shutil

    total, free = memory()
    try:
        disk = shutil.disk_usage(root)
        disks = [{"filesystem": {"label": "kernel", "totalBytes": disk.total, "usedBytes": disk.used}}]
    except OSError:
        disks = []
    return {"memory": {"totalBytes": total, "freeBytes": free}, "disks": disks, "gpus": gpus()}


def memory():
    """Returns the memory there is and what is free of it, in bytes.

    The container's limit counts where it is less than the machine's memory.
    """
    lines = dict(line.split(":", 1) for line in read("/proc/meminfo").splitlines() if ":" in line)

    def machine(name):
        return int(lines.get(name, "0").split()[0]) * 1024

    total, free = machine("MemTotal"), machine("MemAvailable")
    for limit_file, used_file, stat_file in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "/sys/fs/cgroup/memory/memory.stat",
        ),
    ):
        limit, used = read(limit_file).strip(), read(used_file).strip()
        if not limit.isdigit() or not used.isdigit() or int(limit) >= total:
            continue
        stat = dict(line.split(" ", 1) for line in read(stat_file).splitlines() if " " in line)
        cache = int(stat.get("inactive_file", "0"))
        return int(limit), max(0, int(limit) - max(0, int(used) - cache))
    return total, free


def read(path):
    """Returns the text of a file, nothing when it cannot be read."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def gpus():
    """Returns the GPUs that nvidia-smi tells of, none when it does not answer."""
    import csv
    import shutil
    import subprocess

    command = shutil.which("nvidia-smi")
    if not command:
        return []
    query = "--query-gpu=name,memory.used,memory.total,utilization.gpu,utilization.memory"
    try:
        done = subprocess.run(
            [command, query, "--format=csv,nounits,noheader"],
            capture_output=True, text=True, timeout=2, check=True,
        )
        return [
            {
                "name": row[0].strip(),
                "memoryUsedBytes": int(row[1]) << 20,
                "memoryTotalBytes": int(row[2]) << 20,
                "gpuUtilization": int(row[3]) / 100,
                "memoryUtilization": int(row[4]) / 100,
                "everUsed": int(row[1]) > 0,
            }
            for row in csv.reader(done.stdout.splitlines())
        ]
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return []


configure(get_config(), __file__)  # noqa: F821
