# Asks kernels whether they are busy: askkernels.py DIRECTORIES KERNEL...
#
# The question goes over the shell channel, which a busy kernel does not read.
# Prints "busy" when a kernel has not answered in time, else "idle". The script
# does not ask through the server: the server would take the question for a page
# that reconnects, and discard the messages that it keeps for the real page.
import os
import queue
import sys
import time

sys.tracebacklimit = 0  # print an error as one line

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
os._exit(0)  # do not wait for messages that no kernel reads
