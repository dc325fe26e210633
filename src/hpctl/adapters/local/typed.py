"""What is typed, on its way from a thread that waits for it to the event loop that sends it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, Final

BLOCK: Final = 32 * 1024
READ_AHEAD: Final = 4
"""Blocks of input that are held here until the connection takes them."""


class Typed:
    """Blocks of input on their way from the thread that waits for them to the loop that sends them."""

    def __init__(self, stdin: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        self._stdin, self._loop = stdin, loop
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self._places = threading.Semaphore(READ_AHEAD)

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
        return lambda: stdin.read(BLOCK)
    return lambda: os.read(descriptor, BLOCK)
