"""The ports in memory: they answer what a test put in, log every call and fail on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hpctl.errors import ConflictError, HpctlError, NotFoundError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, ClusterSummary, EksCluster, Event, Identity, Node, SecurityGroup, Subnet
from hpctl.facts.world import World
from tests.unit.builders import (
    CLUSTER_ARN,
    NOW,
    REGION,
    a_cluster,
    a_live_group,
    a_security_group,
    a_subnet,
    a_summary,
    an_eks_cluster,
    an_identity,
)


class CallLog:
    """What was asked, in order, and the errors that a test wants instead of an answer."""

    def __init__(self) -> None:
        self.made: list[tuple[object, ...]] = []
        self._once: dict[str, deque[HpctlError]] = {}
        self._always: dict[str, HpctlError] = {}

    def fail(self, operation: str, *errors: HpctlError) -> None:
        """Raise `errors` in turn on the next calls of `operation`, then answer again."""
        self._once.setdefault(operation, deque()).extend(errors)

    def fail_always(self, operation: str, error: HpctlError) -> None:
        """Raise `error` on every call of `operation`."""
        self._always[operation] = error

    def of(self, operation: str) -> list[tuple[object, ...]]:
        """Return the arguments of every call of `operation`."""
        return [call[1:] for call in self.made if call[0] == operation]

    @property
    def operations(self) -> list[object]:
        """The operations called, in order."""
        return [call[0] for call in self.made]

    def record(self, operation: str, *arguments: object) -> None:
        self.made.append((operation, *arguments))
        if waiting := self._once.get(operation):
            raise waiting.popleft()
        if operation in self._always:
            raise self._always[operation]


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = NOW

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)


class FakeClusters:
    """HyperPod clusters. Events show from their time on; `play` scripts what describe answers, the last for ever."""

    def __init__(self, log: CallLog, clock: FakeClock) -> None:
        self._log = log
        self._clock = clock
        self._scripts: dict[str, deque[Cluster | HpctlError]] = {}
        self._lost: deque[HpctlError] = deque()
        self.live: dict[str, Cluster] = {}
        self.tags_of: dict[str, dict[str, str]] = {}
        self.nodes_of: dict[str, list[Node]] = {}
        self.nodes_in_full: dict[str, Node] = {}
        self.happened: list[Event] = []
        self.failure_messages: dict[str, str] = {}

    def add(self, cluster: Cluster, **tags: str) -> None:
        self.live[cluster.name] = cluster
        self.tags_of[cluster.arn] = tags

    def play(self, *answers: Cluster | HpctlError, name: str = "ml-cluster") -> None:
        self._scripts[name] = deque(answers)

    def lose_answer(self, error: HpctlError) -> None:
        """Carry out the next create or delete, and raise `error` instead of its answer."""
        self._lost.append(error)

    def create(self, request: Mapping[str, Any]) -> str:
        self._log.record("clusters.create", request)
        name = request["ClusterName"]
        if name in self.live:
            raise ConflictError(f"a cluster named `{name}` exists already", hint="AWS's own hint")
        self.add(a_cluster("Creating", a_live_group(current=0), name=name))
        self.tags_of[CLUSTER_ARN] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self._answer_may_be_lost()
        return CLUSTER_ARN

    def delete(self, name: str) -> None:
        self._log.record("clusters.delete", name)
        cluster = self._found(name)
        if cluster.status in ("Creating", "Deleting"):
            raise ConflictError(f"cluster `{name}` is {cluster.status}")
        self.live[name] = replace(cluster, status="Deleting")
        self._answer_may_be_lost()

    def describe(self, name: str) -> Cluster:
        self._log.record("clusters.describe", name)
        script = self._scripts.get(name)
        if not script:
            return self._found(name)
        answer = script.popleft() if len(script) > 1 else script[0]
        if isinstance(answer, HpctlError):
            raise answer
        return answer

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        self._log.record("clusters.summaries", name_contains)
        for cluster in self.live.values():
            if (name_contains or "") in cluster.name:
                yield a_summary(cluster.name, arn=cluster.arn, status=cluster.status)

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        self._log.record("clusters.nodes", name, instance_group)
        self._found(name)
        for node in self.nodes_of.get(name, ()):
            if instance_group in (None, node.instance_group):
                yield node

    def node(self, name: str, node_id: str) -> Node:
        self._log.record("clusters.node", name, node_id)
        if node_id not in self.nodes_in_full:
            raise NotFoundError(f"there is no node `{node_id}`")
        return self.nodes_in_full[node_id]

    def events(self, name: str, *, since: datetime | None = None) -> Iterator[Event]:
        self._log.record("clusters.events", name, since)
        for event in sorted(self.happened, key=lambda one: one.time, reverse=True):
            if event.time <= self._clock.now() and (since is None or event.time > since):
                yield event

    def event(self, name: str, event_id: str) -> Event:
        self._log.record("clusters.event", name, event_id)
        event = next(one for one in self.happened if one.event_id == event_id)
        return replace(event, failure_message=self.failure_messages.get(event_id))

    def tags(self, arn: str) -> dict[str, str]:
        self._log.record("clusters.tags", arn)
        return self.tags_of[arn]

    def _found(self, name: str) -> Cluster:
        for cluster in self.live.values():
            if name in (cluster.name, cluster.arn):
                return cluster
        raise NotFoundError(f"there is no cluster `{name}`")

    def _answer_may_be_lost(self) -> None:
        if self._lost:
            raise self._lost.popleft()


class FakeNetwork:
    """Subnets and security groups."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_subnets = [a_subnet()]
        self.known_groups = [a_security_group()]

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        wanted = tuple(subnet_ids)
        self._log.record("network.subnets", wanted)
        return tuple(row for row in self.known_subnets if row.subnet_id in wanted)

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        wanted = tuple(group_ids)
        self._log.record("network.security_groups", wanted)
        return tuple(row for row in self.known_groups if row.group_id in wanted)


class FakeEks:
    """EKS clusters."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known = [an_eks_cluster()]

    def describe(self, name: str) -> EksCluster:
        self._log.record("eks.describe", name)
        for cluster in self.known:
            if cluster.name == name:
                return cluster
        raise NotFoundError(f"there is no EKS cluster `{name}`")


class FakeCaller:
    """The one who calls."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.who = an_identity()

    def identity(self) -> Identity:
        self._log.record("caller.identity")
        return self.who


class FakeAccount:
    """One of each, over one call log and one clock: the account of a test."""

    def __init__(self) -> None:
        self.calls = CallLog()
        self.clock = FakeClock()
        self.clusters = FakeClusters(self.calls, self.clock)
        self.network = FakeNetwork(self.calls)
        self.eks = FakeEks(self.calls)
        self.caller = FakeCaller(self.calls)
        self.ports = Ports(self.clusters, self.network, self.eks, self.caller, self.clock, REGION)
        self.world = World(self.ports)

    def holding(self, *rows: Subnet | SecurityGroup | EksCluster) -> FakeAccount:
        """Put `rows` in place of the account's own of the same kind."""
        for kind in {type(row) for row in rows}:
            same = [row for row in rows if isinstance(row, kind)]
            place = {Subnet: "known_subnets", SecurityGroup: "known_groups"}.get(kind)
            setattr(self.network if place else self.eks, place or "known", same)
        return self
