"""The front of the stand-in: starts Jupyter, and hands requests on to it."""

import asyncio
import os
import secrets
import subprocess
import sys

JUPYTER = ("127.0.0.1", 9000)
HANDED_ON = ("api", "files", "static", "nbextensions")
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nNot Found"


def start_jupyter(token):
    """Starts Jupyter with nothing but the stand-in's own settings."""
    return subprocess.Popen(
        ["jupyter-server", "--config=/opt/standin/jupyter_server_config.py"],
        env={**os.environ, "JUPYTER_NO_CONFIG": "1", "STANDIN_TOKEN": token},
    )


async def announce(token):
    """Prints the address once Jupyter answers there: the port is the inner one."""
    while True:
        try:
            _, writer = await asyncio.open_connection(*JUPYTER)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        print(f"http://{JUPYTER[0]}:{JUPYTER[1]}/?token={token}", flush=True)
        return


async def serve(reader, writer):
    """Hands on one request. The connection ends with it, or is a WebSocket."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *headers = head[:-4].split(b"\r\n")
        path = first.split(b" ")[1].split(b"?")[0].decode()
        if path.strip("/").split("/")[0] not in HANDED_ON:
            writer.write(NOT_FOUND)
            return
        if not any(h.lower().startswith(b"upgrade:") for h in headers):
            headers = [h for h in headers if not h.lower().startswith(b"connection:")]
            headers.append(b"Connection: close")
        inner_reader, inner_writer = await asyncio.open_connection(*JUPYTER)
        inner_writer.write(b"\r\n".join([first, *headers]) + b"\r\n\r\n")
        ways = [asyncio.create_task(copy(*way)) for way in ((reader, inner_writer), (inner_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        inner_writer.close()
    except (OSError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def copy(reader, writer):
    """Copies until the end of what there is to read."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass


async def main():
    token = secrets.token_hex(24)
    jupyter = start_jupyter(token)
    await asyncio.start_server(serve, "0.0.0.0", 8080)
    said = asyncio.create_task(announce(token))
    status = await asyncio.to_thread(jupyter.wait)
    said.cancel()
    sys.exit(status)


asyncio.run(main())
