"""`python second_client.py WHAT TARGET …` in the environment of pyssm-client: drive its library, say JSON.

Its command line refuses targets that do not begin with `i-`, and forwards ports by smux alone; so its data channel is
driven as these do it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import boto3
from pyssm_client.communicator.data_channel import SessionDataChannel
from pyssm_client.communicator.utils import create_websocket_config
from pyssm_client.exec import run_command

PATIENCE_S = 60.0


async def execute(target: str, command: str) -> dict[str, Any]:
    """Run a command in a shell, as the package does it."""
    ran = await run_command(target, command, timeout=int(PATIENCE_S))
    return {"stdout": ran.stdout.decode(), "exit_code": ran.exit_code}


async def shell(target: str, columns: str, rows: str) -> dict[str, Any]:
    """Ask a shell for the size of its terminal."""
    channel, heard = await opened(target)
    await channel.open()
    await heard.until(lambda: b"# " in heard.data)
    await channel.send_terminal_size(int(columns), int(rows))
    await channel.send_input_data(b"stty size; exit\n")
    await heard.until(lambda: heard.closed)
    return {"output": heard.data.decode(), "closed": heard.closed}


async def port(target: str, number: str, wanted: str) -> dict[str, Any]:
    """Read from a port until something has come."""
    parameters = {"portNumber": [number]}
    channel, heard = await opened(target, DocumentName="AWS-StartPortForwardingSession", Parameters=parameters)
    channel.set_raw_input_handler(heard.hear)
    await channel.open()
    await heard.until(lambda: wanted.encode() in heard.data)
    await channel.close()
    return {"output": heard.data.decode(errors="replace")}


class Heard:
    """What has come, and whether it is over."""

    def __init__(self) -> None:
        self.data, self.closed = b"", False
        self._changed = asyncio.Event()

    def hear(self, data: bytes) -> None:
        self.data += data
        self._changed.set()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


async def opened(target: str, **asked: Any) -> tuple[Any, Heard]:
    session = boto3.client("ssm").start_session(Target=target, **asked)
    channel = SessionDataChannel(create_websocket_config(session["StreamUrl"], session["TokenValue"]))
    heard = Heard()
    channel.set_stdout_handler(heard.hear)
    channel.set_closed_handler(heard.close)
    return channel, heard


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    asks: dict[str, Callable[..., Coroutine[Any, Any, dict[str, Any]]]]
    asks = {"execute": execute, "port": port, "shell": shell}
    sys.stdout.write(json.dumps(asyncio.run(asks[what](*words))))
