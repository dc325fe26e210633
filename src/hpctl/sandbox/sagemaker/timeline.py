"""What a cluster looks like at a moment: a pure function of its dated requests, read off its course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker.cluster import Cluster, Group, Seat
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.patching import UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from hpctl.sandbox.sagemaker.faults import Injected
    from hpctl.sandbox.sagemaker.nodes import Image, InstanceGroup, Node


@dataclass(frozen=True)
class NodeState:
    """A node at a moment; `instance_id` is None while the seat waits for an instance, `run` is what it runs.

    What `counted`, `fault`, `action`, `checked` and `boots` mean stands at `nodes.Node`.
    """

    seat: Seat
    run: Group
    spec: Mapping[str, Any]
    instance_id: str | None
    status: str
    message: str | None
    launched_at: datetime | None
    updated_at: datetime | None
    image: Image
    desired: Image
    busy: bool
    closing: bool
    holds: bool
    listed: bool
    counted: bool = False
    fault: str | None = None
    action: str | None = None
    checked: bool = False
    boots: int = 0


@dataclass(frozen=True)
class GroupState:
    """An instance group at a moment; `renewed` counts the nodes that run the desired software."""

    name: str
    spec: Mapping[str, Any]
    restricted: bool
    status: str
    current_count: int
    target_count: int
    renewed: int
    image: Image
    desired: Image
    software: str | None
    deployment: Mapping[str, Any] | None
    scaling: bool


@dataclass(frozen=True)
class ClusterState:
    """A cluster at a moment: `nodes` are those that lists show, `seats` those that still hold something."""

    status: str
    failure_message: str | None
    request: Mapping[str, Any]
    groups: tuple[GroupState, ...]
    nodes: tuple[NodeState, ...]
    seats: tuple[NodeState, ...]

    def group(self, name: str) -> GroupState | None:
        """Return a group by its name, or None."""
        return next((group for group in self.groups if group.name == name), None)

    def staying(self, group: str) -> list[NodeState]:
        """Return the nodes of a group that are not about to go."""
        return [node for node in self.seats if node.seat.group == group and not node.closing]

    def node(self, name: str) -> NodeState | None:
        """Return a node by its instance id or its logical id, or None."""
        return next((node for node in self.nodes if name in {node.instance_id, node.seat.logical_id}), None)


def state_at(cluster: Cluster, now: datetime, injected: Iterable[Injected] = ()) -> ClusterState | None:
    """Return the cluster as it is at `now`; None when it is gone."""
    course = Course(cluster, injected)
    course.advance(now)
    return state_of(course)


def state_of(course: Course) -> ClusterState | None:
    """Return the cluster as it is at the moment that a course has come to; None when it is gone."""
    if course.status is None:
        return None
    nodes = tuple(_node(course.groups[node.seat.group], node) for node in course.nodes())
    groups = tuple(_group(course, group) for group in course.groups.values())
    failure = course.failure if course.status != "Updating" else None
    listed = tuple(node for node in nodes if node.listed)
    return ClusterState(course.status, failure, course.request, groups, listed, nodes)


def _node(group: InstanceGroup, node: Node) -> NodeState:
    return NodeState(
        node.seat,
        node.run,
        group.spec,
        node.instance_id,
        node.status,
        node.message,
        node.launched_at,
        node.updated_at,
        node.image,
        group.desired,
        node.busy,
        node.closing,
        node.holds,
        node.listed,
        node.counted,
        node.fault,
        node.action,
        node.checked or (node.run.deep_checked and node.status == "Running"),
        node.boots,
    )


def _group(course: Course, group: InstanceGroup) -> GroupState:
    renewed = sum(node.image == group.desired and node.status == "Running" for node in group.nodes)
    scaling = any(part.status == "InProgress" for each in course.operations if (part := each.parts.get(group.name)))
    return GroupState(
        group.name,
        group.spec,
        group.restricted,
        _status(course, group),
        group.current,
        group.target,
        renewed,
        group.image,
        group.desired,
        group.software,
        group.deployment,
        scaling,
    )


def _status(course: Course, group: InstanceGroup) -> str:
    statuses = {node.status for node in group.nodes if not node.closing}
    if course.status == "Deleting" or group.deleting:
        return "Deleting"
    if course.status in {"RollingBack", "Failed"} and not group.ready:
        return "Failed"
    if "Failure" in statuses:
        return "Degraded"
    if not group.ready:
        return "Creating"
    if group.software in UNDER_WAY:
        return "SystemUpdating"
    # With Continuous provisioning groups stay InService while they scale (botocore's words on NodeProvisioningMode).
    return "Updating" if course.status in {"Updating", "RollingBack"} else "InService"
