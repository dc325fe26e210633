"""HyperPod clusters in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from hpctl.errors import ConflictError, HpctlError, NotFoundError
from hpctl.facts.records import Cluster, ClusterSummary, Event, Live, Node, Operation
from tests.unit.builders import CLUSTER_ARN, a_cluster, a_live_group, a_summary
from tests.unit.fake_calls import CallLog, FakeClock


class FakeClusters:
    """HyperPod clusters. Events show from their time on; `play` scripts what describe answers, the last for ever."""

    def __init__(self, log: CallLog, clock: FakeClock) -> None:
        self._log = log
        self._clock = clock
        self._scripts: dict[str, deque[Cluster | HpctlError]] = {}
        self._lost: deque[HpctlError] = deque()
        self.known: dict[str, Cluster] = {}
        self.requests: dict[str, Mapping[str, object]] = {}
        self.worked: list[Operation] = []
        self.tags_of: dict[str, dict[str, str]] = {}
        self.nodes_of: dict[str, list[Node]] = {}
        self.nodes_in_full: dict[str, Node] = {}
        self.happened: list[Event] = []
        self.failure_messages: dict[str, str] = {}

    def add(self, cluster: Cluster, **tags: str) -> None:
        self.known[cluster.name] = cluster
        self.tags_of[cluster.arn] = tags

    def play(self, *answers: Cluster | HpctlError, name: str = "ml-cluster") -> None:
        self._scripts[name] = deque(answers)

    def lose_answer(self, error: HpctlError) -> None:
        """Carry out the next create or delete, and raise `error` instead of its answer."""
        self._lost.append(error)

    def create(self, request: Mapping[str, Any]) -> str:
        self._log.record("clusters.create", request)
        name = request["ClusterName"]
        if name in self.known:
            raise ConflictError(f"a cluster named `{name}` exists already", hint="AWS's own hint")
        self.add(a_cluster("Creating", a_live_group(current=0), name=name))
        self.tags_of[CLUSTER_ARN] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self.requests[name] = {member: value for member, value in request.items() if member != "Tags"}
        self._answer_may_be_lost()
        return CLUSTER_ARN

    def delete(self, name: str) -> None:
        self._log.record("clusters.delete", name)
        cluster = self._found(name)
        if cluster.status in ("Creating", "Deleting"):
            raise ConflictError(f"cluster `{name}` is {cluster.status}")
        self.known[cluster.name] = replace(cluster, status="Deleting")
        self._answer_may_be_lost()

    def live(self, name: str) -> Live:
        cluster = self.describe(name)
        return Live(cluster, self.requests.get(cluster.name, {}))

    def update(self, request: Mapping[str, Any]) -> None:
        self._log.record("clusters.update", request)
        name = self._found(request["ClusterName"]).name
        self.requests[name] = updated(request, self.requests.get(name, {}))
        self._answer_may_be_lost()

    def update_software(self, request: Mapping[str, Any]) -> None:
        self._log.record("clusters.update_software", request)
        self._found(request["ClusterName"])
        self._answer_may_be_lost()

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        self._log.record("clusters.add_tags", arn, dict(tags))
        self.tags_of[arn] |= tags
        self._answer_may_be_lost()

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        gone = tuple(keys)
        self._log.record("clusters.remove_tags", arn, gone)
        self.tags_of[arn] = {key: value for key, value in self.tags_of[arn].items() if key not in gone}
        self._answer_may_be_lost()

    def operations(self, name: str, *, since: datetime | None = None) -> Iterator[Operation]:
        self._log.record("clusters.operations", name, since)
        for operation in sorted(self.worked, key=lambda one: one.created_at, reverse=True):
            if since is None or operation.created_at > since:
                yield replace(operation, scalings=())

    def operation(self, name: str, operation_id: str) -> Operation:
        self._log.record("clusters.operation", name, operation_id)
        for operation in self.worked:
            if operation.operation_id == operation_id:
                return operation
        raise NotFoundError(f"there is no operation `{operation_id}`")

    def work(self, operation: Operation) -> None:
        """Let there be an operation, or one that there is be in another status."""
        others = [one for one in self.worked if one.operation_id != operation.operation_id]
        self.worked = [*others, operation]

    def describe(self, name: str) -> Cluster:
        self._log.record("clusters.describe", name)
        script = self._scripts.get(self._named(name))
        if not script:
            return self._found(name)
        answer = script.popleft() if len(script) > 1 else script[0]
        if isinstance(answer, HpctlError):
            raise answer
        return answer

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        self._log.record("clusters.summaries", name_contains)
        for cluster in self.known.values():
            if (name_contains or "") in cluster.name:
                yield a_summary(cluster.name, arn=cluster.arn, status=cluster.status)

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        self._log.record("clusters.nodes", name, instance_group)
        self._found(name)
        for node in self.nodes_of.get(self._named(name), ()):
            if instance_group in (None, node.instance_group):
                yield node

    def node(self, name: str, node_id: str) -> Node:
        self._log.record("clusters.node", name, node_id)
        if node_id not in self.nodes_in_full:
            raise NotFoundError(f"there is no node `{node_id}`")
        return self.nodes_in_full[node_id]

    def events(
        self,
        name: str,
        *,
        since: datetime | None = None,
        instance_group: str | None = None,
        node_id: str | None = None,
    ) -> Iterator[Event]:
        self._log.record("clusters.events", name, since, *filter(None, (instance_group, node_id)))
        for event in sorted(self.happened, key=lambda one: one.time, reverse=True):
            if instance_group not in (None, event.instance_group) or node_id not in (None, event.node_id):
                continue
            if event.time <= self._clock.now() and (since is None or event.time > since):
                yield event

    def event(self, name: str, event_id: str) -> Event:
        self._log.record("clusters.event", name, event_id)
        event = next(one for one in self.happened if one.event_id == event_id)
        return replace(event, failure_message=self.failure_messages.get(event_id))

    def tags(self, arn: str) -> dict[str, str]:
        self._log.record("clusters.tags", arn)
        return self.tags_of[arn]

    def _named(self, name: str) -> str:
        return next((cluster.name for cluster in self.known.values() if cluster.arn == name), name)

    def _found(self, name: str) -> Cluster:
        if (named := self._named(name)) in self.known:
            return self.known[named]
        raise NotFoundError(f"there is no cluster `{name}`")

    def _answer_may_be_lost(self) -> None:
        if self._lost:
            raise self._lost.popleft()


def updated(update: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """What an UpdateCluster makes of a cluster: the groups that it lists are given anew, others stay."""
    gone = update.get("InstanceGroupsToDelete", ())
    apart = ("ClusterName", "InstanceGroups", "InstanceGroupsToDelete")
    groups = {
        group["InstanceGroupName"]: group
        for group in (*live.get("InstanceGroups", ()), *update.get("InstanceGroups", ()))
    }
    others = {member: value for member, value in update.items() if member not in apart}
    return {**live, **others, "InstanceGroups": [group for name, group in groups.items() if name not in gone]}
