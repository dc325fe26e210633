"""The moment a request happens at, and how fast its consequences come.

The gateway sets the moment around every request; a request replayed from the journal happens at the
moment it was recorded. So nothing in the sandbox reads the wall clock on its own, and what a cluster
looks like is a function of its dated requests.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True)
class Moment:
    """When a request happens (UTC), and the seconds that a whole cluster creation takes from then on."""

    at: datetime
    pace: float


_current: ContextVar[Moment] = ContextVar("moment")


def moment() -> Moment:
    """Return the moment of the request being answered; LookupError outside of one."""
    return _current.get()


@contextmanager
def happening(now: Moment) -> Iterator[None]:
    """Answer requests as of this moment."""
    token = _current.set(now)
    try:
        yield
    finally:
        _current.reset(token)
