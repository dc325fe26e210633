"""Addresses: the subnets have room for every node, and for one more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.found import subnets_in_use
from hpctl.checks.walk import network_path, placed_groups
from hpctl.facts.network import Subnet
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import Orchestrator

AWS_KEEPS = 5
"""Addresses of each subnet that AWS keeps for itself (VPC documentation)."""

LARGEST_SUBNET = 16
"""Prefix length of the largest subnet that a VPC can have (VPC documentation)."""


@check(
    "network-free-ips",
    "the subnets have enough free addresses",
    about=("network", "instance_groups", "orchestrator"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets",),
)
def free_ips(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A node takes far more than one address, and a subnet's range cannot be changed afterwards.

    On Slurm it is one for each network card (p5.48xlarge: 32). On EKS it is all addresses of the pods'
    interface and one for each further card (p5.48xlarge: 81), unless the group's interfaces are
    `efa-only`, which have none. Groups that share a subnet share its addresses; several subnets of one
    group add up, but all addresses of a node come from one of them. When a type list leaves a choice,
    the type that takes least counts. Too few end in "Failed to create Customer ENI".
    """
    subnets = subnets_in_use(spec, world)
    yield from _unknown_figures(spec)
    for room in _smallest(room for room in _rooms(_demands(spec, min), subnets) if not room.fits()):
        yield fail(
            room.subject,
            f"{room.shown} {room.have} {room.free} free addresses, {_short(room)}",
            *room.evidence(),
            remedy=f"use private subnets with {room.needed} free addresses, such as one of /{_prefix(room.needed)}"
            f"{_saving(room)}",
            at=(*room.demands[0].at, "subnet_ids"),
        )


