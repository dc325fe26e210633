"""The account as it was: what all services held at earlier moments, so that a read can answer as of then.

moto's backends are plain objects, so pickling all of them at once keeps what they hold of each other; a seeded
account is some 60 kB, and comes and goes within milliseconds. The course of a cluster is not kept: it is played
anew from the requests whenever it is missing.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.sagemaker.play import Play

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHANGES_KEPT = 100

_Held = list[tuple[str, str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """What the services held at a moment, to be brought back any number of times."""

    services: tuple[BackendDict[Any], ...]
    held: bytes

    @classmethod
    def take(cls) -> Snapshot:
        """Keep what all services hold now."""
        services = tuple(_in_use())
        held = io.BytesIO()
        _Keeper(held).dump([list(service.iter_backends()) for service in services])
        return cls(services, held.getvalue())

    def restore(self) -> None:
        """Let all services hold what they held then; those that were not in use hold nothing."""
        held: list[_Held] = _Finder(io.BytesIO(self.held)).load()
        _empty()
        for service, backends in zip(self.services, held, strict=True):
            _fill(service, backends)


class _Keeper(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        return "a course" if isinstance(obj, Play) else None


class _Finder(pickle.Unpickler):
    """Reads what this process has written."""

    def persistent_load(self, _: object) -> None:
        return None


class Past:
    """The account before each of its latest changes."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._before: deque[tuple[Moment, Snapshot]] = deque(maxlen=_CHANGES_KEPT)

    def keep(self, now: Moment) -> None:
        """Keep the account as it is, before a change at this moment."""
        self._before.append((now, Snapshot.take()))

    def before_change(self, now: Moment) -> tuple[Moment, Snapshot | None]:
        """Return the moment of the last change and the account before it; now, and None, when none is kept."""
        return self._before[-1] if self._before else (now, None)

    def ago(self, now: Moment, lag_s: float) -> tuple[Moment, Snapshot | None]:
        """Return the moment so many seconds ago and the account at it, None when it has not changed since."""
        then = Moment(now.at - timedelta(seconds=lag_s), now.pace)
        return then, next((snapshot for moment, snapshot in self._before if moment.at > then.at), None)


@contextmanager
def as_of(snapshot: Snapshot | None) -> Iterator[None]:
    """Let all services hold for a while what they held then, or copies of what they hold.

    Copies, since a look brings the account up to the moment of the look: an earlier one must not undo a later.
    """
    snapshot = snapshot or Snapshot.take()
    now = [(service, list(service.iter_backends())) for service in _in_use()]
    snapshot.restore()
    try:
        yield
    finally:
        _empty()
        for service, backends in now:
            _fill(service, backends)


def _in_use() -> list[BackendDict[Any]]:
    # moto's own list, which it resets by.
    found: list[BackendDict[Any]] = vars(BackendDict)["_instances"]
    return found


def _empty() -> None:
    for service in _in_use():
        for regions in service.values():
            regions.clear()


def _fill(service: BackendDict[Any], backends: _Held) -> None:
    for account, region, backend in backends:
        service[account][region] = backend
