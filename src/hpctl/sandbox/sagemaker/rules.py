"""What CreateCluster refuses beyond the shapes: one small function a rule, in the order of refusal.

A rule yields the errors that it has; the first error of the first rule that has one is the answer, as the
service answers with one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hpctl.sandbox.account import Account
    from hpctl.sandbox.sagemaker.wordings import SageMakerError

    Request = Mapping[str, Any]
    Rule = Callable[[Request, Account], Iterator[SageMakerError]]


def refusal(request: Request, account: Account) -> SageMakerError | None:
    """Return why the service refuses to create this cluster, or None."""
    return next((error for rule in _RULES for error in rule(request, account)), None)


def groups_of(request: Request) -> list[dict[str, Any]]:
    """Return instance groups and restricted instance groups, in the order of the request."""
    return [*request.get("InstanceGroups", []), *request.get("RestrictedInstanceGroups", [])]


def _has_groups(request: Request, _: Account) -> Iterator[SageMakerError]:
    if not groups_of(request):
        yield wordings.NO_GROUPS.error()


def _group_names_differ(request: Request, _: Account) -> Iterator[SageMakerError]:
    names = [group["InstanceGroupName"] for group in groups_of(request)]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield wordings.DUPLICATE_GROUP.error(group=name)


def _one_kind_of_type(request: Request, _: Account) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        if ("InstanceType" in group) == ("InstanceRequirements" in group):
            yield wordings.TYPE_XOR_REQUIREMENTS.error(group=group["InstanceGroupName"])


def _one_orchestrator(request: Request, _: Account) -> Iterator[SageMakerError]:
    if "Orchestrator" in request and len(request["Orchestrator"]) != 1:
        yield wordings.ONE_ORCHESTRATOR.error()


def _slurm_has_one_controller(request: Request, _: Account) -> Iterator[SageMakerError]:
    groups = groups_of(request)
    uses_api = "Slurm" in request.get("Orchestrator", {}) or any("SlurmConfig" in group for group in groups)
    controllers = sum(group.get("SlurmConfig", {}).get("NodeType") == "Controller" for group in groups)
    if uses_api and controllers == 0:
        yield wordings.SLURM_NO_CONTROLLER.error(name=request["ClusterName"])
    if controllers > 1:
        yield wordings.SLURM_CONTROLLERS.error(count=controllers)


def _partitions_are_for_compute(request: Request, _: Account) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        slurm = group.get("SlurmConfig", {})
        if slurm.get("PartitionNames") and slurm["NodeType"] != "Compute":
            yield wordings.SLURM_PARTITIONS.error()


def _eks_needs_a_vpc(request: Request, _: Account) -> Iterator[SageMakerError]:
    if "Eks" in request.get("Orchestrator", {}) and "VpcConfig" not in request:
        yield wordings.EKS_NEEDS_VPC.error()


def _eks_cluster_fits(request: Request, account: Account) -> Iterator[SageMakerError]:
    arn = request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
    if arn is None:
        return
    match account.authentication_mode(arn):
        case None:
            yield wordings.EKS_CLUSTER_MISSING.error(arn=arn)
        case "CONFIG_MAP":
            yield wordings.EKS_CONFIG_MAP.error()


def _network_exists(request: Request, account: Account) -> Iterator[SageMakerError]:
    for network in _networks(request):
        for subnet in network["Subnets"]:
            if account.subnet(subnet) is None:
                yield wordings.SUBNET_MISSING.error(subnet=subnet)
        for group in network["SecurityGroupIds"]:
            if not account.has_security_group(group):
                yield wordings.SECURITY_GROUP_MISSING.error(group=group)


def _roles_can_be_assumed(request: Request, account: Account) -> Iterator[SageMakerError]:
    for role in dict.fromkeys(group["ExecutionRole"] for group in groups_of(request)):
        if not account.trusts_sagemaker(role):
            yield wordings.ROLE_NOT_ASSUMABLE.error(role=role)


def _networks(request: Request) -> Iterator[dict[str, Any]]:
    if "VpcConfig" in request:
        yield request["VpcConfig"]
    for group in groups_of(request):
        if "OverrideVpcConfig" in group:
            yield group["OverrideVpcConfig"]


_RULES: tuple[Rule, ...] = (
    _has_groups,
    _group_names_differ,
    _one_kind_of_type,
    _one_orchestrator,
    _slurm_has_one_controller,
    _partitions_are_for_compute,
    _eks_needs_a_vpc,
    _network_exists,
    _roles_can_be_assumed,
    _eks_cluster_fits,
)
