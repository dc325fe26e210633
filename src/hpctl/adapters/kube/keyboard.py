"""What a person types, on its way to a command in a container; and the size of the screen.

Source: k8s.io/apimachinery/pkg/util/remotecommand: the first byte of a message is its channel; v4 of the protocol
cannot say that input has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

V5: Final = "v5.channel.k8s.io"
_STDIN, _RESIZE, _CLOSE = (bytes([number]) for number in (0, 4, 255))
_BLOCK: Final = 32 * 1024
_READ_AHEAD: Final = 4
"""Blocks of input that are held here until the connection takes them."""


@contextmanager
def passed_on(connection: ClientConnection, stdin: BinaryIO | None) -> Iterator[None]:
    """Pass on what is typed. A thread of its own waits for it: a person may never type again."""
    if stdin is None:
        yield
        return
    typed = _Typed(stdin, asyncio.get_running_loop())
    sending = asyncio.create_task(_sent(typed, connection))
    threading.Thread(target=typed.read, daemon=True).start()
    try:
        yield
    finally:
        sending.cancel()


async def _sent(typed: _Typed, connection: ClientConnection) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):  # whoever hears tells of it
        while data := await typed.next():
            await connection.send(_STDIN + data)
        if connection.subprotocol == V5:
            await connection.send(_CLOSE + _STDIN)


class _Typed:
    """Blocks of input on their way from the thread that waits for them to the loop that sends them."""

    def __init__(self, stdin: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        self._stdin, self._loop = stdin, loop
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self._places = threading.Semaphore(_READ_AHEAD)

    def read(self) -> None:
        """Read until the end, which is an empty block; a loop that has ended wants no more."""
        read, data = _reader(self._stdin), b"-"
        with suppress(RuntimeError):
            while data:
                self._places.acquire()
                try:
                    data = read()
                except (OSError, ValueError):
                    data = b""
                self._loop.call_soon_threadsafe(self._blocks.put_nowait, data)

    async def next(self) -> bytes:
        """Return the next block."""
        block = await self._blocks.get()
        self._places.release()
        return block


def _reader(stdin: BinaryIO) -> Callable[[], bytes]:
    try:
        descriptor = stdin.fileno()
    except (OSError, AttributeError):
        return lambda: stdin.read(_BLOCK)
    return lambda: os.read(descriptor, _BLOCK)


@contextmanager
def screen(connection: ClientConnection, stdin: BinaryIO) -> Iterator[None]:
    """Give the keyboard to the command's terminal, and tell it the size of the screen as it changes."""
    import termios
    import tty

    descriptor, loop = stdin.fileno(), asyncio.get_running_loop()
    before, handler = termios.tcgetattr(descriptor), signal.getsignal(signal.SIGWINCH)
    telling: set[asyncio.Task[None]] = set()

    def tell() -> None:
        task = loop.create_task(_resized(connection, os.get_terminal_size(descriptor)))
        telling.add(task)
        task.add_done_callback(telling.discard)

    tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        loop.add_signal_handler(signal.SIGWINCH, tell)
        tell()
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
        signal.signal(signal.SIGWINCH, handler)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _resized(connection: ClientConnection, size: os.terminal_size) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        await connection.send(_RESIZE + json.dumps({"Width": size.columns, "Height": size.lines}).encode())
