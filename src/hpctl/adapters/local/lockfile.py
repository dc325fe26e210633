"""A lock that dies with its holder: flock on a file whose content says who that is."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from hpctl.adapters.local.private import in_words, make_folder, open_file
from hpctl.errors import LockedError
from hpctl.facts.ports import Clock
from hpctl.facts.records import Holder

_LOOKS: Final = 50
_LOOK_S: Final = 0.01
"""Between taking the lock and writing who took it lie a few milliseconds; half a second is plenty."""

_LONGEST: Final = 4096


@contextmanager
def locked(path: Path, what: str, clock: Clock) -> Iterator[Holder | None]:
    """Hold the lock in `path`; enters with the holder that died with it, if one did.

    Raises:
        LockedError: a living process holds it; the message names it and `what` it works on.
        StateError: the file cannot be made or written.
    """
    with in_words(path):
        make_folder(path.parent)
        descriptor = open_file(path, os.O_RDWR)
    try:
        with in_words(path):
            _take(descriptor, what, clock)
        try:
            with in_words(path):
                dead = _holder(descriptor)
                _sign(descriptor, Holder(os.getpid(), socket.gethostname(), clock.now()))
            yield dead
        finally:
            # What stays in the file locks nothing: the next one is told of a takeover, and that is all.
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, what: str, clock: Clock) -> None:
    for _look in range(_LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if holder := _holder(descriptor):
                who = f"process {holder.pid} on host `{holder.host}`, since {holder.since:%Y-%m-%dT%H:%M:%SZ}"
                raise LockedError(f"another hpctl works on {what}: {who}") from None
            clock.sleep(_LOOK_S)
        else:
            return
    raise LockedError(f"another hpctl works on {what}; its process cannot be told")


def _holder(descriptor: int) -> Holder | None:
    try:
        told = json.loads(os.pread(descriptor, _LONGEST, 0))
        return Holder(int(told["pid"]), str(told["host"]), datetime.fromisoformat(told["since"]))
    except (KeyError, TypeError, ValueError):  # nobody, or somebody who has not finished writing
        return None


def _sign(descriptor: int, holder: Holder) -> None:
    told = {"pid": holder.pid, "host": holder.host, "since": holder.since.isoformat()}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(told).encode(), 0)
    os.fsync(descriptor)
