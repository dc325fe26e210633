"""An event loop whose clock jumps to the next timer: hours pass at once, and no socket is opened."""

from __future__ import annotations

import asyncio
from asyncio import base_events
from typing import Any


class VirtualLoop(base_events.BaseEventLoop):
    """Waits for nothing but its own timers; `DeadlockError` when there is none and somebody still waits."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0
        self._selector = self

    def time(self) -> float:
        return self._seconds

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise DeadlockError
        self._seconds += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector that would have to be woken."""

    def let_pass(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        self.run_until_complete(asyncio.sleep(seconds))


class DeadlockError(Exception):
    """Everybody waits, and nothing will ever happen."""
