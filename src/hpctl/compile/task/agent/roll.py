"""Which ranks of a training are there, and which one has failed. No sockets, no clock.

Nobody waits for anybody here: ranks meet in their own rendezvous. But a rank that fails leaves the others in a
collective that never ends, or ends by its own limit much later: they are told to stop. Where failed ranks are started
again, all are so together, for one alone would meet what is left of the old rendezvous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .muster import KILLED

if TYPE_CHECKING:
    from .wire import Message

    Sent = tuple[int, Message]

AWAY = "away"
"""What a rank reports that leaves without having failed for good: it was told to end, or is started again."""
ENDS, RESTARTS = "ends", "restarts"
"""What becomes of a rank that fails: its end is that of the job, or all are started again. Else nobody is stopped."""
HEARD: Message = {"order": "heard"}
NOTED: Message = {"order": "noted"}


class Roll:
    """The state of a training. Every method returns what is to be sent, by rank, as a muster's methods do."""

    def __init__(self, nodes: int, failure: str, grace_s: float) -> None:
        self._nodes, self._failure, self._grace_s = nodes, failure, grace_s
        self._boots: dict[int, str] = {}
        # By rank since when it has not been heard; None while it is there.
        self._gone: dict[int, float | None] = {}
        self._left: set[int] = set()
        self._order: Message | None = None

    @property
    def over(self) -> bool:
        """Whether the others have been told that one has failed, or that the first has ended well."""
        return self._order is not None

    @property
    def missing(self) -> list[int]:
        """The ranks that somebody waits for: there are none."""
        return []

    @property
    def strangers(self) -> bool:
        """Whether a rank that has never been there would have to hear of a failure."""
        return self._order is not None and self._order["order"] == "stop" and len(self._gone) < self._nodes

    def join(self, rank: int, hello: Message) -> list[Sent]:
        """Take a rank in, or take it back after a broken connection, or in another life."""
        anew = self._boots.get(rank, hello["boot"]) != hello["boot"]
        silently = anew and rank not in self._left and self._failure == RESTARTS
        self._boots[rank], self._gone[rank] = str(hello["boot"]), None
        self._left.discard(rank)
        if self._order is not None:
            # One that is started again already waits for the others to be.
            return [] if anew and self._failure == RESTARTS else [(rank, self._order)]
        sent = [(rank, HEARD)] if rank else []
        if len(self._gone) == self._nodes:
            sent.append((0, HEARD))
        if silently:
            sent += self._fail(rank, "lost", KILLED)
        for phase, code in hello["codes"].items():
            sent += self.report(rank, phase, int(code))
        return sent

    def leave(self, rank: int, now: float) -> None:
        """Note that a rank is not heard any more."""
        if rank in self._gone:
            self._gone[rank] = now

    def report(self, rank: int, phase: str, code: int) -> list[Sent]:
        """Note how a rank ended; the answer to itself comes after what the others are told."""
        if self._order is None and phase != AWAY and code:
            return [*self._fail(rank, phase, code), (rank, NOTED)]
        self._left.add(rank)
        told: list[Sent] = []
        if self._order is None and rank == 0:
            # Nobody hears the others from now on; a first rank that is only away comes back.
            farewell: Message = {"order": AWAY if phase == AWAY else "end"}
            told = self._to_others(farewell)
            self._order = None if phase == AWAY else farewell
        return [*told, (rank, NOTED)]

    def look(self, now: float) -> list[Sent]:
        """Give up on a rank that was there, did not say that it leaves, and stays away."""
        for rank, since in sorted(self._gone.items()):
            away = since is not None and now - since > self._grace_s and rank not in self._left
            if away and self._failure == ENDS and not self.over:
                return self._fail(rank, "lost", KILLED)
        return []

    def _fail(self, rank: int, phase: str, code: int) -> list[Sent]:
        self._order = {"order": "stop", "rank": rank, "phase": phase, "exit": code}
        return [(each, self._order) for each in sorted(self._gone) if each != rank]

    def _to_others(self, message: Message) -> list[Sent]:
        return [(each, message) for each in sorted(self._gone) if each]
