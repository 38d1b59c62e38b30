# Asks kernels whether they work, on the channel that one that works does not
# read: askkernels.py DIRECTORIES KERNEL...
#
# Prints "busy" when one has not answered in time, else "idle". Of the server
# nothing is asked: it would take the question for a page that came back, and
# throw away what it keeps for the one that is to.
import os
import queue
import sys
import time

sys.tracebacklimit = 0  # what fails is told in one line

from jupyter_client import BlockingKernelClient
from jupyter_core.paths import jupyter_runtime_dir

PATIENCE = 5  # seconds


def connection_file(kernel):
    for directory in sys.argv[1].split(":") + [jupyter_runtime_dir()]:
        file = os.path.join(directory, "kernel-%s.json" % kernel)
        if os.path.exists(file):
            return file
    sys.exit("kernel %s has no connection file" % kernel)


def ask(kernel):
    client = BlockingKernelClient(connection_file=connection_file(kernel))
    client.load_connection_file()
    return client, client.kernel_info()


def answers(client, question, until):
    while True:
        try:
            reply = client.get_shell_msg(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            return False
        if reply["parent_header"].get("msg_id") == question:
            return True


asked = [ask(kernel) for kernel in sys.argv[2:]]
until = time.monotonic() + PATIENCE
idle = all([answers(client, question, until) for client, question in asked])
print("idle" if idle else "busy", flush=True)
os._exit(0)  # without waiting for what no kernel takes
