"""Service quotas: what the account may have covers what it has and what the spec asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.quotas import KnownQuota, Limit, cluster_spot_usage, cluster_usage, limit
from hpctl.checks.declare import Path, check, fail, note
from hpctl.checks.walk import all_groups, placed_groups
from hpctl.errors import UnavailableError
from hpctl.facts.records import Cluster, Quota
from hpctl.facts.records import InstanceGroup as LiveGroup
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Capacity
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import ClusterStatus

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
    wanted = [(path, group) for path, group in all_groups(spec) if group.count and not _is_spot(group)]
    if wanted:
        used = {name: count for (name, is_spot), count in _in_use(spec, world).items() if not is_spot}
        yield from _judged(world, _by_type(wanted, used, cluster_usage))


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
    wanted = [(path, group) for path, group in all_groups(spec) if group.count and _is_spot(group)]
    if wanted:
        used = {name: count for (name, is_spot), count in _in_use(spec, world).items() if is_spot}
        yield from _judged(world, _by_type(wanted, used, cluster_spot_usage))


@check(
    "quota-cluster-instances",
    "the cluster is not larger than clusters may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=_SAGEMAKER,
)
def per_cluster(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The nodes of all groups of one cluster have a quota, whatever their types; Spot nodes have another beside it."""
    asked: tuple[tuple[Limit, int], ...] = (
        ("cluster_instances", _nodes(spec)),
        ("cluster_spot_instances", _spot_nodes(spec)),
    )
    yield from _judged(world, [_Use((limit(name),), (0,), count, *_whole(spec)) for name, count in asked if count])


