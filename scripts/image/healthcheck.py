#!/usr/bin/python3
"""Asks the server which wrote its info file last whether it is alive."""

import glob
import json
import os
import urllib.request

runtime = os.path.expanduser("~/.local/share/jupyter/runtime")
files = glob.glob(runtime + "/nbserver-*.json") + glob.glob(runtime + "/jpserver-*.json")
with open(max(files, key=os.path.getmtime)) as file:
    url = json.load(file)["url"]
urllib.request.urlopen(url + "api", timeout=1)
