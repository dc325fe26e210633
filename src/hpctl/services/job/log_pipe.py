"""Between the threads that read and the one that shows: so much may wait, and no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Condition
from typing import Final

from hpctl.errors import HpctlError
from hpctl.report.logs import LogLines, LogStep

_MOST_BYTES: Final = 8 * 1024 * 1024
"""What waits to be shown: a reader that is slow makes the network wait, and with it the server."""
_OVERHEAD: Final = 120
"""Bytes of memory that a line takes beside its text."""


class Closed(Exception):  # noqa: N818  no error: nobody wants the rest
    """Nobody takes anything any more."""


class Pipe:
    """Steps from many threads to one."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._steps: deque[tuple[LogStep, int]] = deque()
        self._bytes = 0
        self._changed = Condition()
        self._ended = False
        self._closed = False
        self._error: HpctlError | None = None

    def put(self, step: LogStep) -> None:
        """Add a step; waits while too much does, and raises `Closed` when it is in vain."""
        size = sum(map(len, step.lines)) + _OVERHEAD * len(step.lines) if isinstance(step, LogLines) else _OVERHEAD
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._bytes == 0 or self._bytes + size <= _MOST_BYTES)
            if self._closed:
                raise Closed
            self._steps.append((step, size))
            self._bytes += size
            self._changed.notify_all()

    def end(self, error: HpctlError | None = None) -> None:
        """Say that nothing more comes, and with which error if that is why."""
        with self._changed:
            self._ended = True
            self._error = self._error or error
            self._changed.notify_all()

    def remember(self, error: HpctlError) -> None:
        """Let `steps` raise this error when everything else was told."""
        with self._changed:
            self._error = self._error or error

    def close(self) -> None:
        """Take nothing any more."""
        with self._changed:
            self._closed = True
            self._steps.clear()
            self._changed.notify_all()

    def steps(self) -> Iterator[LogStep]:
        """Yield what comes until it ends; raises the error that it ended with."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._steps or self._ended)
                if not self._steps:
                    if self._error:
                        raise self._error
                    return
                step, size = self._steps.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield step
