"""What a person types, on its way to a command in a container; and the size of the screen.

Source: k8s.io/apimachinery/pkg/util/remotecommand: the first byte of a message is its channel; v4 of the protocol
cannot say that input has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from hpctl.adapters.local.screen import terminal
from hpctl.adapters.local.typed import Typed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

V5: Final = "v5.channel.k8s.io"
_STDIN, _RESIZE, _CLOSE = (bytes([number]) for number in (0, 4, 255))


@contextmanager
def passed_on(connection: ClientConnection, stdin: BinaryIO | None) -> Iterator[None]:
    """Pass on what is typed. A thread of its own waits for it: a person may never type again."""
    if stdin is None:
        yield
        return
    typed = Typed(stdin, asyncio.get_running_loop())
    sending = asyncio.create_task(_sent(typed, connection))
    threading.Thread(target=typed.read, daemon=True).start()
    try:
        yield
    finally:
        sending.cancel()


async def _sent(typed: Typed, connection: ClientConnection) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):  # whoever hears tells of it
        while data := await typed.next():
            await connection.send(_STDIN + data)
        if connection.subprotocol == V5:
            await connection.send(_CLOSE + _STDIN)


def screen(connection: ClientConnection, stdin: BinaryIO) -> AbstractContextManager[None]:
    """Give the keyboard to the command's terminal, and tell it the size of the screen as it changes."""
    return terminal(stdin, lambda size: _resized(connection, size))


async def _resized(connection: ClientConnection, size: os.terminal_size) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        await connection.send(_RESIZE + json.dumps({"Width": size.columns, "Height": size.lines}).encode())
