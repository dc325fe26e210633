"""A pipe in memory, between the thread that packs files and the one that sends them."""

from __future__ import annotations

import io
from collections.abc import Callable
from threading import Condition
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MOST_BYTES: Final = 1024 * 1024
"""What may wait in it."""


class Conduit(io.RawIOBase):
    """Bytes from one thread to another: `write` and then `close` here, `read` and, for good, `stop` there.

    It has no file descriptor on purpose: who reads one may still do so when its number is somebody else's.
    """

    def __init__(self, passed: Callable[[int], None] = lambda _bytes: None) -> None:
        """Begin empty; `passed` is told how many bytes were taken out."""
        super().__init__()
        self._passed = passed
        self._waiting, self._changed = bytearray(), Condition()
        self._ended = self._stopped = False

    def readable(self) -> bool:
        """Tell that it is read from."""
        return True

    def writable(self) -> bool:
        """Tell that it is written to."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Add bytes; waits while too many do, and raises `BrokenPipeError` when nobody takes them any more."""
        told = bytes(data)
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._waiting) < _MOST_BYTES)
            if self._stopped:
                raise BrokenPipeError
            self._waiting += told
            self._changed.notify_all()
        return len(told)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; b"" at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._stopped)
            count = len(self._waiting) if size < 0 else min(size, len(self._waiting))
            told = bytes(self._waiting[:count])
            del self._waiting[:count]
            self._changed.notify_all()
        self._passed(len(told))
        return told

    def close(self) -> None:
        """Say that nothing more comes; what waits can still be read."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Take nothing more: whoever writes is told."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()
