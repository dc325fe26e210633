"""Requests about a cluster that exists, as the dated changes that they are; they are judged elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker.cluster import Group, HealthChecked, NodesAdded, Replaced, SoftwareUpdated, Updated
from hpctl.sandbox.sagemaker.update_rules import specified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.placement import Placement
    from hpctl.sandbox.sagemaker.timeline import ClusterState, NodeState

    Request = Mapping[str, Any]

# Their groups have new seats; those of others bring up nodes again in seats that are there.
OPENING = (Updated, NodesAdded)


def updated(cluster: Cluster, state: ClusterState, request: Request, placement: Placement, at: Moment) -> Updated:
    """Return an UpdateCluster: new seats for groups that grow, seats to close of those that shrink or go."""
    groups: list[Group] = []
    closing: list[NodeState] = []
    for member, restricted in (("InstanceGroups", False), ("RestrictedInstanceGroups", True)):
        for given in request.get(member, []):
            spec = specified(given, state)
            there = state.staying(spec["InstanceGroupName"])
            more = spec["InstanceCount"] - len(there)
            groups.append(placement.opened(spec, _indexes(cluster, spec, max(0, more)), restricted))
            closing += sorted(there, key=_dispensable)[: max(0, -more)]
    for name in request.get("InstanceGroupsToDelete", []):
        closing += state.staying(name)
    return Updated(at, request, tuple(groups), _logical_ids(closing))


def nodes_added(
    cluster: Cluster, state: ClusterState, request: Request, placement: Placement, at: Moment
) -> NodesAdded:
    """Return a BatchAddClusterNodes, of entries that are all in order."""
    groups = []
    begun: dict[str, int] = {}
    for entry in request["NodesToAdd"]:
        group = state.group(entry["InstanceGroupName"])
        if group is not None:
            indexes = _indexes(cluster, group.spec, entry["IncrementTargetCountBy"], begun.get(group.name, 0))
            begun[group.name] = begun.get(group.name, 0) + len(indexes)
            zones = entry.get("AvailabilityZones", ())
            groups.append(placement.opened(group.spec, indexes, group.restricted, zones))
    return NodesAdded(at, request, tuple(groups))


def replaced(
    state: ClusterState, request: Request, nodes: Iterable[NodeState], placement: Placement, at: Moment
) -> Replaced:
    """Return a BatchReplaceClusterNodes of these nodes."""
    return Replaced(at, request, tuple(_again(state, nodes, placement, {})))


def software_updated(
    state: ClusterState, request: Request, names: Mapping[str, Request], placement: Placement, at: Moment
) -> SoftwareUpdated:
    """Return an UpdateClusterSoftware of these groups, each with what the request says about it."""
    images = {name: _image(request, entry) for name, entry in names.items()}
    nodes = [node for name in names for node in state.staying(name) if node.status == "Running"]
    runs = list(_again(state, nodes, placement, images))
    empty = [
        placement.filled({**group.spec, **images[group.name]}, (), group.restricted)
        for group in state.groups
        if group.name in names.keys() - {run.name for run in runs}
    ]
    return SoftwareUpdated(at, request, (*runs, *empty))


def health_checked(state: ClusterState, request: Request, at: Moment) -> HealthChecked:
    """Return a StartClusterHealthCheck."""
    nodes: list[NodeState] = []
    for entry in request["DeepHealthCheckConfigurations"]:
        wanted = entry.get("InstanceIds")
        nodes += [
            node
            for node in state.staying(entry["InstanceGroupName"])
            if node.status == "Running" and (wanted is None or node.instance_id in wanted)
        ]
    return HealthChecked(at, request, nodes=_logical_ids(nodes))


def _again(
    state: ClusterState, nodes: Iterable[NodeState], placement: Placement, images: Mapping[str, Request]
) -> Iterable[Group]:
    chosen = list(nodes)
    for group in state.groups:
        seats = tuple(node.seat for node in chosen if node.seat.group == group.name)
        if seats:
            yield placement.filled({**group.spec, **images.get(group.name, {})}, seats, group.restricted)


def _image(request: Request, entry: Request) -> dict[str, str]:
    named = {"ImageId": request.get("ImageId"), "ImageReleaseVersion": entry.get("ImageReleaseVersion")}
    return {name: value for name, value in named.items() if value is not None}


def _indexes(cluster: Cluster, spec: Request, count: int, begun: int = 0) -> range:
    used = [seat.index for _, run in cluster.runs() for seat in run.seats if run.name == spec["InstanceGroupName"]]
    first = max(used, default=-1) + 1 + begun
    return range(first, first + count)


def _dispensable(node: NodeState) -> tuple[bool, int]:
    # What does not run goes first, then the newest.
    return node.status == "Running", -node.seat.index


def _logical_ids(nodes: Iterable[NodeState]) -> tuple[str, ...]:
    return tuple(node.seat.logical_id for node in nodes)
