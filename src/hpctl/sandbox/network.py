"""What the network of moto's EC2 lets nodes do: where subnets lead, what security groups and network ACLs admit."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_ALL_PROTOCOLS = "-1"
_TLS = 443
# Where a client of Linux hears answers, and an address of AWS's own (AWS documentation, ip-ranges.json).
_ANSWERS, _AWS = 45000, IPv4Address("52.94.0.1")
# Nodes talk to these; without any other way out each of them needs an endpoint (AWS guides for HyperPod).
_SERVICES = ("s3", "ecr.api", "ecr.dkr", "sts", "ssm", "ssmmessages", "ec2messages", "ec2", "sagemaker.api", "logs")
_EKS_SERVICES = ("eks", "eks-auth")


@dataclass(frozen=True)
class Network:
    """The network of one Region, over moto's EC2 backend."""

    ec2: Any
    region: str

    def admits_itself(self, group_id: str) -> bool:
        """Whether a security group lets its own members talk to each other, in and out, on all protocols."""
        group = self.ec2.get_security_group_from_id(group_id)
        return all(
            any(_of_group(rule, {group_id}) and rule.ip_protocol == _ALL_PROTOCOLS for rule in rules)
            for rules in (group.ingress_rules, group.egress_rules)
        )

    def boots(self, subnet_id: str, group_ids: Iterable[str], *, eks: bool) -> bool:
        """Whether an instance without a public address gets up here: it has names, and reaches AWS's services."""
        subnet, groups = self.ec2.get_subnet(subnet_id), set(group_ids)
        vpc = self.ec2.get_vpc(subnet.vpc_id)
        if not vpc.enable_dns_support or not vpc.enable_dns_hostnames:
            return False
        if any(map(_is_public, self._defaults(subnet.id))):
            return False
        return all(self._reaches(service, subnet, groups) for service in (*_SERVICES, *(_EKS_SERVICES if eks else ())))

    def connects(self, subnet_id: str, group_ids: Iterable[str], interface_ids: Iterable[str], port: int) -> bool:
        """Whether an instance here gets through to TCP ports of interfaces elsewhere in its VPC."""
        here, groups = self.ec2.get_subnet(subnet_id), set(group_ids)
        there = [self.ec2.enis[each] for each in interface_ids]
        if any(each.subnet.vpc_id != here.vpc_id for each in there):
            return False
        guards = {group.id for each in there for group in each.group_set}
        places = [IPv4Network(each.subnet.cidr_block) for each in there]
        near = [IPv4Network(here.cidr_block)]
        return self._lets(groups, "egress_rules", (guards, places), port) and self._lets(
            guards, "ingress_rules", (groups, near), port
        )

    def _lets(self, owners: set[str], direction: str, peer: tuple[set[str], list[IPv4Network]], port: int) -> bool:
        rules = [
            rule
            for owner in owners
            for rule in getattr(self.ec2.get_security_group_from_id(owner), direction)
            if _is_about(rule, port)
        ]
        groups, places = peer
        by_group = any(_of_group(rule, groups) or rule.prefix_list_id for rule in rules)
        return by_group or all(any(_holds(rule, place) for rule in rules) for place in places)

    def _reaches(self, service: str, subnet: Any, groups: set[str]) -> bool:
        endpoints = [each for each in self._endpoints(subnet.vpc_id) if each.service_name.endswith(f".{service}")]
        if inside := [each for each in endpoints if _is_interface(each)]:
            return any(self._reaches_endpoint(each, subnet, groups) for each in inside)
        table = self._table(subnet.id)
        outside = any(table.id in (each.route_table_ids or ()) for each in endpoints) or self._leads_out(subnet.id)
        return outside and any(map(_is_out, self._tls(groups, "egress_rules"))) and self._passes(subnet, _AWS)

    def _reaches_endpoint(self, endpoint: Any, subnet: Any, groups: set[str]) -> bool:
        guards = set(endpoint.security_group_ids)
        places = [IPv4Network(self.ec2.get_subnet(each).cidr_block) for each in endpoint.subnet_ids or ()]
        sent = any(
            _of_group(rule, guards) or rule.prefix_list_id or any(_holds(rule, place) for place in places)
            for rule in self._tls(groups, "egress_rules")
        )
        here = IPv4Network(subnet.cidr_block)
        # A guard that names no rules is not one: EC2 puts an endpoint without groups into the VPC's default group.
        heard = not guards or any(
            _of_group(rule, groups) or rule.prefix_list_id or _holds(rule, here)
            for rule in self._tls(guards, "ingress_rules")
        )
        return sent and heard and any(self._passes(subnet, place[4]) for place in places)

    def _tls(self, group_ids: Iterable[str], direction: str) -> Iterator[Any]:
        for group_id in group_ids:
            rules = getattr(self.ec2.get_security_group_from_id(group_id), direction)
            yield from (rule for rule in rules if _is_tls(rule))

    def _passes(self, subnet: Any, peer: IPv4Address) -> bool:
        """Whether the subnet's network ACL lets HTTPS to a peer out and its answers in; the lowest number decides."""
        if peer in IPv4Network(subnet.cidr_block):
            return True
        acls = self.ec2.network_acls.values()
        acl = next(each for each in acls if any(one.subnet_id == subnet.id for one in each.associations))
        return _lets(acl, _TLS, peer, egress=True) and _lets(acl, _ANSWERS, peer, egress=False)

    def _defaults(self, subnet_id: str) -> list[Any]:
        routes = self._table(subnet_id).routes
        return [route for route in routes if _destination(route) in _EVERYWHERE and not route.local]

    def _table(self, subnet_id: str) -> Any:
        vpc_id = self.ec2.get_subnet(subnet_id).vpc_id
        tables = [table for table in self.ec2.route_tables.values() if table.vpc_id == vpc_id]
        explicit = [
            table
            for table in tables
            if any(association.get("SubnetId") == subnet_id for association in table.associations)
        ]
        return (explicit or [table for table in tables if table.main_association_id is not None])[0]

    def _leads_out(self, subnet_id: str) -> bool:
        routes = self._defaults(subnet_id)
        return any(map(_is_other_network, routes)) or any(
            self._nat_leads_out(route.nat_gateway_id) for route in routes if route.nat_gateway_id is not None
        )

    def _nat_leads_out(self, gateway_id: str) -> bool:
        nat = self.ec2.nat_gateways.get(gateway_id)
        if nat is None or nat.state != "available":
            return False
        routes = self._defaults(nat.subnet_id)
        public = nat.connectivity_type != "private" and any(map(_is_public, routes))
        return public or any(map(_is_other_network, routes))

    def _endpoints(self, vpc_id: str) -> list[Any]:
        found = (each for each in self.ec2.vpc_end_points.values() if each.vpc_id == vpc_id)
        services = {f"com.amazonaws.{self.region}.{service}" for service in (*_SERVICES, *_EKS_SERVICES)}
        return [each for each in found if each.state == "available" and each.service_name in services]


