"""Service quotas: what the account may have covers what it has and what the spec asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.checks import quota_use
from hpctl.checks.declare import check, fail, note
from hpctl.checks.quota_use import Use, listed
from hpctl.errors import UnavailableError
from hpctl.facts.records import Quota
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

_SAGEMAKER = ("servicequotas:ListServiceQuotas",)
_IN_USE = ("sagemaker:ListClusters", "sagemaker:DescribeCluster")


@check(
    "quota-instance-type",
    "the quota of each instance type covers its nodes",
    about=("instance_groups", "restricted_instance_groups"),
    needs=("capacity-ultraserver",),
    reads=(*_SAGEMAKER, *_IN_USE),
)
def per_type(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """SageMaker limits how many instances of a type all clusters of the account and Region have together.

    In new accounts the limit is 0 for accelerators, and an increase takes days. Nodes of other clusters
    count, by what each group has or wants, whichever is more. EC2's own quotas do not matter. A group
    with several types may spread over them, so that what is left of all of their quotas counts. The
    quota is found by its name, `ml.p5.48xlarge for cluster usage`; one that is not listed is unknown.
    """
    yield from judged(world, quota_use.on_demand(spec, world))


@check(
    "quota-spot-type",
    "the Spot quota of each instance type covers its nodes",
    about=("instance_groups",),
    reads=(*_SAGEMAKER, *_IN_USE),
)
def per_spot_type(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Spot instances have quotas of their own, `ml.p5.48xlarge for cluster spot instance usage`, usually 0.

    They count like those of on-demand instances, but only nodes of groups with Spot capacity use them.
    """
    yield from judged(world, quota_use.spot(spec, world))


@check(
    "quota-cluster-instances",
    "the cluster is not larger than clusters may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=_SAGEMAKER,
)
def per_cluster(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The nodes of all groups of one cluster have a quota, whatever their types; Spot nodes have another beside it."""
    yield from judged(world, quota_use.one_cluster(spec))


@check(
    "quota-total-instances",
    "all clusters together are not larger than they may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=(*_SAGEMAKER, *_IN_USE),
)
def over_all_clusters(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The nodes of all clusters of the account and Region have a quota together; Spot nodes have another beside it."""
    yield from judged(world, quota_use.all_clusters(spec, world))


@check(
    "quota-ebs-size",
    "volumes are not larger than they may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=_SAGEMAKER,
)
def ebs_size(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The API takes volumes up to 16384 GB, but a quota of the account may be far below (1024 GB is usual)."""
    yield from judged(world, quota_use.volumes(spec))


@check(
    "quota-eni",
    "the quota of network interfaces covers the nodes",
    about=("instance_groups", "network"),
    reads=("servicequotas:GetServiceQuota", "ec2:DescribeNetworkInterfaces"),
)
def interfaces(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """In your VPC a node has one network interface for each network card: 32 on a p5.48xlarge.

    The quota is for the account and Region, and everything else's interfaces count as well. When a type
    list leaves a choice, the type that takes least counts. Too few end in "Failed to create Customer ENI".
    """
    asked, unknown = quota_use.interfaces(spec)
    for path, group in unknown:
        yield note(f"instance group/{group.name}", "how many network interfaces its nodes have is not known", at=path)
    if asked:
        yield from over(world, quota_use.interface_use(spec, world, asked), [world.interface_quota()])


@check(
    "quota-rig-fsx",
    "the quota of Lustre capacity covers the restricted groups",
    about=("restricted_instance_groups", "restricted_instance_groups_config"),
    reads=_SAGEMAKER,
    blocking=False,
)
def restricted_lustre(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The file systems that HyperPod makes for restricted groups have a quota of their own, in TiB for all of them.

    What other clusters' restricted groups have of it is not told by any API, and not counted.
    """
    yield from judged(world, quota_use.lustre(spec))


@check(
    "quota-pending",
    "no increase of a quota that the spec needs is waiting",
    about=("instance_groups", "restricted_instance_groups"),
    reads=("servicequotas:ListRequestedServiceQuotaChangeHistory",),
    blocking=False,
)
def pending(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """An increase that was asked for takes one to five business days; asking twice makes it no faster.

    Only noted: whether the quota is enough without it, the other checks tell. Increases of quotas that the spec does
    not ask anything of are passed over.
    """
    uses = [*quota_use.of_types(spec), *quota_use.one_cluster(spec), *quota_use.volumes(spec), *quota_use.lustre(spec)]
    needed = {known: use for use in uses for known in use.quotas}
    for request in world.pending_quota_requests() if needed else ():
        for known, use in needed.items():
            if known.is_named(request.quota) or known.code == request.code:
                case = f"case {request.case_id}" if request.case_id else f"request of {request.created_at:%Y-%m-%d}"
                message = f"an increase of `{request.quota}` to {request.desired:g} is {request.status}"
                yield note(use.subject, message, case, at=use.at)


def judged(world: World, uses: Iterable[Use]) -> Iterator[Finding]:
    """Judge each use by the quotas that are listed; raises `UnavailableError` when one is not, after the others."""
    missing: list[str] = []
    for use in uses:
        found = [(known, listed(world.sagemaker_quotas(), known)) for known in use.quotas]
        quotas = [quota for _known, quota in found if quota]
        if len(quotas) == len(found):
            yield from over(world, use, quotas)
        else:
            missing += [f"`{known.name}`" for known, quota in found if quota is None]
    if missing:
        command = "aws service-quotas list-service-quotas --service-code sagemaker"
        raise UnavailableError(f"no quota is named {', '.join(dict.fromkeys(missing))}", hint=f"look with `{command}`")


def over(world: World, use: Use, quotas: list[Quota]) -> Iterator[Finding]:
    """Fail where the quotas leave less than is asked for."""
    if use.asked <= use.left(quotas):
        return
    used = sum(use.used)
    yield fail(
        use.subject,
        f"{' and '.join(f'`{quota.name}`' for quota in use.quotas)} allow{'s' if len(quotas) == 1 else ''} "
        f"{sum(int(quota.value) for quota in quotas)}, and {used + use.asked} are needed",
        *(f"quota: {quota.value:g} ({quota.code})" for quota in quotas),
        f"in use: {used}",
        f"asked for: {use.asked}",
        remedy=use.request(quotas, world.identity().region),
        at=use.at,
    )
