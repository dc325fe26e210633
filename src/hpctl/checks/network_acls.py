"""Network ACLs: the subnets' borders are open for HTTPS and for what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.found import subnets_in_use
from hpctl.checks.paths import has_way_out, serving_table
from hpctl.checks.traffic import EVERYWHERE, HTTPS, public, within
from hpctl.checks.walk import places
from hpctl.errors import UnavailableError
from hpctl.facts.network import AclEntry, Direction, NetworkAcl, Subnet
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

_TCP = ("-1", "6")
_NEEDED = ((Direction.OUT, (HTTPS, HTTPS)), (Direction.IN, (1024, 65535)))
_ASKED = {Direction.OUT: (HTTPS,), Direction.IN: (32768, 60999)}
"""Linux takes the ports that answers come back to from here (net.ipv4.ip_local_port_range); AWS advises 1024-65535."""

_USUAL_NUMBER = 100


@dataclass(frozen=True)
class _Border:
    """One direction of a subnet's ACL, towards where AWS's services are: `peer`, a CIDR block."""

    acl: NetworkAcl
    direction: Direction
    ports: tuple[int, int]
    peer: str

    @property
    def entries(self) -> tuple[AclEntry, ...]:
        return tuple(entry for entry in self.acl.entries if entry.direction is self.direction)

    def decides(self, port: int) -> AclEntry | None:
        """The entry that decides about all of the peer's addresses, None when it is EC2's last one, which denies."""
        return next((entry for entry in self.entries if _about(entry, port) and within(self.peer, entry.cidr)), None)

    @property
    def shut(self) -> bool:
        """Whether one of the ports is closed."""
        found = map(self.decides, _ASKED[self.direction])
        return any(entry is None or not entry.allow for entry in found)

    @property
    def partly_open(self) -> bool:
        """Whether some public addresses get through all the same, by an entry in front of what decides."""
        port = _ASKED[self.direction][0]
        end = self.decides(port)
        ahead = (entry for entry in self.entries if end is None or entry.number < end.number)
        return any(entry.allow and public(entry.cidr) and _about(entry, port) for entry in ahead)


@check(
    "network-nacl",
    "network ACLs let nodes call AWS services and hear the answers",
    about=("network", "instance_groups"),
    needs=("network-egress-path",),
    reads=(
        "ec2:DescribeSubnets",
        "ec2:DescribeRouteTables",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeVpcs",
    ),
)
def network_acl(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A network ACL stands at the border of a subnet and does not remember connections.

    So it must let HTTPS out, and TCP on the ports 1024-65535 in, where the answers arrive: for all addresses where the
    subnet leads to a NAT gateway, for those of the VPC where VPC endpoints stand in for it. EC2's default ACL lets
    everything through, a new one nothing. The entry with the lowest number that fits decides. Traffic inside of a
    subnet and to the VPC's resolver passes by.
    """
    at = places(spec)
    told: set[_Border] = set()
    for subnet in subnets_in_use(spec, world).values():
        for border in _borders(world, subnet):
            if border not in told and border.shut:
                told.add(border)
                report = warn if border.partly_open else fail
                yield report(
                    border.acl.acl_id,
                    _message(border, subnet),
                    f"seen {border.direction}: {', '.join(map(_shown, border.entries)) or 'no entry'}",
                    f"needed {border.direction}: allow tcp {_range(border.ports)} {border.peer}",
                    remedy=_open(border, world.identity().region),
                    at=at["subnet_ids", subnet.subnet_id],
                )


def _borders(world: World, subnet: Subnet) -> Iterator[_Border]:
    acl = next((one for one in world.network_acls(subnet.vpc_id) if subnet.subnet_id in one.subnet_ids), None)
    if acl is None:
        raise UnavailableError(f"no network ACL of `{subnet.vpc_id}` is told for `{subnet.subnet_id}`")
    outside = has_way_out(world, serving_table(world, subnet))
    for peer in [EVERYWHERE] if outside else world.vpc(subnet.vpc_id).cidrs:
        if ":" not in peer:
            for direction, ports in _NEEDED:
                yield _Border(acl, direction, ports, peer)


def _about(entry: AclEntry, port: int) -> bool:
    first, last = entry.from_port, entry.to_port
    return entry.protocol in _TCP and (first is None or last is None or first <= port <= last)


def _message(border: _Border, subnet: Subnet) -> str:
    some = "all " if border.partly_open else ""
    match border.direction:
        case Direction.OUT:
            return f"`{border.acl.acl_id}` does not let {some}HTTPS out of `{subnet.subnet_id}`"
        case Direction.IN:
            return f"`{border.acl.acl_id}` does not let {some}answers into `{subnet.subnet_id}`"


def _shown(entry: AclEntry) -> str:
    protocol = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp"}.get(entry.protocol, entry.protocol)
    ports = "" if entry.from_port is None or entry.to_port is None else f" {_range((entry.from_port, entry.to_port))}"
    return f"{entry.number} {'allow' if entry.allow else 'deny'} {protocol}{ports} {entry.cidr}"


def _range(ports: tuple[int, int]) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"


def _open(border: _Border, region: str) -> str:
    number = _free_number(border)
    if number is None:
        return f"delete the entries of `{border.acl.acl_id}` that deny it, or give them higher numbers"
    return (
        f"aws ec2 create-network-acl-entry --region {region} --network-acl-id {border.acl.acl_id} "
        f"--rule-number {number} --protocol tcp --port-range From={border.ports[0]},To={border.ports[1]} "
        f"--cidr-block {border.peer} --rule-action allow "
        f"{'--egress' if border.direction is Direction.OUT else '--ingress'}"
    )


def _free_number(border: _Border) -> int | None:
    """Find a number in front of what denies: the highest free one up to the usual."""
    taken = {entry.number for entry in border.entries}
    denying = [entry.number for port in _ASKED[border.direction] if (entry := border.decides(port)) and not entry.allow]
    return next(
        (number for number in range(min([_USUAL_NUMBER, *(one - 1 for one in denying)]), 0, -1) if number not in taken),
        None,
    )
