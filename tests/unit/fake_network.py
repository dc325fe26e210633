"""The network of a test's account in memory: subnets, routes, guards, name servers and endpoints."""

from __future__ import annotations

from collections.abc import Iterable

from hpctl.errors import NotFoundError
from hpctl.facts.dhcp import DhcpOptions
from hpctl.facts.endpoints import Endpoint
from hpctl.facts.network import (
    Direction,
    Interface,
    NatGateway,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from tests.unit.builders import (
    REGION,
    a_network_acl,
    a_permission,
    a_route_table,
    a_security_group,
    a_subnet,
    a_vpc,
    an_endpoint,
)
from tests.unit.fake_calls import CallLog


class FakeNetwork:
    """One VPC with private subnets in two zones, a NAT gateway and an S3 endpoint. Every type is offered in the zones
    of the subnets, unless `offered` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_subnets = [
            a_subnet(),
            a_subnet("subnet-2", "usw2-az2", zone=f"{REGION}b", cidr="10.0.16.0/20"),
        ]
        joins = a_permission(Direction.IN, "tcp", ports=(443, 443), group_id="sg-nodes")
        self.known_groups = [a_security_group(), a_security_group("sg-eks", permissions=(joins,))]
        self.known_vpcs = [a_vpc()]
        self.known_tables = [a_route_table()]
        self.known_endpoints = [an_endpoint()]
        self.nat_gateways = [NatGateway("nat-1")]
        self.known_acls = [a_network_acl()]
        self.offered: dict[str, set[str]] = {}
        self.count_of_interfaces = 10
        self.known_interfaces: list[Interface] = []

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        wanted = tuple(subnet_ids)
        self._log.record("network.subnets", wanted)
        return tuple(row for row in self.known_subnets if row.subnet_id in wanted)

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        wanted = tuple(group_ids)
        self._log.record("network.security_groups", wanted)
        return tuple(row for row in self.known_groups if row.group_id in wanted)

    def vpc(self, vpc_id: str) -> Vpc:
        self._log.record("network.vpc", vpc_id)
        for vpc in self.known_vpcs:
            if vpc.vpc_id == vpc_id:
                return vpc
        raise NotFoundError(f"there is no VPC `{vpc_id}`")

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        self._log.record("network.route_tables", vpc_id)
        return tuple(row for row in self.known_tables if row.vpc_id == vpc_id)

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        self._log.record("network.endpoints", vpc_id)
        return tuple(row for row in self.known_endpoints if row.vpc_id == vpc_id)

    def active_nat_gateways(self, vpc_id: str) -> tuple[NatGateway, ...]:
        self._log.record("network.active_nat_gateways", vpc_id)
        return tuple(self.nat_gateways)

    def network_acls(self, vpc_id: str) -> tuple[NetworkAcl, ...]:
        self._log.record("network.network_acls", vpc_id)
        return tuple(row for row in self.known_acls if row.vpc_id == vpc_id)

    def zones_offering(self, instance_type: str) -> frozenset[str]:
        self._log.record("network.zones_offering", instance_type)
        return frozenset(self.offered.get(instance_type, {row.zone_id for row in self.known_subnets}))

    def interfaces(self, subnet_ids: Iterable[str]) -> tuple[Interface, ...]:
        wanted = set(subnet_ids)
        self._log.record("network.interfaces", *sorted(wanted))
        return tuple(one for one in self.known_interfaces if one.subnet_id in wanted)

    def interface_count(self) -> int:
        self._log.record("network.interface_count")
        return self.count_of_interfaces


class FakeEndpoints:
    """Endpoints that answer, each that of one service."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        names = ("ec2", "sagemaker", "sts")
        self.known = [Endpoint(f"{name}.{REGION}.amazonaws.com", (name,)) for name in names]

    def tried(self) -> tuple[Endpoint, ...]:
        self._log.record("endpoints.tried")
        return tuple(self.known)


class FakeDhcp:
    """The DHCP options of all VPCs."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.name_servers: tuple[str, ...] = ("AmazonProvidedDNS",)

    def options(self, options_id: str) -> DhcpOptions:
        self._log.record("dhcp.options", options_id)
        return DhcpOptions(options_id, self.name_servers)
