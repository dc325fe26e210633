"""What UpdateCluster refuses beyond the shapes and beyond the rules of CreateCluster (`rules`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.members import groups_of
from hpctl.sandbox.sagemaker.rules import controller_groups, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hpctl.sandbox.account import Account
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.timeline import ClusterState
    from hpctl.sandbox.sagemaker.wordings import SageMakerError

    Request = Mapping[str, Any]
    Rule = Callable[[Request, Cluster, ClusterState, Account], Iterator[SageMakerError]]

# What a group keeps as it was created (AWS documentation for the first two; the others live in the instances).
FIXED = ("OverrideVpcConfig", "CapacityRequirements", "InstanceType", "InstanceRequirements", "NetworkInterface")
# Left out, these stay as they are; the rest of a group's specification goes back to its default.
KEPT = ("OverrideVpcConfig", "CapacityRequirements", "NetworkInterface")


def update_refusal(request: Request, cluster: Cluster, state: ClusterState, account: Account) -> SageMakerError | None:
    """Return why the service refuses to update a cluster so, or None."""
    return next((error for rule in _RULES for error in rule(request, cluster, state, account)), None)


def specified(spec: Request, state: ClusterState) -> dict[str, Any]:
    """Return the specification of a group after an update that gives `spec`."""
    before = state.group(spec["InstanceGroupName"])
    kept = {name: before.spec[name] for name in KEPT if name in before.spec} if before else {}
    return {**kept, **spec}


def _asks_something(request: Request, cluster: Cluster, *_: object) -> Iterator[SageMakerError]:
    if request.keys() <= {"ClusterName"}:
        yield wordings.NOTHING_TO_UPDATE.error(name=cluster.name)


def _is_not_busy(_: Request, cluster: Cluster, state: ClusterState, __: Account) -> Iterator[SageMakerError]:
    free = {"InService", "Failed"} if cluster.continuous else {"InService"}
    if state.status not in free:
        yield wordings.BUSY.error(name=cluster.name, what="updated", status=state.status)


def _groups_are_not_going(request: Request, _: Cluster, state: ClusterState, __: Account) -> Iterator[SageMakerError]:
    for name in (*_names(request), *request.get("InstanceGroupsToDelete", [])):
        group = state.group(name)
        if group is not None and group.status == "Deleting":
            yield wordings.GROUP_BUSY.error(group=name, status=group.status)


def _deleted_groups_exist(
    request: Request, cluster: Cluster, state: ClusterState, _: Account
) -> Iterator[SageMakerError]:
    for name in request.get("InstanceGroupsToDelete", []):
        if state.group(name) is None:
            yield wordings.GROUP_NOT_FOUND.error(group=name, name=cluster.name)
        if name in _names(request):
            yield wordings.GROUP_KEPT_AND_DELETED.error(group=name)


def _controller_stays(
    request: Request, cluster: Cluster, state: ClusterState, account: Account
) -> Iterator[SageMakerError]:
    if cluster.eks:
        return
    controllers = controller_groups([group.spec for group in state.groups], account)
    emptied = [group["InstanceGroupName"] for group in groups_of(request) if group["InstanceCount"] == 0]
    for name in (*request.get("InstanceGroupsToDelete", []), *emptied):
        if name in controllers:
            yield wordings.CONTROLLER_STAYS.error(group=name)


def _fixed_members_stay(request: Request, _: Cluster, state: ClusterState, __: Account) -> Iterator[SageMakerError]:
    for spec in groups_of(request):
        before = state.group(spec["InstanceGroupName"])
        if before is None:
            continue
        what = f"instance group '{before.name}'"
        for member in FIXED:
            if member in spec and spec[member] != before.spec.get(member):
                yield wordings.IMMUTABLE.error(member=member, what=what)
        if _node_type(spec) != _node_type(before.spec):
            yield wordings.IMMUTABLE.error(member="SlurmConfig.NodeType", what=what)


def _cluster_stays(request: Request, cluster: Cluster, state: ClusterState, _: Account) -> Iterator[SageMakerError]:
    what = f"cluster '{cluster.name}'"
    wanted, before = request.get("Orchestrator"), state.request.get("Orchestrator", {})
    if wanted is not None and (wanted.keys() != before.keys() or wanted.get("Eks") != before.get("Eks")):
        yield wordings.IMMUTABLE.error(member="Orchestrator", what=what)
    mode = request.get("NodeProvisioningMode")
    if mode is not None and mode != state.request.get("NodeProvisioningMode"):
        yield wordings.IMMUTABLE.error(member="NodeProvisioningMode", what=what)


def _role_of_scaling_stays(request: Request, _: Cluster, state: ClusterState, __: Account) -> Iterator[SageMakerError]:
    scales = state.request.get("AutoScaling", {}).get("Mode") == "Enable"
    role = request.get("ClusterRole")
    if scales and role is not None and role != state.request.get("ClusterRole"):
        yield wordings.ROLE_OF_SCALING.error()


def _groups_could_be_created(
    request: Request, _: Cluster, state: ClusterState, account: Account
) -> Iterator[SageMakerError]:
    listed = {spec["InstanceGroupName"]: specified(spec, state) for spec in groups_of(request)}
    gone = {*listed, *request.get("InstanceGroupsToDelete", [])}
    kept = [
        {**group.spec, "InstanceCount": group.target_count}
        for group in state.groups
        if group.name not in gone and group.status != "Deleting"
    ]
    added = [{**spec, "InstanceCount": _added(spec, state)} for spec in listed.values()]
    base = {name: value for name, value in state.request.items() if not name.endswith("InstanceGroups")}
    repeated = groups_of(request) if len(listed) < len(groups_of(request)) else list(listed.values())
    whole = {**base, "InstanceGroups": [*kept, *repeated]}
    given = {**base, "InstanceGroups": list(listed.values())}
    error = refusal_of(whole, given, {**base, "InstanceGroups": added}, account)
    if error is not None:
        yield error


def _added(spec: Request, state: ClusterState) -> int:
    before = state.group(spec["InstanceGroupName"])
    return max(0, int(spec["InstanceCount"]) - (before.target_count if before else 0))


def _names(request: Request) -> list[str]:
    return [group["InstanceGroupName"] for group in groups_of(request)]


def _node_type(spec: Request) -> object:
    return spec.get("SlurmConfig", {}).get("NodeType")


_RULES: tuple[Rule, ...] = (
    _asks_something,
    _deleted_groups_exist,
    _controller_stays,
    _fixed_members_stay,
    _cluster_stays,
    _role_of_scaling_stays,
    _groups_could_be_created,
    _is_not_busy,
    _groups_are_not_going,
)