@check(
    "quota-total-instances",
    "all clusters together are not larger than they may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=(*_SAGEMAKER, *_IN_USE),
)
def over_all_clusters(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The nodes of all clusters of the account and Region have a quota together; Spot nodes have another beside it."""
    if _nodes(spec):
        in_use = _in_use(spec, world)
        spot = sum(count for (_type, is_spot), count in in_use.items() if is_spot)
        asked: tuple[tuple[Limit, int, int], ...] = (
            ("total_instances", sum(in_use.values()), _nodes(spec)),
            ("total_spot_instances", spot, _spot_nodes(spec)),
        )
        uses = [_Use((limit(name),), (used,), count, *_whole(spec)) for name, used, count in asked if count]
        yield from _judged(world, uses)


@check(
    "quota-ebs-size",
    "volumes are not larger than they may be",
    about=("instance_groups", "restricted_instance_groups"),
    reads=_SAGEMAKER,
)
def ebs_size(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The API takes volumes up to 16384 GB, but a quota of the account may be far below (1024 GB is usual)."""
    yield from _judged(world, list(_volumes(spec)))


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
    asked = 0
    for path, group, _network in placed_groups(spec):
        cards = [instance_type(name).network_cards for name in group.types]
        known = [count for count in cards if count is not None]
        asked += group.count * min(known, default=0)
        if not known:
            yield note(
                f"instance group/{group.name}", "how many network interfaces its nodes have is not known", at=path
            )
    if asked:
        use = _Use((limit("network_interfaces"),), (world.interface_count(),), asked, *_whole(spec))
        yield from _over(world, use, [world.interface_quota()])


@dataclass(frozen=True)
class _Use:
    """What is used of each of some quotas, and asked of them together by what stands at `at`."""

    quotas: tuple[KnownQuota, ...]
    used: tuple[int, ...]
    asked: int
    subject: str
    at: Path


def _whole(spec: ClusterSpec) -> tuple[str, Path]:
    return f"cluster/{spec.name}", ("instance_groups",)


def _nodes(spec: ClusterSpec) -> int:
    return sum(group.count for group in spec.all_groups)


def _spot_nodes(spec: ClusterSpec) -> int:
    return sum(group.count for group in spec.all_groups if _is_spot(group))


def _is_spot(group: Group) -> bool:
    return isinstance(group, InstanceGroup) and group.capacity is Capacity.SPOT


def _volumes(spec: ClusterSpec) -> Iterator[_Use]:
    for path, group in all_groups(spec):
        for index, storage in enumerate(group.storage):
            size = storage.ebs.volume_size_in_gb if storage.ebs else None
            if size:
                at = (*path, "storage", index, "ebs", "volume_size_in_gb")
                yield _Use((limit("ebs_volume_gb"),), (0,), size, f"instance group/{group.name}", at)


def _by_type(
    wanted: list[tuple[Path, Group]], used: Mapping[str, int], quota_of: Callable[[str], KnownQuota]
) -> list[_Use]:
    """Add up what groups ask of the same types; groups with a choice get what those without leave."""
    claims: dict[tuple[str, ...], list[tuple[Path, Group]]] = {}
    for path, group in wanted:
        claims.setdefault(group.types, []).append((path, group))
    asked = {types: sum(group.count for _path, group in groups) for types, groups in claims.items()}
    uses = []
    for types, groups in claims.items():
        fixed = [0 if len(types) == 1 else asked.get((name,), 0) for name in types]
        taken = tuple(used.get(name, 0) + more for name, more in zip(types, fixed, strict=True))
        path, first = groups[0]
        subject = f"instance group/{first.name}"
        uses.append(_Use(tuple(map(quota_of, types)), taken, asked[types], subject, (*path, "count")))
    return uses


def _in_use(spec: ClusterSpec, world: World) -> Counter[tuple[str, bool]]:
    """Count the instances of all other clusters by type, and whether they are Spot.

    The spec's own cluster, where it exists already, is what is asked for, and does not count twice.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    for cluster in world.clusters():
        if cluster.name != spec.name:
            for group in cluster.instance_groups:
                counts[group.instance_type, group.capacity_type == "Spot"] += _held(cluster, group)
    return counts


def _held(cluster: Cluster, group: LiveGroup) -> int:
    if cluster.status in (ClusterStatus.DELETING, ClusterStatus.FAILED):
        return group.current_count  # nothing will come of what it wanted
    return max(group.current_count, group.target_count)


def _judged(world: World, uses: list[_Use]) -> Iterator[Finding]:
    """Judge each use by the quotas that are listed; raises `UnavailableError` when one is not, after the others."""
    missing: list[str] = []
    for use in uses:
        listed = [(known, _listed(world.sagemaker_quotas(), known)) for known in use.quotas]
        quotas = [quota for _known, quota in listed if quota]
        if len(quotas) == len(listed):
            yield from _over(world, use, quotas)
        else:
            missing += [f"`{known.name}`" for known, quota in listed if quota is None]
    if missing:
        command = "aws service-quotas list-service-quotas --service-code sagemaker"
        raise UnavailableError(f"no quota is named {', '.join(dict.fromkeys(missing))}", hint=f"look with `{command}`")


def _listed(quotas: Iterable[Quota], known: KnownQuota) -> Quota | None:
    rows = list(quotas)
    by_name = next((quota for quota in rows if known.is_named(quota.name)), None)
    return by_name or next((quota for quota in rows if quota.code == known.code), None)


def _over(world: World, use: _Use, quotas: list[Quota]) -> Iterator[Finding]:
    left = sum(max(int(quota.value) - used, 0) for quota, used in zip(quotas, use.used, strict=True))
    if use.asked <= left:
        return
    first, used, known = quotas[0], sum(use.used), use.quotas[0]
    wanted = max(int(first.value), use.used[0]) + use.asked - left
    yield fail(
        use.subject,
        f"{' and '.join(f'`{quota.name}`' for quota in use.quotas)} allow{'s' if len(quotas) == 1 else ''} "
        f"{sum(int(quota.value) for quota in quotas)}, and {used + use.asked} are needed",
        *(f"quota: {quota.value:g} ({quota.code})" for quota in quotas),
        f"in use: {used}",
        f"asked for: {use.asked}",
        remedy=f"aws service-quotas request-service-quota-increase --service-code {known.service} "
        f"--quota-code {first.code} --desired-value {wanted} --region {world.identity().region}",
        at=use.at,
    )
