"""What a spec asks of service quotas, and what clusters that there are take of them already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.quotas import KnownQuota, Limit, cluster_spot_usage, cluster_usage, limit
from hpctl.checks.declare import Path
from hpctl.checks.storage_volumes import environments
from hpctl.checks.walk import all_groups, placed_groups
from hpctl.facts.records import Cluster, Quota
from hpctl.facts.records import InstanceGroup as LiveGroup
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Capacity
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import ClusterStatus

_GIB_IN_TIB = 1024


@dataclass(frozen=True)
class Use:
    """What is used of each of some quotas, and asked of them together by what stands at `at`."""

    quotas: tuple[KnownQuota, ...]
    used: tuple[int, ...]
    asked: int
    subject: str
    at: Path

    def left(self, quotas: Iterable[Quota]) -> int:
        """Return what the quotas leave, given as many of them as the use names."""
        return sum(max(int(quota.value) - used, 0) for quota, used in zip(quotas, self.used, strict=True))

    def request(self, quotas: Sequence[Quota], region: str) -> str:
        """Return the command that asks AWS for what is lacking, of the first quota."""
        first, known = quotas[0], self.quotas[0]
        wanted = max(int(first.value), self.used[0]) + self.asked - self.left(quotas)
        return (
            f"aws service-quotas request-service-quota-increase --service-code {known.service} "
            f"--quota-code {first.code} --desired-value {wanted} --region {region}"
        )


def on_demand(spec: ClusterSpec, world: World) -> list[Use]:
    """What groups ask of the quotas of their types; those with Spot capacity ask nothing."""
    wanted = [(path, group) for path, group in all_groups(spec) if group.count and not _is_spot(group)]
    if not wanted:
        return []
    used = {name: count for (name, is_spot), count in in_use(spec.name, world).items() if not is_spot}
    return _by_type(wanted, used, cluster_usage)


def spot(spec: ClusterSpec, world: World) -> list[Use]:
    """What groups with Spot capacity ask of the Spot quotas of their types."""
    wanted = [(path, group) for path, group in all_groups(spec) if group.count and _is_spot(group)]
    if not wanted:
        return []
    used = {name: count for (name, is_spot), count in in_use(spec.name, world).items() if is_spot}
    return _by_type(wanted, used, cluster_spot_usage)


def one_cluster(spec: ClusterSpec) -> list[Use]:
    """What the cluster asks of the quotas of how large one may be."""
    asked: tuple[tuple[Limit, int], ...] = (
        ("cluster_instances", _nodes(spec)),
        ("cluster_spot_instances", _spot_nodes(spec)),
    )
    return [Use((limit(name),), (0,), count, *_whole(spec)) for name, count in asked if count]


def all_clusters(spec: ClusterSpec, world: World) -> list[Use]:
    """What the cluster asks of the quotas of how many nodes all clusters may have."""
    if not _nodes(spec):
        return []
    used = in_use(spec.name, world)
    on_spot = sum(count for (_type, is_spot), count in used.items() if is_spot)
    asked: tuple[tuple[Limit, int, int], ...] = (
        ("total_instances", sum(used.values()), _nodes(spec)),
        ("total_spot_instances", on_spot, _spot_nodes(spec)),
    )
    return [Use((limit(name),), (used,), count, *_whole(spec)) for name, used, count in asked if count]


def volumes(spec: ClusterSpec) -> Iterator[Use]:
    """Yield what each volume asks of the quota of their size, in GB."""
    for path, group in all_groups(spec):
        for index, storage in enumerate(group.storage):
            size = storage.ebs.volume_size_in_gb if storage.ebs else None
            if size:
                at = (*path, "storage", index, "ebs", "volume_size_in_gb")
                yield Use((limit("ebs_volume_gb"),), (0,), size, f"instance group/{group.name}", at)


def interfaces(spec: ClusterSpec) -> tuple[int, list[tuple[Path, Group]]]:
    """Return how many network interfaces the nodes take, and the groups of which that is not known.

    When a type list leaves a choice, the type that takes least counts.
    """
    asked, unknown = 0, []
    for path, group, _network in placed_groups(spec):
        cards = [instance_type(name).network_cards for name in group.types]
        known = [count for count in cards if count is not None]
        asked += group.count * min(known, default=0)
        if not known:
            unknown.append((path, group))
    return asked, unknown


def interface_use(spec: ClusterSpec, world: World, asked: int) -> Use:
    """Return what so many network interfaces ask of the Region's quota."""
    return Use((limit("network_interfaces"),), (world.interface_count(),), asked, *_whole(spec))


def of_types(spec: ClusterSpec) -> list[Use]:
    """What groups ask of the quotas of their types, whatever others have of them."""
    groups = [(path, group) for path, group in all_groups(spec) if group.count]
    on_spot = [one for one in groups if _is_spot(one[1])]
    others = [one for one in groups if not _is_spot(one[1])]
    return [*_by_type(others, {}, cluster_usage), *_by_type(on_spot, {}, cluster_spot_usage)]


def lustre(spec: ClusterSpec) -> list[Use]:
    """What the file systems of restricted groups ask of the quota of their capacity, in TiB."""
    wishes = list(environments(spec))
    size = ceil(sum(wish.size_in_gib for _path, _subject, wish in wishes) / _GIB_IN_TIB)
    return [Use((limit("restricted_lustre_tib"),), (0,), size, f"cluster/{spec.name}", wishes[0][0])] if size else []


def in_use(name: str | None, world: World) -> Counter[tuple[str, bool]]:
    """Count the instances of all clusters but the one of this name by type, and whether they are Spot.

    The spec's own cluster, where it exists already, is what is asked for, and does not count twice.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    for cluster in world.clusters():
        if cluster.name != name:
            for group in cluster.instance_groups:
                counts[group.instance_type, group.capacity_type == "Spot"] += _held(cluster, group)
    return counts


def listed(quotas: Iterable[Quota], known: KnownQuota) -> Quota | None:
    """Find a quota by its name, else by its code; None when it is not among these."""
    rows = list(quotas)
    by_name = next((quota for quota in rows if known.is_named(quota.name)), None)
    return by_name or next((quota for quota in rows if quota.code == known.code), None)


def _whole(spec: ClusterSpec) -> tuple[str, Path]:
    return f"cluster/{spec.name}", ("instance_groups",)


def _nodes(spec: ClusterSpec) -> int:
    return sum(group.count for group in spec.all_groups)


def _spot_nodes(spec: ClusterSpec) -> int:
    return sum(group.count for group in spec.all_groups if _is_spot(group))


def _is_spot(group: Group) -> bool:
    return isinstance(group, InstanceGroup) and group.capacity is Capacity.SPOT


def _by_type(
    wanted: list[tuple[Path, Group]], used: Mapping[str, int], quota_of: Callable[[str], KnownQuota]
) -> list[Use]:
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
        uses.append(Use(tuple(map(quota_of, types)), taken, asked[types], subject, (*path, "count")))
    return uses


def _held(cluster: Cluster, group: LiveGroup) -> int:
    if cluster.status in (ClusterStatus.DELETING, ClusterStatus.FAILED):
        return group.current_count  # nothing will come of what it wanted
    return max(group.current_count, group.target_count)