@check(
    "network-free-ips-headroom",
    "the subnets have room for one spare node",
    about=("network", "instance_groups", "orchestrator"),
    needs=("network-free-ips",),
    reads=("ec2:DescribeSubnets",),
    blocking=False,
)
def free_ips_headroom(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod replaces a faulty node by a new one while the old one still holds its addresses.

    So a subnet should have room for one more node of its largest group; without it a replacement waits
    for addresses. When a type list leaves a choice, the type that takes most counts.
    """
    subnets = subnets_in_use(spec, world)
    for room in _smallest(room for room in _rooms(_demands(spec, max), subnets) if not room.fits(room.largest)):
        spare = room.largest
        needed = room.needed + spare.per_node
        yield warn(
            room.subject,
            f"{room.shown} {room.have} no room for a spare node of `{spare.group.name}`",
            *room.evidence(),
            f"spare node: {spare.per_node} more",
            remedy=f"use private subnets with {needed} free addresses, such as one of /{_prefix(needed)}",
            at=(*spare.at, "subnet_ids"),
        )


@dataclass(frozen=True)
class _Demand:
    """What one group takes: `per_node` addresses for each of its nodes, from any of `subnet_ids`.

    With interfaces for EFA alone it would be `efa_only`.
    """

    group: Group
    at: Path
    per_node: int
    efa_only: int
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Room:
    """Subnets and the groups that can go nowhere else."""

    subnets: tuple[Subnet, ...]
    demands: tuple[_Demand, ...]

    @property
    def free(self) -> int:
        return sum(subnet.free_addresses for subnet in self.subnets)

    @property
    def needed(self) -> int:
        return sum(demand.per_node * demand.group.count for demand in self.demands)

    @property
    def largest(self) -> _Demand:
        return max(self.demands, key=lambda demand: demand.per_node)

    @property
    def subject(self) -> str:
        return ", ".join(subnet.subnet_id for subnet in self.subnets)

    @property
    def shown(self) -> str:
        return ", ".join(f"`{subnet.subnet_id}`" for subnet in self.subnets)

    @property
    def have(self) -> str:
        return "has" if len(self.subnets) == 1 else "have"

    def fits(self, spare: _Demand | None = None) -> bool:
        """Whether all nodes fit, and one more of `spare`: by the sum, and each group node by node."""
        if self.needed + (spare.per_node if spare else 0) > self.free:
            return False
        return all(demand.group.count + (demand is spare) <= self._nodes(demand.per_node) for demand in self.demands)

    def evidence(self) -> Iterator[str]:
        for subnet in self.subnets:
            yield f"{subnet.subnet_id}: {subnet.free_addresses} free"
        for demand in self.demands:
            yield f"{demand.group.name}: {demand.group.count} x {demand.per_node}"

    def _nodes(self, per_node: int) -> int:
        return sum(subnet.free_addresses // per_node for subnet in self.subnets)


def _demands(spec: ClusterSpec, choose: Callable[[Iterable[int]], int]) -> Iterator[_Demand]:
    for path, group, network in placed_groups(spec):
        figures = [figure for figure in _figures(spec, group) if figure is not None]
        if figures and group.count:
            ids = tuple(sorted(set(network.subnet_ids)))
            leaner = [figure for figure in _figures(spec, group, efa_only=_can_choose(group)) if figure is not None]
            yield _Demand(group, network_path(path, group), choose(figures), choose(leaner), ids)


def _figures(spec: ClusterSpec, group: Group, *, efa_only: bool = False) -> list[int | None]:
    leaner = efa_only or _efa_only(group)
    return [_addresses(instance_type(name), spec.kind_of_orchestrator, efa_only=leaner) for name in group.types]


def _addresses(kind: InstanceType, orchestrator: Orchestrator, *, efa_only: bool) -> int | None:
    figure = kind.addresses(orchestrator)
    if figure is None or not (efa_only and kind.has_efa):
        return figure
    return figure - ((kind.network_cards or 1) - 1)


def _can_choose(group: Group) -> bool:
    """Whether the kind of the group's interfaces can be chosen at all: restricted groups have no such member."""
    return isinstance(group, InstanceGroup)


def _efa_only(group: Group) -> bool:
    interface = group.network_interface if isinstance(group, InstanceGroup) else None
    return interface is not None and interface.interface_type == "efa-only"


def _rooms(demands: Iterable[_Demand], subnets: Mapping[str, Subnet]) -> Iterator[_Room]:
    """Yield what must hold together: each set of subnets with the groups confined to it, small sets first.

    A set that one group names is one; so is every union of sets that overlap.
    """
    wanted = tuple(demands)
    sets = list(dict.fromkeys(frozenset(demand.subnet_ids) for demand in wanted))
    for ids in sorted(dict.fromkeys((*sets, *_unions(sets))), key=len):
        inside = tuple(demand for demand in wanted if ids.issuperset(demand.subnet_ids))
        yield _Room(tuple(subnets[subnet_id] for subnet_id in subnets if subnet_id in ids), inside)


def _smallest(rooms: Iterable[_Room]) -> Iterator[_Room]:
    """Leave out rooms around one that was told already."""
    told: list[set[Subnet]] = []
    for room in rooms:
        if not any(inner.issubset(room.subnets) for inner in told):
            told.append(set(room.subnets))
            yield room


def _unions(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    unions: list[frozenset[str]] = []
    for one in sets:
        touched = [union for union in unions if union & one]
        unions = [union for union in unions if not union & one]
        unions.append(one.union(*touched))
    return unions


def _unknown_figures(spec: ClusterSpec) -> Iterator[Finding]:
    for path, group, _network in placed_groups(spec):
        if unknown := [name for name, figure in zip(group.types, _figures(spec, group), strict=True) if figure is None]:
            yield note(
                f"instance group/{group.name}",
                f"how many addresses `{'`, `'.join(unknown)}` takes is not known, so they are not counted",
                at=path,
            )


def _prefix(addresses: int) -> int:
    """Give the prefix length of the smallest subnet with so many addresses, the largest there is at most."""
    return max(32 - (addresses + AWS_KEEPS - 1).bit_length(), LARGEST_SUBNET)


def _short(room: _Room) -> str:
    if room.needed > room.free:
        return f"and the nodes need {room.needed}"
    return "too scattered for the nodes, each of which takes its addresses from one subnet"


def _saving(room: _Room) -> str:
    """Say it when interfaces for EFA alone are enough to make the nodes fit."""
    leaner = tuple(replace(demand, per_node=demand.efa_only) for demand in room.demands)
    if not replace(room, demands=leaner).fits():
        return ""
    names = [demand.group.name for demand in room.demands if demand.efa_only < demand.per_node]
    return f"; or take fewer: `network_interface: {{interface_type: efa-only}}` for `{'`, `'.join(names)}`"
