"""What a cluster looks like at a moment: a pure function of its dated requests.

All times are shares of the cluster's pace (the seconds of a whole creation; 15 to 25 minutes at AWS). Order
of a node's life, from AWS documentation: instance, EFA health check, lifecycle scripts, deep health checks,
Running. Without Continuous provisioning a cluster comes up or rolls back as one; with it the cluster is
InService early, its nodes follow, and those that fail are tried again at growing distances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.cluster import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.cluster import Cluster, Fault, Group, Seat

LAUNCHED = 0.15
EFA_CHECKED = 0.35
SCRIPTS_STARTED = 0.40
SCRIPTS_DONE = 0.75
DEEP_CHECKED = 0.90
SETTLED = 1.0
# The last node of a group trails the first by this much, so that counts rise step by step.
STAGGER = 0.08
# When a fault strikes; without Continuous provisioning the cluster begins to roll back some time after, and ends.
STRIKES = {
    Stage.CAPACITY: LAUNCHED,
    Stage.INTERFACE: LAUNCHED,
    Stage.EFA: EFA_CHECKED,
    Stage.BOOTSTRAP: SCRIPTS_STARTED,
    Stage.SCRIPTS: SCRIPTS_DONE,
}
ROLLBACK_AFTER = 0.15
ROLLED_BACK_AFTER = 0.40
# Deletion: nodes leave the list before the group's count falls (seen at AWS), then the cluster goes.
NODES_GONE = 0.30
COUNT_FALLEN = 0.40
GONE = 0.50
# A failed node is tried again after twice the creation, then after twice that time, and so on.
RETRY_AFTER = 2.0


@dataclass(frozen=True)
class NodeState:
    """A node at a moment; `instance_id` is None while the seat waits for an instance."""

    seat: Seat
    group: Group
    instance_id: str | None
    status: str
    message: str | None
    launched_at: datetime | None


@dataclass(frozen=True)
class GroupState:
    """An instance group at a moment."""

    group: Group
    status: str
    current_count: int


@dataclass(frozen=True)
class ClusterState:
    """A cluster at a moment."""

    status: str
    failure_message: str | None
    groups: tuple[GroupState, ...]
    nodes: tuple[NodeState, ...]


def state_at(cluster: Cluster, now: datetime) -> ClusterState | None:
    """Return the cluster as it is at `now`; None when it is gone."""
    if cluster.deleted is not None and now >= cluster.deleted.at:
        return _deleting(cluster, cluster.deleted, elapsed(cluster.deleted, now))
    return _living(cluster, now)


def elapsed(since: Moment, now: datetime) -> float:
    """Return the time since a request as a share of its pace."""
    return (now - since.at).total_seconds() / since.pace


def delay(group: Group, seat: Seat) -> float:
    """Return how much a seat trails the first one of its group."""
    return STAGGER * seat.index / len(group.seats)


def wait(cluster: Cluster, group: Group) -> float:
    """Return how much longer than usual the scripts of a group take, as a share; infinite while they run."""
    if group.script is None:
        return 0.0
    if group.ended is None:
        return math.inf
    return max(0.0, elapsed(cluster.created, group.ended.at) - SCRIPTS_DONE)


def attempts(share: float, waited: float = 0.0) -> Iterator[float]:
    """Yield the starts of the attempts to fill a faulty seat, up to a share of the pace.

    `waited` is how much longer than usual the first one takes; the others know how it ends.
    """
    start, distance = 0.0, RETRY_AFTER + waited
    while start <= share:
        yield start
        start, distance = start + distance, RETRY_AFTER * 2 if start == 0.0 else distance * 2


def _living(cluster: Cluster, now: datetime) -> ClusterState:
    share = elapsed(cluster.created, now)
    status = _status(cluster, share)
    nodes = tuple(node for group in cluster.groups for node in _nodes(cluster, group, status, share))
    groups = tuple(_group_state(group, status, nodes) for group in cluster.groups)
    message = _failure(cluster) if status in {"RollingBack", "Failed"} else None
    return ClusterState(status, message, groups, nodes)


def _failure(cluster: Cluster) -> str | None:
    group = min((group for group in cluster.groups if group.fault and group.seats), key=partial(_struck, cluster))
    if group.fault is None or group.fault.stage is not Stage.SCRIPTS:
        return group.fault.message if group.fault else None
    return wordings.PROVISIONING_FAILED.format(
        instance=cluster.instance_id(group.seats[0], 0), message=group.fault.message
    )


def _struck(cluster: Cluster, group: Group) -> float:
    if group.fault is None:
        return math.inf
    return strikes(group.fault, wait(cluster, group))


def _status(cluster: Cluster, share: float) -> str:
    if cluster.continuous:
        return "InService" if share >= LAUNCHED else "Creating"
    filled = [group for group in cluster.groups if group.seats]
    struck = min((_struck(cluster, group) for group in filled), default=math.inf)
    if share >= struck + ROLLBACK_AFTER:
        return "Failed" if share >= struck + ROLLED_BACK_AFTER else "RollingBack"
    settled = SETTLED + max((wait(cluster, group) for group in filled), default=0.0)
    return "InService" if share >= settled and math.isinf(struck) else "Creating"


def _nodes(cluster: Cluster, group: Group, cluster_status: str, share: float) -> Iterator[NodeState]:
    if cluster_status == "Failed":
        return
    for seat in group.seats:
        node = _node(cluster, group, seat, share)
        if cluster_status == "RollingBack":
            node = replace(node, status="ShuttingDown")
        yield node


def _node(cluster: Cluster, group: Group, seat: Seat, share: float) -> NodeState:
    waited = wait(cluster, group)
    retried = group.fault and cluster.continuous
    starts = list(attempts(share, waited)) if retried else [0.0]
    number, begun = len(starts) - 1, starts[-1] if starts else 0.0
    own = share - begun - delay(group, seat)
    if own < LAUNCHED:
        return NodeState(seat, group, None, "Pending", None, None)
    status, message = _node_status(group, own, 0.0 if number else waited)
    if group.fault and group.fault.before_instance:
        return NodeState(seat, group, None, status, message, None)
    seconds = (begun + LAUNCHED + delay(group, seat)) * cluster.created.pace
    launched_at = cluster.created.at + timedelta(seconds=seconds)
    return NodeState(seat, group, cluster.instance_id(seat, number), status, message, launched_at)


def _node_status(group: Group, own: float, waited: float) -> tuple[str, str | None]:
    if group.fault and own >= strikes(group.fault, waited):
        return "Failure", group.fault.message
    if own < SCRIPTS_DONE + waited:
        return "Pending", None
    if group.deep_checked and own < DEEP_CHECKED + waited:
        return "DeepHealthCheckInProgress", None
    return "Running", None


def strikes(fault: Fault, waited: float) -> float:
    """Return when a fault strikes an attempt whose scripts take so much longer."""
    return STRIKES[fault.stage] + (waited if fault.stage is Stage.SCRIPTS else 0.0)


def _group_state(group: Group, cluster_status: str, nodes: tuple[NodeState, ...]) -> GroupState:
    statuses = [node.status for node in nodes if node.group is group]
    current = sum(status in {"Running", "DeepHealthCheckInProgress", "ShuttingDown"} for status in statuses)
    return GroupState(group, _group_status(group, cluster_status, statuses, current), current)


def _group_status(group: Group, cluster_status: str, statuses: list[str], current: int) -> str:
    if cluster_status in {"RollingBack", "Failed"}:
        return "Failed"
    if "Failure" in statuses:
        return "Degraded"
    whole = current == len(group.seats) and "DeepHealthCheckInProgress" not in statuses
    return "InService" if whole and cluster_status == "InService" else "Creating"


def _deleting(cluster: Cluster, deleted: Moment, share: float) -> ClusterState | None:
    if share >= GONE:
        return None
    before = _living(cluster, deleted.at)
    leaving = tuple(replace(node, status="ShuttingDown") for node in before.nodes if node.instance_id)
    counted = {state.group.name: state.current_count for state in before.groups}
    groups = tuple(
        GroupState(group, "Deleting", counted[group.name] if share < COUNT_FALLEN else 0) for group in cluster.groups
    )
    return ClusterState("Deleting", before.failure_message, groups, leaving if share < NODES_GONE else ())
