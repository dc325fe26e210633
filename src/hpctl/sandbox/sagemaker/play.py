"""The stage on which a cluster's course is played: its clock, what is due, and everything that is there.

The same requests and the same faults give the same course, and nothing in it looks ahead: what was so at a moment
stays so when more time passes and more is asked. Distances are shares of a request's pace (the seconds of a whole
creation; 15 to 25 minutes at AWS).
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.cluster import Fault, Stage
from hpctl.sandbox.sagemaker.events import KEPT, Event
from hpctl.sandbox.sagemaker.faults import Injected, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.nodes import InstanceGroup, Node, ScriptLog
    from hpctl.sandbox.sagemaker.operations import Operation

_STAGES = {Kind.NO_CAPACITY: Stage.CAPACITY, Kind.EFA: Stage.EFA, Kind.LIFECYCLE: Stage.SCRIPTS}


class Conduct(Protocol):
    """How a cluster as a whole bears what happens to its nodes."""

    def begin(self, verb: str, number: int, moment: Moment) -> None:
        """A request that adds or removes nodes, or specifies groups, begins."""

    def release(self, nodes: list[Node], operation: str) -> None:
        """A request wants nodes to go."""

    def rose(self, node: Node) -> None:
        """A node runs, for the first time or again."""

    def failed(self, node: Node) -> None:
        """A node has failed to come up."""

    def settle(self) -> None:
        """Something has come to its end."""

    def stop(self) -> None:
        """The cluster is being deleted: nothing is pursued any more."""


class Play:
    """One cluster up to a moment; `injected` are the faults that somebody put in."""

    conduct: Conduct

    def __init__(self, cluster: Cluster, injected: Iterable[Injected] = ()) -> None:
        """Stand at the moment of the creation, with nothing done."""
        self.cluster = cluster
        self.injected = tuple(injected)
        self.request: dict[str, Any] = dict(cluster.request)
        self.now = cluster.created.at
        self.status: str | None = "Creating"
        self.failure: str | None = None
        self.groups: dict[str, InstanceGroup] = {}
        self.operations: list[Operation] = []
        self.events: list[Event] = []
        self.logs: list[ScriptLog] = []
        self._spent: dict[str, int] = {}
        self._order = count()
        self._due: list[tuple[datetime, int, int, Callable[[], None]]] = []

    def advance(self, until: datetime) -> None:
        """Go on to a moment, that moment included."""
        while self._due and self._due[0][0] <= until:
            self.now, _, _, act = heapq.heappop(self._due)
            act()
        self.now = max(self.now, until)

    @property
    def next_due(self) -> datetime | None:
        """When something happens next without anybody's doing, as far as is known now."""
        return self._due[0][0] if self._due else None

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Do something at a moment, or at once when that has passed."""
        self._enter(max(when, self.now), 0, act)

    def ask(self, when: datetime, act: Callable[[], None]) -> None:
        """Let a request come: what is due at its very moment has happened before."""
        self._enter(when, 1, act)

    def after(self, share: float, pace: float, act: Callable[[], None]) -> None:
        """Do something after a share of a pace."""
        self.at(self.now + timedelta(seconds=share * pace), act)

    def tell(
        self,
        description: str,
        *,
        group: str | None = None,
        node: Node | None = None,
        level: str = "Info",
        metadata: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> None:
        """Let an event happen: about a node, about a group, or about the cluster."""
        kind = "Instance" if node else "InstanceGroup" if group else "Cluster"
        name, instance = (node.seat.group, node.instance_id) if node else (group, None)
        self.events.append(
            Event(self.now, description, kind, name, instance, level, metadata or {}, operation),
        )

    def told(self, until: datetime) -> list[Event]:
        """Return the events up to a moment, oldest first: the newest of them, as many as AWS keeps."""
        return [event for event in self.events if event.at <= until][-KEPT:]

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes that are there, in the order of groups and seats."""
        for group in self.groups.values():
            yield from group.nodes

    def newest(self) -> Iterator[Node]:
        """Yield all nodes that are there, the newest first."""
        for group in reversed(self.groups.values()):
            yield from reversed(group.nodes)

    def seated(self, logical_ids: Iterable[str]) -> list[Node]:
        """Return the nodes that are there of these logical ids."""
        wanted = set(logical_ids)
        return [node for node in self.nodes() if node.seat.logical_id in wanted]

    def fault(self, node: Node, stage: Stage) -> Fault | None:
        """Return what strikes a node at a stage, and spend it."""
        own = node.run.fault
        if own is not None and own.stage is stage:
            return own
        for injected in self.injected:
            if _STAGES.get(injected.kind) is stage and self.spend(injected, node):
                return Fault(stage, self._words(injected.kind, node))
        return None

    def hardware_faults(self) -> Iterator[Injected]:
        """Yield the faults that strike nodes that run."""
        return (injected for injected in self.injected if injected.kind is Kind.HARDWARE)

    def spend(self, injected: Injected, node: Node) -> bool:
        """Whether an injected fault strikes a node now; if so, it has one strike less."""
        in_scope = injected.group in {None, node.seat.group} and (
            injected.node is None or injected.node in {node.seat.logical_id, node.instance_id}
        )
        spent = self._spent.get(injected.id, 0)
        is_spent = injected.count is not None and spent >= injected.count
        if self.now < injected.since or injected.is_over(self.now) or not in_scope or is_spent:
            return False
        self._spent[injected.id] = spent + 1
        return True

    def settle(self) -> None:
        """See what has come to its end."""
        self.conduct.settle()

    def _enter(self, when: datetime, turn: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, turn, next(self._order), act))

    def _words(self, kind: Kind, node: Node) -> str:
        match kind:
            case Kind.NO_CAPACITY if self.cluster.continuous:
                return wordings.NO_CAPACITY_YET.format(type=node.seat.instance_type)
            case Kind.NO_CAPACITY:
                return wordings.NO_CAPACITY
            case Kind.EFA:
                return wordings.EFA_HEALTH_CHECK
            case _:
                return wordings.SCRIPTS_FAILED
