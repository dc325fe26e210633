"""The network: EFA groups stay inside one Availability Zone, and it is plain where nodes go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.walk import all_groups, network_path
from hpctl.errors import NotFoundError
from hpctl.facts.network import Subnet
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group


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
        at=(*network_path(path, group), "subnet_ids"),
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
