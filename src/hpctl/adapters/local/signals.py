"""Ctrl-C and SIGTERM of this process: the port `facts.ports.Signals`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

FINISHING: Final = "finishing the step that is under way; once more to leave at once"

Action = Callable[[int, FrameType | None], object] | int | None

_HELD: Final = (signal.SIGINT, signal.SIGTERM)


class ProcessSignals:
    """The signals that the process gets; what they mean outside a step is not this class's business."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        """Tell a person through `notify`, which is called between any two instructions."""
        self._notify = notify

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let a first signal take effect at the end of the `with` only; the second leaves at once."""
        if threading.current_thread() is not threading.main_thread():  # signals reach the main thread alone
            yield
            return
        hold = _Hold(self._notify)
        hold.begin()
        try:
            yield
        finally:
            hold.end()  # also when the step failed: its error is the context of what this may raise


class _Hold:
    """Stands in for what the process does on signals, and remembers those that come."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._before: dict[int, Action] = {int(number): signal.getsignal(number) for number in _HELD}
        self._came: list[int] = []

    def begin(self) -> None:
        for number, action in self._before.items():
            if action not in (signal.SIG_IGN, None):  # what was started deaf stays deaf
                signal.signal(number, self._hear)

    def end(self) -> None:
        for number, action in self._before.items():
            if action is not None:
                signal.signal(number, action)
        if self._came:
            self._obey(self._came[-1], None)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._came.append(number)
        if len(self._came) > 1:
            self._obey(number, frame)
        self._notify(FINISHING)

    def _obey(self, number: int, frame: FrameType | None) -> None:
        action = self._before[number]
        if callable(action):
            action(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
