"""Forward ports of this machine to a node, or to a host that the node reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import BoundedSemaphore, Thread
from typing import Final

from hpctl.errors import HpctlError, UsageError
from hpctl.facts.listener_ports import Listener
from hpctl.facts.session_ports import Sessions, Target, Tunnel
from hpctl.services.node_tunnel import join

_AT_ONCE: Final = 64
"""Connections that are open at the same time; further ones wait for their turn, each being a session of its own."""

_WAY: Final = re.compile(r"(?:(?P<local>\d{0,5}):)?(?P<remote>\d{1,5})", re.ASCII)
_HIGHEST: Final = 65_535


@dataclass(frozen=True, slots=True)
class Way:
    """A port here (0 for any free one) and one there."""

    local: int
    remote: int


@dataclass(frozen=True, slots=True)
class Goal:
    """Where connections are made: on a node, or from it to a host."""

    node: Target
    port: int
    host: str = ""

    def __str__(self) -> str:
        """Return it as a person writes it."""
        return f"{self.host or self.node.instance_id}:{self.port}"


def ways_of(words: Sequence[str]) -> tuple[Way, ...]:
    """Read `[LOCAL:]REMOTE` words; `UsageError` for the first that is none."""
    return tuple(_way_of(word) for word in words)


def forward(listeners: Sequence[tuple[Listener, Goal]], sessions: Sessions, tell: Callable[[str], None]) -> None:
    """Serve every listener, each in a thread, and return at once.

    A connection that cannot be made on the node is closed, and `tell` says why; the others go on.
    """
    places = BoundedSemaphore(_AT_ONCE)
    for listener, goal in listeners:
        Thread(target=_serve, args=(listener, goal, sessions, places, tell), daemon=True).start()


def _serve(
    listener: Listener, goal: Goal, sessions: Sessions, places: BoundedSemaphore, tell: Callable[[str], None]
) -> None:
    for connection in listener.connections():
        places.acquire()
        Thread(target=_carry, args=(connection, goal, sessions, places, tell), daemon=True).start()


def _carry(
    connection: AbstractContextManager[Tunnel],
    goal: Goal,
    sessions: Sessions,
    places: BoundedSemaphore,
    tell: Callable[[str], None],
) -> None:
    try:
        with connection as near, sessions.tunnel(goal.node, goal.port, host=goal.host) as far:
            join(near, far)
    except HpctlError as error:
        tell(f"a connection to {goal} ended: {error.message}")
    finally:
        places.release()


def _way_of(word: str) -> Way:
    found = _WAY.fullmatch(word)
    local, remote = (found["local"], int(found["remote"])) if found else (None, 0)
    here = remote if local is None else int(local or 0)
    if not found or not 0 < remote <= _HIGHEST or here > _HIGHEST:
        raise UsageError(
            f"`{word}` is no port to forward", hint="REMOTE or LOCAL:REMOTE, from 1 to 65535; 0:REMOTE for a free one"
        )
    return Way(here, remote)
