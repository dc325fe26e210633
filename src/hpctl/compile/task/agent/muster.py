"""Where a task of several nodes is: what each has reported, and what all are to do next. No sockets, no clock.

SkyPilot's barriers (facts of 0.14.1): all nodes are up, then `setup` on all, then `run` on all; the first script that
fails ends the others; nobody leaves before everybody has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .wire import Message

    Sent = tuple[int, Message]

PHASES = ("start", "setup", "run")
KILLED = 137
"""How a node's script is recorded that was ended because another's failed."""


class Node:
    """What is known of one node; `boot` is one life of its pod, `gone` since when it has not been heard."""

    def __init__(self, hello: Message) -> None:
        self.boot = str(hello["boot"])
        self.ip = str(hello["ip"])
        self.key = str(hello["key"])
        self.codes: dict[str, int] = {}
        self.gone: float | None = None


class Muster:
    """The state of a task. Every method returns what is to be sent, by rank."""

    def __init__(self, nodes: int, grace_s: float) -> None:
        self._nodes, self._grace_s = nodes, grace_s
        self._found: dict[int, Node] = {}
        self._phase = "start"
        self._order: Message | None = None

    @property
    def over(self) -> bool:
        """Whether all have been told to leave."""
        return self._order is not None and self._order["order"] in ("stop", "end")

    @property
    def missing(self) -> list[int]:
        """The ranks that are not there, or not at present."""
        there = {rank for rank, node in self._found.items() if node.gone is None}
        return [rank for rank in range(self._nodes) if rank not in there]

    @property
    def strangers(self) -> bool:
        """Whether a node has never been there."""
        return len(self._found) < self._nodes

    @property
    def phase(self) -> str:
        """What is under way: one of PHASES."""
        return self._phase

    def join(self, rank: int, hello: Message) -> list[Sent]:
        """Take a node in, or take it back after a broken connection."""
        before = self._found.get(rank)
        if before is not None and before.boot != hello["boot"] and self._phase != "start":
            # Another pod took its place: what the scripts had done there is gone.
            return self._fail(rank, "lost", KILLED)
        if before is None or before.boot != hello["boot"]:
            self._found[rank] = Node(hello)
        self._found[rank].gone = None
        self._found[rank].codes.update(hello["codes"])
        ahead = [(rank, self._order)] if self._order is not None else []
        return ahead + self._advance()

    def leave(self, rank: int, now: float) -> None:
        """Note that a node is not heard any more."""
        if rank in self._found:
            self._found[rank].gone = now

    def report(self, rank: int, phase: str, code: int) -> list[Sent]:
        """Note how a node's script ended."""
        self._found[rank].codes[phase] = code
        return self._advance()

    def look(self, now: float) -> list[Sent]:
        """Give up on a node that stays away."""
        for rank, node in sorted(self._found.items()):
            if node.gone is not None and now - node.gone > self._grace_s and not self.over:
                return self._fail(rank, "lost", KILLED)
        return []

    def _advance(self) -> list[Sent]:
        for phase in PHASES:
            for rank, node in sorted(self._found.items()):
                if node.codes.get(phase, 0) != 0 and not self.over:
                    return self._fail(rank, phase, node.codes[phase])
        if self.over or len(self._found) < self._nodes:
            return []
        if self._phase != "start" and any(self._phase not in node.codes for node in self._found.values()):
            return []
        return self._next()

    def _next(self) -> list[Sent]:
        if self._phase == "start":
            nodes = [self._found[rank] for rank in range(self._nodes)]
            told = {"order": "setup", "ips": [node.ip for node in nodes], "keys": [node.key for node in nodes]}
            return self._go("setup", told)
        if self._phase == "setup":
            return self._go("run", {"order": "run"})
        return self._go("run", {"order": "end"})

    def _fail(self, rank: int, phase: str, code: int) -> list[Sent]:
        return self._go(self._phase, {"order": "stop", "rank": rank, "phase": phase, "exit": code})

    def _go(self, phase: str, order: Message) -> list[Sent]:
        self._phase, self._order = phase, order
        return [(rank, order) for rank in sorted(self._found)]
