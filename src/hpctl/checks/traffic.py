"""What the rules of security groups let through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, collapse_addresses, ip_network

from hpctl.facts.network import Direction, Permission, SecurityGroup

ALL_PROTOCOLS = "-1"
"""AWS's word for every protocol, EFA's own included."""

HTTPS = 443
"""The TCP port of AWS's APIs."""

EVERYWHERE = "0.0.0.0/0"
"""All of IPv4, which is what AWS's endpoints speak by default."""

_TCP = ("tcp", "6")


def rules(groups: Iterable[SecurityGroup], direction: Direction) -> Iterator[Permission]:
    """Yield the rules of all groups for one direction: an interface has those of all its groups together."""
    for group in groups:
        yield from (rule for rule in group.permissions if rule.direction is direction)


def admits_itself(group: SecurityGroup, direction: Direction) -> bool:
    """Whether members of the group may send each other everything; a rule for 0.0.0.0/0 is not the same to EFA."""
    return any(rule.protocol == ALL_PROTOCOLS and rule.group_id == group.group_id for rule in rules([group], direction))


def https(rule: Permission) -> bool:
    """Whether the rule is about TCP port 443 (also)."""
    if rule.protocol == ALL_PROTOCOLS:
        return True
    first, last = rule.from_port, rule.to_port
    return rule.protocol in _TCP and (first is None or last is None or first <= HTTPS <= last)


def covers(rule: Permission, cidr: str) -> bool:
    """Whether the rule's peer is a CIDR block that holds all of `cidr`."""
    return rule.cidr is not None and within(cidr, rule.cidr)


def within(cidr: str, other: str) -> bool:
    """Whether a CIDR block lies in another; AWS's endpoints do not speak IPv6 by default, whose blocks lie in none."""
    try:
        return IPv4Network(cidr, strict=False).subnet_of(IPv4Network(other, strict=False))
    except ValueError:
        return False


def blocks(permissions: Iterable[Permission]) -> list[str]:
    """Return the IPv4 blocks that rules name, joined where they are neighbours: two halves are `EVERYWHERE`."""
    found = (IPv4Network(rule.cidr, strict=False) for rule in permissions if rule.cidr and ":" not in rule.cidr)
    return [str(block) for block in collapse_addresses(found)]


def public(block: str) -> bool:
    """Whether a block holds public addresses, such as AWS's services have."""
    return ip_network(block, strict=False).is_global


def shown(rule: Permission) -> str:
    """Write a rule in one line: protocol, ports, peer."""
    ports = {str(port) for port in (rule.from_port, rule.to_port) if port is not None}
    where = "-".join(sorted(ports, key=int))
    peer = rule.group_id or rule.cidr or rule.prefix_list_id or "nobody"
    return " ".join(part for part in (rule.protocol, where, peer) if part)
