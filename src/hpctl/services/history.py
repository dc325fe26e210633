"""What happened to a cluster that publishes no events, as far as its times and statuses tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.incidents import UNHEALTHY
from hpctl.facts.ports import Clusters, Ports
from hpctl.facts.records import Cluster, Event, InstanceGroup, Node, Operation
from hpctl.terms import ClusterStatus

DERIVED = (
    "AWS publishes events of clusters with `node_provisioning: Continuous` alone; these lines are derived from times "
    "and statuses, and tell no causes between them"
)

OPERATIONS = 20
"""Operations that a history tells in full, the newest."""

_BAD = (ClusterStatus.FAILED, ClusterStatus.ROLLING_BACK, "Degraded", "RollbackInProgress", *UNHEALTHY)


@dataclass(frozen=True)
class Snapshot:
    """A cluster with its nodes at a moment."""

    at: datetime
    cluster: Cluster
    nodes: tuple[Node, ...]


def snapshot(cluster: Cluster, ports: Ports) -> Snapshot:
    """Return the cluster as it was just described, with its nodes."""
    nodes = tuple(ports.clusters.nodes(cluster.arn))
    return Snapshot(ports.clock.now(), cluster, nodes)


def operations(cluster: Cluster, clusters: Clusters) -> tuple[Operation, ...]:
    """Return the newest operations in full; none where they cannot be read or the Region has no such call."""
    try:
        listed = tuple(islice(clusters.operations(cluster.arn), OPERATIONS))
        return tuple(clusters.operation(cluster.arn, one.operation_id) for one in listed)
    except (AccessError, NotFoundError, RefusedError):
        return ()


def history(seen: Snapshot, worked: Iterable[Operation]) -> Iterator[Event]:
    """Yield what is known of the past, oldest first, and how things are now."""
    past = (*_cluster_past(seen.cluster), *_node_past(seen.nodes), *map(_operation, worked))
    yield from sorted(past, key=lambda event: event.time)
    yield from (replace(event, time=seen.at) for event in _present(seen))


def _cluster_past(cluster: Cluster) -> Iterator[Event]:
    yield _event(cluster.created_at, "Cluster", "created", f"Cluster {cluster.name} was created")


def _node_past(nodes: Iterable[Node]) -> Iterator[Event]:
    for node in nodes:
        if node.launched_at:
            yield _of_node(node, node.launched_at, "launched", f"Node {node.node_id} was launched")
        if node.software_updated_at not in (None, node.launched_at):  # a new node has its software from the start
            text = f"Software of node {node.node_id} was updated"
            yield _of_node(node, node.software_updated_at, "updated", text)


def _operation(operation: Operation) -> Event:
    text = f"Operation {operation.type} began, now {operation.status}"
    changes = ", ".join(
        f"{one.instance_group} {one.original_count} -> {one.target_count}" for one in operation.scalings
    )
    return _event(operation.created_at, "Cluster", operation.operation_id, ": ".join(filter(None, (text, changes))))


def _present(seen: Snapshot) -> Iterator[Event]:
    cluster = seen.cluster
    now = _event(seen.at, "Cluster", "now", f"Cluster {cluster.name} is {cluster.status}")
    yield _judged(now, cluster.status, cluster.failure_message)
    for group in cluster.instance_groups:
        text = f"InstanceGroup {group.name} {_is(group)}"
        yield _judged(_of_group(group, seen.at, "now", text), group.status, None)
        if group.software_update:
            text = f"Software update of InstanceGroup {group.name} is {group.software_update}"
            yield _judged(_of_group(group, seen.at, "software", text), group.software_update, None)
    for node in seen.nodes:
        if node.status != "Running":
            text = f"Node {node.node_id} is {node.status}"
            yield _judged(_of_node(node, seen.at, "now", text), node.status, node.message)


def _is(group: InstanceGroup) -> str:
    return f"{f'is {group.status}, ' if group.status else ''}has {group.current_count} of {group.target_count} nodes"


def transitions(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    """Yield what changed between two looks."""
    then, now = before.cluster, after.cluster
    if then.status != now.status:
        text = f"Cluster {now.name}: {then.status} -> {now.status}"
        yield _judged(_event(after.at, "Cluster", now.status, text), now.status, now.failure_message)
    yield from _group_transitions(before, after)
    yield from _node_transitions(before, after)


def _group_transitions(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    then = {group.name: group for group in before.cluster.instance_groups}
    now = {group.name: group for group in after.cluster.instance_groups}
    for name, group in now.items():
        text = _changed(_traits(then[name]), _traits(group)) if name in then else "was added"
        if text:
            said = _of_group(group, after.at, "changed", f"InstanceGroup {name}: {text}")
            yield _judged(said, group.status, None)
    for name in then.keys() - now.keys():
        yield _of_group(then[name], after.at, "gone", f"InstanceGroup {name} is gone")


def _traits(group: InstanceGroup) -> dict[str, str]:
    return {
        "": group.status or "",
        "nodes ": f"{group.current_count}/{group.target_count}",
        "software update ": group.software_update or "none",
    }


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    return ", ".join(f"{what}{then[what]} -> {now[what]}" for what in now if then[what] != now[what])


def _node_transitions(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    then = {_seat(node): node for node in before.nodes}
    now = {_seat(node): node for node in after.nodes}
    for seat, node in now.items():
        old = then.get(seat)
        if old is None or old.status != node.status:
            text = f"Node {node.node_id}: {f'{old.status} -> ' if old else ''}{node.status}"
            yield _judged(_of_node(node, after.at, node.status, text), node.status, node.message)
    for seat in then.keys() - now.keys():
        yield _of_node(then[seat], after.at, "gone", f"Node {then[seat].node_id} is gone")


def _seat(node: Node) -> str:
    return node.logical_id or node.node_id


def _of_group(group: InstanceGroup, time: datetime, what: str, text: str) -> Event:
    event = _event(time, "InstanceGroup", f"{group.name}-{what}", text)
    return replace(event, instance_group=group.name)


def _of_node(node: Node, time: datetime, what: str, text: str) -> Event:
    event = _event(time, "Instance", f"{node.node_id}-{what}", text)
    return replace(event, instance_group=node.instance_group, node_id=node.node_id)


def _judged(event: Event, status: str | None, message: str | None) -> Event:
    """Return an event whose level fits the status; messages of what is well may be old."""
    return replace(event, level="Error", failure_message=message) if status in _BAD else event


def _event(time: datetime, resource_type: str, what: str, text: str) -> Event:
    return Event(
        event_id=f"derived-{time:%Y%m%dT%H%M%SZ}-{what}",
        time=time,
        level="Info",
        resource_type=resource_type,
        description=text,
        derived=True,
    )
