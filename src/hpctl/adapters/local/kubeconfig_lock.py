"""The lock that kubectl takes before it writes a kubeconfig: a file beside it that only one program can make.

Source: client-go `tools/clientcmd` (`lockFile`): `<file>.lock`, created exclusively, removed afterwards. kubectl gives
up at once when it is there; hpctl waits. Nobody's lock is ever taken over: two programs that both find a lock stale
would both remove it, the second one the first one's new lock.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hpctl import timeouts
from hpctl.errors import LockedError
from hpctl.facts.ports import Clock
from hpctl.facts.records import Holder

_LOOK_S: Final = 0.02
_LONGEST: Final = 4096

Sighting = tuple[int, int]
"""What tells one lock from the next of the same name: inode and time of making."""


@contextmanager
def locked(paths: Iterable[Path], clock: Clock) -> Iterator[None]:
    """Hold the locks of kubeconfig files, taken in the order of their names as kubectl does.

    Raises:
        LockedError: one of them was held by the same program for too long, or by too many in turn.
        OSError: a lock cannot be made.
    """
    with ExitStack() as held:
        for path in sorted({lock for one in paths for lock in _locks(one)}):
            held.enter_context(_one(path, clock))
        yield


def _locks(path: Path) -> set[Path]:
    """Name the lock of a file, and of what it is a link to: whoever writes goes by one name or the other."""
    return {one.with_name(f"{one.name}.lock") for one in (path, Path(os.path.realpath(path)))}


@contextmanager
def _one(lock: Path, clock: Clock) -> Iterator[None]:
    _take(lock, clock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _take(lock: Path, clock: Clock) -> None:
    began = clock.now()
    seen, seen_since = None, began
    while not _make(lock, clock):
        sighting, now = _sighting(lock), clock.now()
        if sighting is not None and _dead(lock) and sighting == _sighting(lock):
            raise _refusal(lock, "by a process that is gone")
        if sighting != seen:
            seen, seen_since = sighting, now
        if (now - seen_since).total_seconds() >= timeouts.KUBECONFIG_LOCK_S:
            raise _refusal(lock, f"for {timeouts.KUBECONFIG_LOCK_S:.0f} seconds")
        if (now - began).total_seconds() >= timeouts.KUBECONFIG_QUEUE_S:
            raise _refusal(lock, f"by one program after another for {timeouts.KUBECONFIG_QUEUE_S:.0f} seconds")
        clock.sleep(_LOOK_S * (1 + clock.jitter()))


def _make(lock: Path, clock: Clock) -> bool:
    try:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    try:
        told = {"pid": os.getpid(), "host": socket.gethostname(), "since": clock.now().isoformat()}
        with suppress(OSError):  # on a full disk the lock holds all the same: nobody reads in it who has it
            os.write(descriptor, json.dumps(told).encode())
    finally:
        os.close(descriptor)
    return True


def _sighting(lock: Path) -> Sighting | None:
    try:
        found = lock.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _holder(lock: Path) -> Holder | None:
    """Read who holds it; kubectl does not say."""
    try:
        told = json.loads(lock.read_bytes()[:_LONGEST])
        return Holder(int(told["pid"]), str(told["host"]), datetime.fromisoformat(told["since"]))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _dead(lock: Path) -> bool:
    holder = _holder(lock)
    if holder is None or holder.host != socket.gethostname():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _refusal(lock: Path, how_long: str) -> LockedError:
    holder = _holder(lock)
    who = f"process {holder.pid} on host `{holder.host}`" if holder else "a program that does not say who it is"
    try:
        since = datetime.fromtimestamp(lock.stat().st_mtime, UTC)
        made = f"; `{lock}` was made by {who} at {since:%Y-%m-%dT%H:%M:%SZ}"
    except OSError:
        made = ""
    return LockedError(
        f"the kubeconfig `{lock.with_suffix('')}` is locked {how_long}{made}",
        hint=f"if no program writes it any more, remove the lock: rm {lock}",
    )
