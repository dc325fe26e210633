"""The way from nodes to the file systems that they mount: VPC, Availability Zone, and the ports of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.found import named_security_groups, named_subnets
from hpctl.checks.mounts import WORDS, Kind, Mount, found, mounted_by, networks_of
from hpctl.checks.paths import serving_table
from hpctl.checks.traffic import ALL_PROTOCOLS, covers, rules, shown, within
from hpctl.errors import UnavailableError
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.network import Direction, Permission, SecurityGroup, Subnet
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.network import Network

_NEEDS = ("storage-fsx-exists", "network-ids-exist")
_NAMED = ("fsx:DescribeFileSystems", "s3:ListBucket", "s3:GetObject")
_TCP = (ALL_PROTOCOLS, "tcp", "6")
_PORTS: dict[Kind, tuple[tuple[int, int], ...]] = {"LUSTRE": ((988, 988), (1018, 1023)), "OPENZFS": ((2049, 2049),)}
"""TCP ports (Amazon FSx user guides, limiting access with security groups); NFS 4 takes 2049 alone."""

_TO_OTHER_VPCS = ("pcx-", "tgw-")


@check(
    "storage-fsx-vpc-az",
    "file systems are in the VPC and the Availability Zone of the nodes",
    about=("network", "instance_groups"),
    needs=_NEEDS,
    reads=(*_NAMED, "ec2:DescribeSubnets", "ec2:DescribeRouteTables"),
)
def fsx_vpc_az(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes mount a file system over its network interface, in the subnet in which it was made.

    In another VPC it cannot be reached ("mount.lustre: Connection timed out"), unless a route of the nodes' subnets
    leads there by VPC peering or a transit gateway, which is noted only. In another zone of the same VPC it can, but
    every read and write is slower and costs data transfer, and EFA to Lustre does not work; so that is a warning.
    What counts is the zone's *id*.
    """
    subnets = named_subnets(spec, world)
    for file_system, several in found(spec, world):
        homes = list(world.subnets(file_system.subnet_ids).values())
        for network, mount in networks_of(spec, several):
            nodes = [subnets[subnet_id] for subnet_id in network.subnet_ids]
            if any(node.vpc_id != file_system.vpc_id for node in nodes):
                yield _elsewhere(world, file_system, mount, nodes, homes)
            elif homes and not {home.zone_id for home in homes} & {node.zone_id for node in nodes}:
                yield _far(file_system, mount, nodes, homes)


