"""The batch operations on nodes: which nodes a request may have, and what is answered about the others.

Limits, codes and conditions are those of botocore's documentation of the four operations; the messages are the
sandbox's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.rules import controller_groups, refusal_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hpctl.sandbox.account import Account
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.placement import Placement
    from hpctl.sandbox.sagemaker.timeline import ClusterState, NodeState

    Request = Mapping[str, Any]

_MOST_ADDED = 50


@dataclass(frozen=True)
class Batch:
    """One of the operations on named nodes: its words, its codes, the statuses it takes, how many it takes."""

    done: str
    codes: tuple[str, str, str]
    statuses: Collection[str]
    most: int
    most_together: int
    code_member: str
    spares_controllers: bool
    needs_patch: bool


DELETE = Batch(
    "deleted",
    ("NodeIdNotFound", "InvalidNodeStatus", "NodeIdInUse"),
    {"Running", "Failure", "Pending", "DeepHealthCheckInProgress"},
    99,
    50,
    "Code",
    spares_controllers=True,
    needs_patch=True,
)
_INSTANCE_CODES = ("InstanceIdNotFound", "InvalidInstanceStatus", "InstanceIdInUse")
REBOOT = Batch(
    "rebooted",
    _INSTANCE_CODES,
    {"Running", "Failure"},
    25,
    25,
    "ErrorCode",
    spares_controllers=False,
    needs_patch=False,
)
REPLACE = Batch(
    "replaced", _INSTANCE_CODES, {"Running", "Failure"}, 25, 25, "ErrorCode", spares_controllers=True, needs_patch=True
)


@dataclass(frozen=True)
class Sorted:
    """The nodes that a request may have, and the answer that says so."""

    nodes: tuple[NodeState, ...]
    answer: dict[str, Any]


def sort_out(request: Request, cluster: Cluster, state: ClusterState, batch: Batch, account: Account) -> Sorted:
    """Sort the named nodes into those that the operation takes and those that it does not; raises SageMakerError."""
    ids = list(dict.fromkeys(request.get("NodeIds", ())))
    logical_ids = list(dict.fromkeys(request.get("NodeLogicalIds", ())))
    _refuse_all(cluster, state, batch, ids, logical_ids)
    spared = set()
    if batch.spares_controllers and not cluster.eks:
        spared = controller_groups([group.spec for group in state.groups], account)
    taken: dict[str, NodeState] = {}
    answer: dict[str, Any] = {}
    for member, wanted, good, bad in (
        ("NodeId", ids, "Successful", "Failed"),
        ("NodeLogicalId", logical_ids, "SuccessfulNodeLogicalIds", "FailedNodeLogicalIds"),
    ):
        for name in wanted:
            node = _find(state, member, name)
            problem = _problem(name, node, batch, spared)
            if problem is None and node is not None:
                taken[node.seat.logical_id] = node
                answer.setdefault(good, []).append(name)
            elif problem is not None:
                row = {member: name, batch.code_member: problem[0], "Message": problem[1]}
                answer.setdefault(bad, []).append(row)
    return Sorted(tuple(taken.values()), answer)


def _refuse_all(
    cluster: Cluster, state: ClusterState, batch: Batch, ids: Collection[str], logical_ids: Collection[str]
) -> None:
    if not ids and not logical_ids:
        raise wordings.NODES_NEEDED.error()
    if logical_ids and not cluster.continuous:
        raise wordings.LOGICAL_IDS.error()
    most = batch.most_together if logical_ids else batch.most
    if len(ids) + len(logical_ids) > most:
        raise wordings.TOO_MANY_NODES.error(most=most, what=batch.done)
    if state.status != "InService":
        raise wordings.NOT_IN_SERVICE.error(name=cluster.name, what=batch.done, status=state.status)
    if batch.needs_patch and not cluster.patched:
        raise wordings.NOT_PATCHED.error(name=cluster.name, what=batch.done)


def _find(state: ClusterState, member: str, name: str) -> NodeState | None:
    for node in state.seats:
        if name == (node.instance_id if member == "NodeId" else node.seat.logical_id):
            return node
    return None


def _problem(name: str, node: NodeState | None, batch: Batch, spared: Collection[str]) -> tuple[str, str] | None:
    missing, status, in_use = batch.codes
    if node is None or not node.listed:
        return missing, f"Node {name} was not found."
    if node.seat.group in spared:
        return status, f"Node {name} is a Slurm controller and cannot be {batch.done}."
    if node.busy:
        return in_use, f"Another operation is in progress for node {name}."
    if node.closing or node.status not in batch.statuses:
        return status, f"Node {name} is {node.status} and cannot be {batch.done}."
    return None


def addition(
    request: Request, cluster: Cluster, state: ClusterState, placement: Placement, account: Account
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the request with the entries that are in order, and the `Failed` of the others; raises SageMakerError."""
    if not cluster.continuous:
        raise wordings.CONTINUOUS_ONLY.error(operation="BatchAddClusterNodes")
    if sum(entry["IncrementTargetCountBy"] for entry in request["NodesToAdd"]) > _MOST_ADDED:
        raise wordings.TOO_MANY_NODES.error(most=_MOST_ADDED, what="added")
    if state.status != "InService":
        raise wordings.NOT_IN_SERVICE.error(name=cluster.name, what="scaled", status=state.status)
    good, failed = [], []
    for entry in request["NodesToAdd"]:
        problem = _problem_of_entry(entry, state, placement)
        if problem is None:
            good.append(entry)
            continue
        named = {name: entry[name] for name in ("AvailabilityZones", "InstanceTypes") if name in entry}
        row = {"InstanceGroupName": entry["InstanceGroupName"], "FailedCount": entry["IncrementTargetCountBy"]}
        failed.append({**row, **named, "ErrorCode": problem[0], "Message": problem[1]})
    _refuse_addition(good, state, account)
    return {**request, "NodesToAdd": good}, failed


def _problem_of_entry(entry: Request, state: ClusterState, placement: Placement) -> tuple[str, str] | None:
    name = entry["InstanceGroupName"]
    group = state.group(name)
    if group is None:
        return "InstanceGroupNotFound", f"Instance group {name} was not found."
    if group.status in {"Deleting", "Failed"}:
        return "InvalidInstanceGroupStatus", f"Instance group {name} is {group.status}."
    zones = set(entry.get("AvailabilityZones", ()))
    if not zones <= placement.zones(group.spec):
        return "IncompatibleAvailabilityZones", f"Instance group {name} has no subnet in every zone that is named."
    types = group.spec.get("InstanceRequirements", {}).get("InstanceTypes", [group.spec.get("InstanceType")])
    if not set(entry.get("InstanceTypes", ())) <= set(types):
        return "IncompatibleInstanceTypes", f"Instance group {name} does not have every type that is named."
    return None


def _refuse_addition(entries: list[Request], state: ClusterState, account: Account) -> None:
    more: dict[str, int] = {}
    for entry in entries:
        name = entry["InstanceGroupName"]
        more[name] = more.get(name, 0) + entry["IncrementTargetCountBy"]
    base = {name: value for name, value in state.request.items() if not name.endswith("InstanceGroups")}
    grown = [{**each.spec, "InstanceCount": each.target_count + more.get(each.name, 0)} for each in state.groups]
    added = [{**each.spec, "InstanceCount": more[each.name]} for each in state.groups if each.name in more]
    touched = [each for each in grown if each["InstanceGroupName"] in more]
    whole, given, new = ({**base, "InstanceGroups": groups} for groups in (grown, touched, added))
    error = refusal_of(whole, given, new, account) if entries else None
    if error is not None:
        raise error
