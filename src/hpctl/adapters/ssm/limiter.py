"""How often sessions may be started: three times a second an account and Region, over all processes of this machine.

AWS throttles beyond that. Who is about to start one takes the next free moment from a file, and waits for it; so the
order is that of asking, and many processes need not know each other. Accounts share the moments of a Region here:
which account it is would be a call of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Final

from hpctl.adapters.local.private import in_words, make_folder, open_file, records_home

AT_ONCE: Final = 3
WITHIN_S: Final = 1.05
"""A little more than a second: calls take unequally long to AWS."""

_FAR_S: Final = 600.0
"""A moment further ahead was written by a clock that has been set back since."""

_LONGEST: Final = 4096


def moment(taken: list[float], now_s: float) -> float:
    """Return the next free moment after those that are `taken`, which are in order."""
    if len(taken) < AT_ONCE:
        return max(now_s, *taken[-1:], 0.0)
    return max(now_s, taken[-1], taken[-AT_ONCE] + WITHIN_S)


class StartLimiter:
    """Waits until a session may be started in one Region."""

    def __init__(self, env: Mapping[str, str], wall: Callable[[], float] = time.time) -> None:
        """Keep the moments where hpctl's records are, which `env` says; `wall` is a clock that processes share."""
        self._env, self._wall = env, wall

    def seconds_to_wait(self, region: str) -> float:
        """Take the next free moment and return how far ahead it is; `StateError` when it cannot be written."""
        path = records_home(self._env) / "sessions" / f"{region}.starts"
        with in_words(path):
            make_folder(path.parent)
            descriptor = open_file(path, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                return self._take(descriptor)
            finally:
                os.close(descriptor)

    def _take(self, descriptor: int) -> float:
        now_s = self._wall()
        taken = [at_s for at_s in _read(descriptor) if at_s < now_s + _FAR_S]
        mine_s = moment(taken, now_s)
        kept = json.dumps([*taken, mine_s][-AT_ONCE:]).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, kept, 0)
        return max(0.0, mine_s - now_s)


def _read(descriptor: int) -> list[float]:
    """Return the moments that are taken; a file that a crash cut short holds none."""
    try:
        return sorted(float(at_s) for at_s in json.loads(os.pread(descriptor, _LONGEST, 0)))
    except (TypeError, ValueError):
        return []
