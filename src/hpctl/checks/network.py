"""The network: the ids exist, and EFA groups stay inside one Availability Zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.walk import all_groups
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
    found = {**world.subnets(spec.subnet_ids), **world.security_groups(spec.security_group_ids)}
    for resource_id in (*spec.subnet_ids, *spec.security_group_ids):
        if resource_id not in found:
            yield fail(
                resource_id,
                f"`{resource_id}` does not exist in `{region}` of this account",
                remedy="compare the id, the Region and the account (`aws sts get-caller-identity`)",
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
    zone_of_group: dict[str, str] = {}
    for path, group in all_groups(spec):
        if not uses_efa(group):
            continue
        zones = _by_zone(spec, group, subnets)
        if len(zones) > 1:
            yield _spans_zones(path, group, zones)
        for zone in zones:
            zone_of_group[group.name] = zone
    yield from _zones_apart(spec, zone_of_group)


@check(
    "network-multi-subnet",
    "the cluster's subnets are meant to be several",
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
    zones = {row.zone_id for row in world.subnets(spec.network.subnet_ids).values()}
    if len(zones) > 1 and not any(uses_efa(group) for group in spec.all_groups):
        yield note(
            f"cluster/{spec.name}",
            "HyperPod picks one of the cluster's subnets for all groups without a network of their own",
            f"zones: {', '.join(sorted(zones))}",
            at=("network", "subnet_ids"),
        )


def uses_efa(group: Group) -> bool:
    """Whether any type of the group has EFA interfaces."""
    return any(instance_type(name).has_efa for name in group.types)


def _by_zone(spec: ClusterSpec, group: Group, subnets: Mapping[str, Subnet]) -> dict[str, list[str]]:
    network = spec.effective_network(group)
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for subnet_id in network.subnet_ids if network else ():
        if subnet_id in subnets:
            zones[subnets[subnet_id].zone_id].append(subnet_id)
    return dict(zones)


def _spans_zones(path: Path, group: Group, zones: Mapping[str, list[str]]) -> Finding:
    zone = max(zones, key=lambda name: len(zones[name]))
    return fail(
        f"instance group/{group.name}",
        f"EFA cannot cross Availability Zones, and the subnets of `{group.name}` are in {len(zones)} of them",
        *(f"{name}: {', '.join(ids)}" for name, ids in zones.items()),
        remedy=f"give `{group.name}` subnets of one zone only, for example `{'`, `'.join(zones[zone])}` (`{zone}`)",
        at=_network_path(path, group),
    )


def _zones_apart(spec: ClusterSpec, zone_of_group: Mapping[str, str]) -> Iterator[Finding]:
    if len(set(zone_of_group.values())) < 2:  # noqa: PLR2004  "apart" takes two
        return
    report = warn if spec.multi_az else fail
    yield report(
        f"cluster/{spec.name}",
        "EFA instance groups are in different Availability Zones and cannot talk to each other over EFA",
        *(f"{name}: {zone}" for name, zone in zone_of_group.items()),
        remedy=None if spec.multi_az else "move the groups into one zone, or say `multi_az: true` if no job spans them",
    )


def _network_path(path: Path, group: Group) -> Path:
    if group.override_network is None:
        return ("network", "subnet_ids")
    return (*path, "override_network", "subnet_ids")
