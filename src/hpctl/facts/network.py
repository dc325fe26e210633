"""Rows about a VPC and what is in it, in EC2's words (source: botocore's service model)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet (EC2 DescribeSubnets). `zone_id` is the same in every account, `zone` is not.

    `name` is what its tags call it, if they do.
    """

    subnet_id: str
    vpc_id: str
    zone: str
    zone_id: str
    cidr: str
    free_addresses: int
    name: str = ""


class Direction(StrEnum):
    """Which way a security group rule lets traffic."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule of a security group for one peer: a group of the same account, or a CIDR block, or a prefix list.

    `protocol` is AWS's word (`-1` is every protocol); ports are None where the protocol has none or all count.
    """

    direction: Direction
    protocol: str
    from_port: int | None
    to_port: int | None
    group_id: str | None = None
    cidr: str | None = None
    prefix_list_id: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """One security group with its rules (EC2 DescribeSecurityGroups)."""

    group_id: str
    name: str
    vpc_id: str
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where traffic for `destination` (CIDR block or prefix list) goes (`local`, `igw-…`, `nat-…`, …)."""

    destination: str
    target: str
    state: str


@dataclass(frozen=True, slots=True)
class RouteTable:
    """One route table (EC2 DescribeRouteTables); `main` serves the subnets that name no other."""

    route_table_id: str
    vpc_id: str
    main: bool
    subnet_ids: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class NatGateway:
    """One NAT gateway (EC2 DescribeNatGateways): a regional one is in no subnet, a private one not public."""

    gateway_id: str
    subnet_id: str | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One rule of a network ACL: for a CIDR block, one protocol (by number, `-1` is all) and its ports (None: all)."""

    number: int
    direction: Direction
    allow: bool
    protocol: str
    cidr: str
    from_port: int | None = None
    to_port: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """One network ACL (EC2 DescribeNetworkAcls) with the subnets that it guards; the first entry that fits decides."""

    acl_id: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    entries: tuple[AclEntry, ...]


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """One VPC endpoint (EC2 DescribeVpcEndpoints); `service` is its full name (`com.amazonaws.us-west-2.s3`)."""

    endpoint_id: str
    vpc_id: str
    service: str
    kind: str
    state: str
    private_dns: bool
    subnet_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vpc:
    """One VPC with the two DNS attributes that private names need (EC2 DescribeVpcs, DescribeVpcAttribute).

    `dhcp_options_id` is `default` where it has no DHCP option set.
    """

    vpc_id: str
    cidrs: tuple[str, ...]
    dns_support: bool
    dns_hostnames: bool
    dhcp_options_id: str = "default"


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface (EC2 DescribeNetworkInterfaces); `in_use` says that it is attached to something."""

    interface_id: str
    subnet_id: str
    description: str
    in_use: bool