def _is_interface(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type).lower() == "interface" and bool(endpoint.private_dns_enabled)


def _of_group(rule: Any, group_ids: set[str]) -> bool:
    return (rule.source_group or {}).get("GroupId") in group_ids


def _is_tls(rule: Any) -> bool:
    return _is_about(rule, _TLS)


def _is_about(rule: Any, port: int) -> bool:
    return rule.ip_protocol == _ALL_PROTOCOLS or (
        rule.ip_protocol in {"tcp", "6"} and int(rule.from_port) <= port <= int(rule.to_port)
    )


def _is_out(rule: Any) -> bool:
    cidr = (rule.ip_range or {}).get("CidrIp")
    return rule.prefix_list_id is not None or (cidr is not None and IPv4Network(cidr, strict=False).is_global)


def _holds(rule: Any, network: IPv4Network) -> bool:
    cidr = (rule.ip_range or {}).get("CidrIp")
    return cidr is not None and network.subnet_of(IPv4Network(cidr, strict=False))


def _lets(acl: Any, port: int, peer: IPv4Address, *, egress: bool) -> bool:
    entries = [each for each in acl.network_acl_entries if _concerns(each, port, peer, egress=egress)]
    first = min(entries, key=lambda entry: int(entry.rule_number), default=None)
    return first is not None and first.rule_action == "allow"


def _concerns(entry: Any, port: int, peer: IPv4Address, *, egress: bool) -> bool:
    if (str(entry.egress).lower() == "true") is not egress or not entry.cidr_block:
        return False
    if entry.protocol != _ALL_PROTOCOLS:
        first, last = entry.port_range_from, entry.port_range_to
        if entry.protocol != "6" or (first is not None and not int(first) <= port <= int(last)):
            return False
    return peer in IPv4Network(entry.cidr_block, strict=False)


def _destination(route: Any) -> str | None:
    found: str | None = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return found


def _is_public(route: Any) -> bool:
    return str(route.gateway_id or "").startswith("igw-")


def _is_other_network(route: Any) -> bool:
    return any((route.transit_gateway, route.vpc_pcx, route.interface, route.instance))
