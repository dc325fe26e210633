"""The network: the ids exist, and EFA groups stay inside one Availability Zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.walk import all_groups, networks
from hpctl.errors import NotFoundError
from hpctl.facts.records import Subnet
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group


@check(
    "network-ids-exist",
    "every subnet and security group exists",
    about=("network", "instance_groups"),
    reads=("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"),
)
def ids_exist(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod refuses a cluster whose subnets or security groups it cannot find.

    The usual causes are a typo, another Region, or another account: ids are unique to all three.
    """
    region = world.identity().region
    known: dict[str, Mapping[str, object]] = {
        "subnet_ids": world.subnets(spec.subnet_ids),
        "security_group_ids": world.security_groups(spec.security_group_ids),
    }
    for (member, resource_id), path in _places(spec).items():
        if resource_id not in known[member]:
            yield fail(
                resource_id,
                f"`{resource_id}` does not exist in `{region}` of this account",
                remedy="compare the id, the Region and the account (`aws sts get-caller-identity`)",
                at=path,
            )


@check(
    "network-efa-single-az",
    "every EFA instance group lives in one Availability Zone",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets",),
)
def efa_single_az(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Elastic Fabric Adapter traffic does not cross Availability Zones.

    Nodes of an EFA group in several zones fail HyperPod's EFA health check and cycle between Pending
    and ShuttingDown. What counts is the group's own `override_network`, else the cluster's `network`,
    and the zone *id* (`usw2-az1`), because zone names differ between accounts. EFA groups of one
    cluster in different zones cannot talk to each other over EFA either: that fails too, unless the
    spec says `multi_az: true`, which turns it into a warning.
    """
    subnets = world.subnets(spec.subnet_ids)
    placed: list[tuple[str, Mapping[str, list[str]]]] = []
    for path, group in all_groups(spec):
        if uses_efa(group):
            zones = _by_zone(spec, group, subnets)
            placed.append((group.name, zones))
            if len(zones) > 1:
                yield _spans_zones(path, group, zones)
    yield from _zones_apart(spec, placed)
    _demand_seen(spec, subnets)


@check(
    "network-multi-subnet",
    "it is plain which subnet the nodes get",
    about=("network",),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets",),
    blocking=False,
)
def multi_subnet(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """With subnets of several zones, HyperPod picks one of them and every group without its own network inherits it.

    That is legal, but seldom what was meant: name one subnet, or give each group its `override_network`.
    """
    if spec.network is None:
        return
    subnets = world.subnets(spec.subnet_ids)
    zones = {subnets[subnet_id].zone_id for subnet_id in spec.network.subnet_ids if subnet_id in subnets}
    heirs = [group for group in spec.all_groups if group.override_network is None]
    if len(zones) > 1 and heirs and not any(uses_efa(group) for group in heirs):
        yield note(
            f"cluster/{spec.name}",
            "HyperPod picks one of the cluster's subnets for all groups without a network of their own",
            f"zones: {', '.join(sorted(zones))}",
            at=("network", "subnet_ids"),
        )


def uses_efa(group: Group) -> bool:
    """Whether any type of the group has EFA interfaces."""
    return any(instance_type(name).has_efa for name in group.types)


def _places(spec: ClusterSpec) -> dict[tuple[str, str], Path]:
    """Map every id, as a subnet's or a security group's, to the first place that names it."""
    places: dict[tuple[str, str], Path] = {}
    for path, network in networks(spec):
        for member, ids in (("subnet_ids", network.subnet_ids), ("security_group_ids", network.security_group_ids)):
            for index, resource_id in enumerate(ids):
                places.setdefault((member, resource_id), (*path, member, index))
    return places


def _subnet_ids(spec: ClusterSpec, group: Group) -> tuple[str, ...]:
    network = spec.effective_network(group)
    return network.subnet_ids if network else ()


def _by_zone(spec: ClusterSpec, group: Group, subnets: Mapping[str, Subnet]) -> dict[str, list[str]]:
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for subnet_id in _subnet_ids(spec, group):
        if subnet_id in subnets:
            zones[subnets[subnet_id].zone_id].append(subnet_id)
    return dict(zones)


def _demand_seen(spec: ClusterSpec, subnets: Mapping[str, Subnet]) -> None:
    wanted = [subnet_id for group in spec.all_groups if uses_efa(group) for subnet_id in _subnet_ids(spec, group)]
    if unseen := [f"`{subnet_id}`" for subnet_id in dict.fromkeys(wanted) if subnet_id not in subnets]:
        # Only with `network-ids-exist` left out: a subnet without a zone must not count as one in the right zone.
        raise NotFoundError(f"subnets of EFA groups do not exist: {', '.join(unseen)}")


def _spans_zones(path: Path, group: Group, zones: Mapping[str, list[str]]) -> Finding:
    zone = max(zones, key=lambda name: len(zones[name]))
    return fail(
        f"instance group/{group.name}",
        f"EFA cannot cross Availability Zones, and the subnets of `{group.name}` are in {len(zones)} of them",
        *(f"{name}: {', '.join(ids)}" for name, ids in zones.items()),
        remedy=f"give `{group.name}` subnets of one zone only, for example `{'`, `'.join(zones[zone])}` (`{zone}`)",
        at=_network_path(path, group),
    )


def _zones_apart(spec: ClusterSpec, placed: Sequence[tuple[str, Mapping[str, object]]]) -> Iterator[Finding]:
    known = [(name, zones) for name, zones in placed if zones]
    if not known or set.intersection(*(set(zones) for _name, zones in known)):
        return
    report = warn if spec.multi_az else fail
    yield report(
        f"cluster/{spec.name}",
        "EFA instance groups are in different Availability Zones and cannot talk to each other over EFA",
        *(f"{name}: {', '.join(zones)}" for name, zones in known),
        remedy=None if spec.multi_az else "move the groups into one zone, or say `multi_az: true` if no job spans them",
    )


def _network_path(path: Path, group: Group) -> Path:
    if group.override_network is None:
        return ("network", "subnet_ids")
    return (*path, "override_network", "subnet_ids")
