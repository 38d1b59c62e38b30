#!/usr/bin/python3
"""Starts the Jupyter server with NOTEBOOK_ARGS and the arguments given."""

import os
import shlex
import sys

command = [
    "jupyter",
    os.environ.get("DOCKER_STACKS_JUPYTER_CMD", "server"),
    *shlex.split(os.environ.get("NOTEBOOK_ARGS", "")),
    *sys.argv[1:],
]
print("Executing:", " ".join(command), flush=True)
os.execvp(command[0], command)
