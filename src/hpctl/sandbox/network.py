"""What the network of moto's EC2 lets nodes do: where subnets lead, what security groups admit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_ALL_PROTOCOLS = "-1"
_TLS = 443
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
            any(_of_group(rule, group_id) and rule.ip_protocol == _ALL_PROTOCOLS for rule in rules)
            for rules in (group.ingress_rules, group.egress_rules)
        )

    def lets_out(self, group_ids: Iterable[str]) -> bool:
        """Whether one of these security groups lets TLS out to more than a security group."""
        groups = [self.ec2.get_security_group_from_id(group_id) for group_id in group_ids]
        return any(_lets_out(rule) for group in groups for rule in group.egress_rules)

    def boots(self, subnet_id: str, *, eks: bool) -> bool:
        """Whether an instance without a public address gets up here: it has names, and a way to AWS's services."""
        subnet = self.ec2.get_subnet(subnet_id)
        vpc = self.ec2.get_vpc(subnet.vpc_id)
        if not vpc.enable_dns_support or not vpc.enable_dns_hostnames:
            return False
        table = self._table(subnet)
        routes = [route for route in table.routes if _destination(route) in _EVERYWHERE and not route.local]
        if any(_is_public(route) for route in routes):
            return False
        if any(self._leads_out(route) for route in routes):
            return True
        return self._has_endpoints(subnet, table, (*_SERVICES, *(_EKS_SERVICES if eks else ())))

    def _table(self, subnet: Any) -> Any:
        tables = [table for table in self.ec2.route_tables.values() if table.vpc_id == subnet.vpc_id]
        explicit = [
            table
            for table in tables
            if any(association.get("SubnetId") == subnet.id for association in table.associations)
        ]
        return (explicit or [table for table in tables if table.main_association_id is not None])[0]

    def _leads_out(self, route: Any) -> bool:
        if route.nat_gateway_id is not None:
            nat = self.ec2.nat_gateways.get(route.nat_gateway_id)
            return nat is not None and nat.state == "available"
        return any((route.transit_gateway, route.vpc_pcx, route.interface, route.instance, route.egress_only_igw))

    def _has_endpoints(self, subnet: Any, table: Any, services: tuple[str, ...]) -> bool:
        endpoints = [each for each in self.ec2.vpc_end_points.values() if each.vpc_id == subnet.vpc_id]
        reached = {
            each.service_name
            for each in endpoints
            if each.state == "available" and (_is_interface(each) or table.id in (each.route_table_ids or []))
        }
        return reached >= {f"com.amazonaws.{self.region}.{service}" for service in services}


def _is_interface(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type).lower() == "interface" and bool(endpoint.private_dns_enabled)


def _of_group(rule: Any, group_id: str) -> bool:
    return bool((rule.source_group or {}).get("GroupId") == group_id)


def _lets_out(rule: Any) -> bool:
    if not rule.ip_range and rule.prefix_list_id is None:
        return False
    return rule.ip_protocol == _ALL_PROTOCOLS or (
        rule.ip_protocol == "tcp" and int(rule.from_port) <= _TLS <= int(rule.to_port)
    )


def _destination(route: Any) -> str | None:
    found: str | None = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return found


def _is_public(route: Any) -> bool:
    return str(route.gateway_id or "").startswith("igw-")