@check(
    "storage-fsx-ports",
    "security groups let nodes and file systems talk",
    about=("network", "instance_groups"),
    needs=(*_NEEDS, "storage-fsx-vpc-az"),
    reads=(*_NAMED, "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces"),
)
def fsx_ports(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Lustre takes TCP 988 and 1018-1023 both ways: its servers call their clients, too. OpenZFS takes TCP 2049.

    The rules of the groups on the file system's network interfaces and of the nodes' groups must let that through:
    by the other side's group, its addresses, or a prefix list. One group for both that refers to itself does. Without
    them the mount ends in "mount.lustre: Connection timed out" and the lifecycle scripts with it.
    """
    subnets, groups = named_subnets(spec, world), named_security_groups(spec, world)
    for file_system, several in found(spec, world):
        guards = world.security_groups(sorted(world.guards_of(file_system)))
        if not guards:
            # One that is shared from elsewhere shows no interfaces: what was not seen must not count as open.
            raise UnavailableError(f"the security groups of file system `{file_system.file_system_id}` are not known")
        homes = [home.cidr for home in world.subnets(file_system.subnet_ids).values()]
        file_side = _Side(tuple(guards.values()), tuple(homes))
        for network, mount in networks_of(spec, several):
            node_side = _node_side(network, subnets, groups)
            for flow in _flows(mount.kind, file_side, node_side):
                if closed := flow.closed(_PORTS[mount.kind]):
                    yield _shut(world, file_system, mount, flow, closed)


@dataclass(frozen=True)
class _Side:
    """One end of the way: its security groups and the address ranges of its subnets."""

    groups: tuple[SecurityGroup, ...]
    cidrs: tuple[str, ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(group.group_id for group in self.groups)


@dataclass(frozen=True)
class _Flow:
    """What the groups of one side let through for the other one."""

    side: _Side
    direction: Direction
    peer: _Side

    @property
    def rules(self) -> list[Permission]:
        return list(rules(self.side.groups, self.direction))

    def closed(self, ports: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the ranges of ports that are not let through as a whole."""
        return [(first, last) for first, last in ports if not all(map(self._admits, range(first, last + 1)))]

    def _admits(self, port: int) -> bool:
        fitting = [rule for rule in self.rules if _about(rule, port)]
        if any(rule.group_id in self.peer.ids or rule.prefix_list_id for rule in fitting):
            return True
        return bool(self.peer.cidrs) and all(any(covers(rule, cidr) for rule in fitting) for cidr in self.peer.cidrs)


def _node_side(network: Network, subnets: dict[str, Subnet], groups: dict[str, SecurityGroup]) -> _Side:
    members = tuple(groups[group_id] for group_id in dict.fromkeys(network.security_group_ids))
    return _Side(members, tuple(subnets[subnet_id].cidr for subnet_id in network.subnet_ids))


def _flows(kind: Kind, files: _Side, nodes: _Side) -> tuple[_Flow, ...]:
    mounting = (_Flow(files, Direction.IN, nodes), _Flow(nodes, Direction.OUT, files))
    match kind:
        case "LUSTRE":
            return (*mounting, _Flow(files, Direction.OUT, nodes), _Flow(nodes, Direction.IN, files))
        case "OPENZFS":
            return mounting


def _about(rule: Permission, port: int) -> bool:
    if rule.protocol == ALL_PROTOCOLS or rule.from_port is None or rule.to_port is None:
        return rule.protocol in _TCP
    return rule.protocol in _TCP and rule.from_port <= port <= rule.to_port


def _elsewhere(
    world: World, file_system: FileSystem, mount: Mount, nodes: Sequence[Subnet], homes: Sequence[Subnet]
) -> Finding:
    message = f"file system `{file_system.file_system_id}` is in `{file_system.vpc_id}`, the nodes in another VPC"
    evidence = (f"nodes: {', '.join(f'{one.subnet_id} ({one.vpc_id})' for one in nodes)}", mounted_by([mount]))
    if homes and all(_leads(world, node, homes) for node in nodes):
        return note(mount.subject, f"{message}, from which a route leads there", *evidence, at=mount.at("dns_name"))
    remedy = f"mount a file system of `{nodes[0].vpc_id}`, or route `{file_system.vpc_id}` to it by VPC peering"
    return fail(mount.subject, message, *evidence, remedy=remedy, at=mount.at("dns_name"))


def _leads(world: World, node: Subnet, homes: Sequence[Subnet]) -> bool:
    routes = [
        route
        for route in serving_table(world, node).routes
        if route.state == "active" and route.target.startswith(_TO_OTHER_VPCS)
    ]
    return all(any(within(home.cidr, route.destination) for route in routes) for home in homes)


def _far(file_system: FileSystem, mount: Mount, nodes: Sequence[Subnet], homes: Sequence[Subnet]) -> Finding:
    zones = ", ".join(sorted({home.zone_id for home in homes}))
    return warn(
        mount.subject,
        f"file system `{file_system.file_system_id}` is in another Availability Zone than the nodes that mount it",
        f"file system: {zones}",
        f"nodes: {', '.join(sorted({node.zone_id for node in nodes}))}",
        mounted_by([mount]),
        remedy=f"mount a file system in subnet `{nodes[0].subnet_id}` (`{nodes[0].zone_id}`), "
        f"or put the nodes into a subnet of `{zones}`",
        at=mount.at("dns_name"),
    )


def _shut(
    world: World, file_system: FileSystem, mount: Mount, flow: _Flow, closed: Sequence[tuple[int, int]]
) -> Finding:
    owner, peer = min(flow.side.ids), min(flow.peer.ids)
    command = "ingress" if flow.direction is Direction.IN else "egress"
    needed = " and ".join(str(first) if first == last else f"{first}-{last}" for first, last in closed)
    allowed = " ".join(
        f"'IpProtocol=tcp,FromPort={first},ToPort={last},UserIdGroupPairs=[{{GroupId={peer}}}]'"
        for first, last in closed
    )
    return fail(
        owner,
        f"`{owner}` does not let {WORDS[mount.kind]} of `{file_system.file_system_id}` {flow.direction}",
        f"seen {flow.direction}: {', '.join(map(shown, flow.rules)) or 'no rule'}",
        f"needed {flow.direction}: tcp {needed} {peer}",
        mounted_by([mount]),
        remedy=f"aws ec2 authorize-security-group-{command} --region {world.identity().region} --group-id {owner} "
        f"--ip-permissions {allowed}",
        at=mount.at("dns_name"),
    )
