"""Time that several processes share: whoever sleeps moves it on for all."""

from __future__ import annotations

import mmap
import struct
import time
from datetime import datetime, timedelta
from pathlib import Path

from tests.faults.virtual import BEGIN

_FORM = struct.Struct("d")
_LET_OTHERS_S = 0.002
"""Who looks again and again gives others a turn."""


class SharedTime:
    """A clock in a file that each process maps: the sandbox's, and that of every hpctl that talks to it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FORM.pack(0.0))
        with path.open("r+b") as file:
            self._passed = mmap.mmap(file.fileno(), _FORM.size)
        self.path = path

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed_s)

    def sleep(self, seconds: float) -> None:
        self._set(self.passed_s + seconds)
        time.sleep(_LET_OTHERS_S)

    def jitter(self) -> float:
        return 0.5

    def reset(self, passed_s: float = 0.0) -> None:
        self._set(passed_s)

    @property
    def passed_s(self) -> float:
        return float(_FORM.unpack(self._passed[:])[0])

    def _set(self, passed_s: float) -> None:
        self._passed[:] = _FORM.pack(passed_s)
