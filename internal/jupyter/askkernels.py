# Asks kernels whether they are busy: askkernels.py DIRECTORIES KERNEL...
#
# The question goes over the shell channel, which a busy kernel does not read. Prints
# a line for each kernel: "idle", "busy" if it has not answered in time, or "unknown"
# if it cannot be asked. The script does not ask through the server: the server would
# take the question for a page that reconnects, and discard the messages that it keeps
# for the real page.
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
    raise LookupError("kernel %s has no connection file" % kernel)


def ask(kernel):
    try:
        client = BlockingKernelClient(connection_file=connection_file(kernel))
        client.load_connection_file()
        return client, client.kernel_info()
    except Exception as error:
        print(error, file=sys.stderr)
        return None, None


def answer(client, question, until):
    if client is None:
        return "unknown"
    while True:
        try:
            reply = client.get_shell_msg(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            return "busy"
        if reply["parent_header"].get("msg_id") == question:
            return "idle"


asked = [ask(kernel) for kernel in sys.argv[2:]]
until = time.monotonic() + PATIENCE
for client, question in asked:
    print(answer(client, question, until), flush=True)
os._exit(0)  # do not wait for messages that no kernel reads
