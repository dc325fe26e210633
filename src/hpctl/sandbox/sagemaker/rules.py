"""What CreateCluster refuses beyond the shapes: one small function a rule, in the order of refusal.

UpdateCluster is held to the same: some rules look at all groups that the cluster will have, some at those that are
specified, some at the instances that are added. A rule yields the errors that it has; the first error of the first
rule that has one is the answer, as the service answers with one.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.clock import moment
from hpctl.sandbox.eks.versions import CORE_ADDONS, HYPERPOD_VERSIONS
from hpctl.sandbox.quotas import table
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.choice import chosen_type
from hpctl.sandbox.sagemaker.faults import types_of
from hpctl.sandbox.sagemaker.lifecycle import SLURM_PARAMETERS, Source
from hpctl.sandbox.sagemaker.members import groups_of, is_spot, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from hpctl.sandbox.account import Account
    from hpctl.sandbox.sagemaker.wordings import SageMakerError

    Request = Mapping[str, Any]
    Rule = Callable[[Request, Account], Iterator[SageMakerError]]


def refusal(request: Request, account: Account) -> SageMakerError | None:
    """Return why the service refuses to create this cluster, or None."""
    return refusal_of(request, request, request, account)


def refusal_of(whole: Request, specified: Request, added: Request, account: Account) -> SageMakerError | None:
    """Return why the service refuses groups, or None.

    `whole` has all groups that the cluster will have, `specified` those that the request specifies, and `added` the
    same with the instances that are added as their InstanceCount.
    """
    views = whole, specified, added
    errors = (error for view, rule in _RULES for error in rule(views[view], account))
    return next(errors, None)


def controller_groups(groups: Collection[Mapping[str, Any]], account: Account) -> set[str]:
    """Return the names of the groups that hold a Slurm controller, by their specification or by the legacy file."""
    found = {
        group["InstanceGroupName"] for group in groups if group.get("SlurmConfig", {}).get("NodeType") == "Controller"
    }
    for group in groups:
        source = Source.of(group)
        content = source.read(account, SLURM_PARAMETERS) if source else None
        found |= {name for name in (_controller(content) if content else ()) if name}
    return found


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


def _members_fit(request: Request, _: Account) -> Iterator[SageMakerError]:
    yield from problems_of(request)


def _eks_needs_a_vpc(request: Request, _: Account) -> Iterator[SageMakerError]:
    if "Eks" in request.get("Orchestrator", {}) and "VpcConfig" not in request:
        yield wordings.EKS_NEEDS_VPC.error()


def _eks_cluster_fits(request: Request, account: Account) -> Iterator[SageMakerError]:
    arn = request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
    if arn is None:
        return
    found = account.eks_cluster(arn)
    if found is None:
        yield wordings.EKS_CLUSTER_MISSING.error(arn=arn)
        return
    if found.authentication_mode(moment().at) == "CONFIG_MAP":
        yield wordings.EKS_CONFIG_MAP.error()
    if (status := found.status(moment().at)) in {"CREATING", "DELETING", "FAILED"}:
        yield wordings.EKS_NOT_ACTIVE.error(arn=arn, status=status)
    if (version := found.version(moment().at)) not in HYPERPOD_VERSIONS:
        yield wordings.EKS_VERSION.error(arn=arn, version=version)
    if not found.has_chart or not all(map(found.runs, CORE_ADDONS)):
        yield wordings.EKS_DEPENDENCIES.error()


def _eks_shares_the_vpc(request: Request, account: Account) -> Iterator[SageMakerError]:
    arn = request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
    other = account.eks_cluster(arn).members["resourcesVpcConfig"]["vpcId"] if arn else None
    for vpc in _vpcs(request, account):
        if other not in {None, vpc}:
            yield wordings.EKS_OTHER_VPC.error(vpc=vpc, other=other)


def _network_exists(request: Request, account: Account) -> Iterator[SageMakerError]:
    for network in _networks(request):
        for subnet in network["Subnets"]:
            if account.subnet(subnet) is None:
                yield wordings.SUBNET_MISSING.error(subnet=subnet)
        for group in network["SecurityGroupIds"]:
            if account.vpc_of_security_group(group) is None:
                yield wordings.SECURITY_GROUP_MISSING.error(group=group)


def _network_is_one(request: Request, account: Account) -> Iterator[SageMakerError]:
    found = list(_vpcs(request, account).items())
    for vpc, first in found[1:]:
        if vpc != found[0][0]:
            yield wordings.OTHER_NETWORKS.error(first=found[0][1], second=first)


def _roles_can_be_assumed(request: Request, account: Account) -> Iterator[SageMakerError]:
    for role in dict.fromkeys(group["ExecutionRole"] for group in groups_of(request)):
        if not account.trusts_sagemaker(role):
            yield wordings.ROLE_NOT_ASSUMABLE.error(role=role)


def _one_slurm_model(request: Request, account: Account) -> Iterator[SageMakerError]:
    groups = groups_of(request)
    uses_api = "Slurm" in request.get("Orchestrator", {}) or any("SlurmConfig" in group for group in groups)
    for source in _sources(request):
        if uses_api and source.read(account, SLURM_PARAMETERS) is not None:
            yield wordings.SLURM_MODELS.error()


def _slurm_parameters_match(request: Request, account: Account) -> Iterator[SageMakerError]:
    if "Eks" in request.get("Orchestrator", {}):
        return
    names = {group["InstanceGroupName"] for group in groups_of(request)}
    for source in _sources(request):
        content = source.read(account, SLURM_PARAMETERS)
        declared = _declared(content) if content is not None else Counter(names)
        for name in sorted(name for name in declared.keys() | names if declared[name] != (name in names)):
            yield wordings.SLURM_PARAMETERS.error(group=name)


def _controller(content: bytes) -> Iterator[str]:
    try:
        yield json.loads(content)["controller_group"]
    except (KeyError, TypeError, ValueError):
        return


def _declared(content: bytes) -> Counter[str]:
    try:
        parameters = json.loads(content.decode())  # bytes with a byte order mark would do, text with one does not
        workers = [group["instance_group_name"] for group in parameters.get("worker_groups", [])]
        named = (parameters.get("controller_group"), parameters.get("login_group"), *workers)
        return Counter(name for name in named if name)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Counter()


def _plans_fit(request: Request, account: Account) -> Iterator[SageMakerError]:
    wanted: Counter[str] = Counter()
    for group in groups_of(request):
        arn = group.get("TrainingPlanArn")
        plan = account.plan(arn) if arn else None
        if arn is None:
            continue
        if plan is None:
            yield wordings.PLAN_MISSING.error(arn=arn)
            continue
        if plan.status not in {"Active", "Scheduled"}:
            yield wordings.PLAN_STATUS.error(arn=arn, status=plan.status)
        if plan.instance_type not in types_of(group):
            yield wordings.PLAN_TYPE.error(arn=arn, has=plan.instance_type, wanted=types_of(group)[0])
        wanted[arn] += group["InstanceCount"]
        available = plan.count - account.in_use.get(arn, 0)
        if wanted[arn] > available:
            yield wordings.PLAN_COUNT.error(arn=arn, available=available, wanted=wanted[arn])


def _quotas_cover_the_types(request: Request, account: Account) -> Iterator[SageMakerError]:
    wanted: Counter[tuple[str, bool]] = Counter()
    for group in groups_of(request):
        if "TrainingPlanArn" not in group:
            wanted[chosen_type(request, group, account), is_spot(group)] += group["InstanceCount"]
    for (kind, spot), count in wanted.items():
        quota = table.spot_usage(kind) if spot else table.cluster_usage(kind)
        yield from _beyond(account, quota, account.in_use.get((kind, spot), 0), count)


def _quotas_cover_the_cluster(request: Request, account: Account) -> Iterator[SageMakerError]:
    for spot, quota in ((False, table.PER_CLUSTER), (True, table.SPOT_PER_CLUSTER)):
        yield from _beyond(account, quota, 0, _instances(request, spot=spot))


def _quotas_cover_the_sum(request: Request, account: Account) -> Iterator[SageMakerError]:
    for spot, quota in ((False, table.TOTAL), (True, table.SPOT_TOTAL)):
        used = sum(count for key, count in account.in_use.items() if isinstance(key, tuple) and (key[1] or not spot))
        yield from _beyond(account, quota, used, _instances(request, spot=spot))


def _instances(request: Request, *, spot: bool) -> int:
    return sum(group["InstanceCount"] for group in groups_of(request) if is_spot(group) or not spot)


def _volumes_are_in_quota(request: Request, account: Account) -> Iterator[SageMakerError]:
    limit = account.quota(table.VOLUME)
    for group in groups_of(request):
        for storage in group.get("InstanceStorageConfigs", []):
            asked = storage.get("EbsVolumeConfig", {}).get("VolumeSizeInGB", 0)
            if asked > limit:
                yield wordings.VOLUME_LIMIT.error(quota=table.VOLUME, limit=round(limit), asked=asked)


def _beyond(account: Account, quota: str, used: int, delta: int) -> Iterator[SageMakerError]:
    limit = account.quota(quota)
    if delta and used + delta > limit:
        yield wordings.RESOURCE_LIMIT.error(quota=quota, limit=round(limit), used=used, delta=delta)


def _sources(request: Request) -> dict[Source, None]:
    found = (Source.of(group) for group in groups_of(request))
    return dict.fromkeys(source for source in found if source is not None)


def _vpcs(request: Request, account: Account) -> dict[str, str]:
    """Return the VPCs of the request, each with the first thing that lies in it."""
    found: dict[str, str] = {}
    for network in _networks(request):
        for subnet_id in network["Subnets"]:
            if subnet := account.subnet(subnet_id):
                found.setdefault(subnet.vpc_id, subnet_id)
        for group in network["SecurityGroupIds"]:
            if vpc := account.vpc_of_security_group(group):
                found.setdefault(vpc, group)
    return found


def _networks(request: Request) -> Iterator[dict[str, Any]]:
    if "VpcConfig" in request:
        yield request["VpcConfig"]
    for group in groups_of(request):
        if "OverrideVpcConfig" in group:
            yield group["OverrideVpcConfig"]


_WHOLE, _SPECIFIED, _ADDED = range(3)
_RULES: tuple[tuple[int, Rule], ...] = (
    (_WHOLE, _has_groups),
    (_WHOLE, _group_names_differ),
    (_SPECIFIED, _one_kind_of_type),
    (_WHOLE, _one_orchestrator),
    (_WHOLE, _slurm_has_one_controller),
    (_SPECIFIED, _partitions_are_for_compute),
    (_WHOLE, _members_fit),
    (_WHOLE, _eks_needs_a_vpc),
    (_SPECIFIED, _network_exists),
    (_SPECIFIED, _network_is_one),
    (_SPECIFIED, _roles_can_be_assumed),
    (_SPECIFIED, _eks_cluster_fits),
    (_SPECIFIED, _eks_shares_the_vpc),
    (_SPECIFIED, _one_slurm_model),
    (_WHOLE, _slurm_parameters_match),
    (_ADDED, _plans_fit),
    (_SPECIFIED, _volumes_are_in_quota),
    (_ADDED, _quotas_cover_the_types),
    (_WHOLE, _quotas_cover_the_cluster),
    (_ADDED, _quotas_cover_the_sum),
)
