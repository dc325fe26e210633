"""What EC2 tells of the network: the port `facts.ports.Network`.

Members are those of botocore 1.44.5's ec2 service model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hpctl.adapters.aws.acls import network_acl_of
from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.routes import route_table_of
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.dhcp import NO_OPTIONS
from hpctl.facts.network import (
    Direction,
    Interface,
    NatGateway,
    NetworkAcl,
    Permission,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)

_FILTER_VALUES: Final = 200
"""Values that one filter of an EC2 request takes (Amazon EC2 API Reference, Filter)."""

_INTERFACES: Final = 1000
"""Network interfaces a page, the most there are: thousands of them are only counted."""

_PEERS: Final = (
    ("UserIdGroupPairs", "GroupId", "group_id"),
    ("IpRanges", "CidrIp", "cidr"),
    ("Ipv6Ranges", "CidrIpv6", "cidr"),
    ("PrefixListIds", "PrefixListId", "prefix_list_id"),
)
"""Where a rule keeps its peers: the list, the member that names one, and the field of `Permission` it becomes."""


class AwsNetwork:
    """Asks by filter, not by id list: EC2 leaves ids that do not exist out instead of refusing the whole request."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist among `subnet_ids`."""
        return tuple(map(subnet_of, self._among("DescribeSubnets", "Subnets", "subnet-id", subnet_ids)))

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        """Return the security groups that exist among `group_ids`, with their rules."""
        return tuple(
            map(security_group_of, self._among("DescribeSecurityGroups", "SecurityGroups", "group-id", group_ids))
        )

    def vpc(self, vpc_id: str) -> Vpc:
        """Return the VPC; the one thing that is asked for by id, so that EC2 says when there is none."""
        answer = self._session.call("ec2", "DescribeVpcs", VpcIds=[vpc_id])
        return Vpc(
            vpc_id=vpc_id,
            cidrs=cidrs_of(answer),
            dns_support=dns_support_of(self._attribute(vpc_id, "enableDnsSupport")),
            dns_hostnames=dns_hostnames_of(self._attribute(vpc_id, "enableDnsHostnames")),
            dhcp_options_id=dhcp_options_id_of(answer),
        )

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        """Return the route tables of a VPC."""
        return tuple(map(route_table_of, self._among("DescribeRouteTables", "RouteTables", "vpc-id", [vpc_id])))

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """Return the VPC endpoints of a VPC."""
        return tuple(map(endpoint_of, self._among("DescribeVpcEndpoints", "VpcEndpoints", "vpc-id", [vpc_id])))

    def active_nat_gateways(self, vpc_id: str) -> tuple[NatGateway, ...]:
        """Return the VPC's NAT gateways that are available."""
        wanted = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "state", "Values": ["available"]}]
        rows = self._session.pages("ec2", "DescribeNatGateways", "NatGateways", Filter=wanted)
        return tuple(map(nat_gateway_of, rows))

    def network_acls(self, vpc_id: str) -> tuple[NetworkAcl, ...]:
        """Return the network ACLs of a VPC."""
        return tuple(map(network_acl_of, self._among("DescribeNetworkAcls", "NetworkAcls", "vpc-id", [vpc_id])))

    def zones_offering(self, instance_type: str) -> frozenset[str]:
        """Return the ids of the Region's zones that offer the type; EC2 knows it without SageMaker's `ml.`."""
        wanted = [{"Name": "instance-type", "Values": [instance_type.removeprefix("ml.")]}]
        by_zone_id: dict[str, Any] = {"LocationType": "availability-zone-id", "Filters": wanted}
        rows = self._session.pages("ec2", "DescribeInstanceTypeOfferings", "InstanceTypeOfferings", **by_zone_id)
        return frozenset(map(zone_id_of, rows))

    def interfaces(self, subnet_ids: Iterable[str]) -> tuple[Interface, ...]:
        """Return the network interfaces in the subnets."""
        rows = self._among("DescribeNetworkInterfaces", "NetworkInterfaces", "subnet-id", subnet_ids)
        return tuple(map(interface_of, rows))

    def interface_count(self) -> int:
        """Return how many network interfaces the Region has."""
        rows = self._session.pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", page_size=_INTERFACES)
        return sum(1 for _ in rows)

    def _attribute(self, vpc_id: str, attribute: str) -> dict[str, Any]:
        return self._session.call("ec2", "DescribeVpcAttribute", VpcId=vpc_id, Attribute=attribute)

    def _among(self, operation: str, key: str, name: str, values: Iterable[str]) -> Iterator[dict[str, Any]]:
        wanted = list(dict.fromkeys(values))
        for start in range(0, len(wanted), _FILTER_VALUES):
            chunk = wanted[start : start + _FILTER_VALUES]
            yield from self._session.pages("ec2", operation, key, Filters=[{"Name": name, "Values": chunk}])


@reads("ec2:DescribeSubnets")
def subnet_of(row: Mapping[str, Any]) -> Subnet:
    """Read one subnet of DescribeSubnets."""
    return Subnet(
        subnet_id=row["SubnetId"],
        vpc_id=row["VpcId"],
        zone=row["AvailabilityZone"],
        zone_id=row["AvailabilityZoneId"],
        cidr=row.get("CidrBlock", ""),  # a subnet may have IPv6 alone
        free_addresses=row["AvailableIpAddressCount"],
        name=name_of(row),
    )


def name_of(row: Mapping[str, Any]) -> str:
    """Read the name that the tags of a resource give it, as the console shows it."""
    return next((str(tag["Value"]) for tag in row.get("Tags", ()) if tag["Key"] == "Name"), "")


@reads("ec2:DescribeSecurityGroups")
def security_group_of(row: Mapping[str, Any]) -> SecurityGroup:
    """Read one group of DescribeSecurityGroups; a rule for several peers becomes several permissions."""
    inward = _permissions(Direction.IN, row["IpPermissions"])
    outward = _permissions(Direction.OUT, row["IpPermissionsEgress"])
    return SecurityGroup(
        group_id=row["GroupId"], name=row["GroupName"], vpc_id=row["VpcId"], permissions=(*inward, *outward)
    )


def _permissions(direction: Direction, rules: Iterable[Mapping[str, Any]]) -> Iterator[Permission]:
    for rule in rules:
        for peers, member, field in _PEERS:
            for peer in rule.get(peers, ()):
                yield Permission(
                    direction=direction,
                    protocol=rule["IpProtocol"],
                    from_port=rule.get("FromPort"),
                    to_port=rule.get("ToPort"),
                    **{field: peer[member]},
                )


@reads("ec2:DescribeVpcs")
def cidrs_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the address ranges of the only VPC of a DescribeVpcs, the first one first, IPv6 last."""
    if not answer["Vpcs"]:
        raise lacking("ec2:DescribeVpcs", "VpcId")
    vpc = answer["Vpcs"][0]
    more = (row["CidrBlock"] for row in vpc.get("CidrBlockAssociationSet", ()) if _holds(row.get("CidrBlockState", {})))
    ipv6 = (
        row["Ipv6CidrBlock"]
        for row in vpc.get("Ipv6CidrBlockAssociationSet", ())
        if _holds(row.get("Ipv6CidrBlockState", {}))
    )
    return tuple(dict.fromkeys([vpc["CidrBlock"], *more, *ipv6]))


@reads("ec2:DescribeVpcs")
def dhcp_options_id_of(answer: Mapping[str, Any]) -> str:
    """Read the id of the DHCP option set of the only VPC of a DescribeVpcs."""
    return str(answer["Vpcs"][0].get("DhcpOptionsId", NO_OPTIONS))


def _holds(block: Mapping[str, Any]) -> bool:
    return bool(block.get("State", "associated") == "associated")


@reads("ec2:DescribeVpcAttribute")
def dns_support_of(answer: Mapping[str, Any]) -> bool:
    """Read whether Amazon's resolver answers in the VPC."""
    return bool(answer["EnableDnsSupport"]["Value"])


@reads("ec2:DescribeVpcAttribute")
def dns_hostnames_of(answer: Mapping[str, Any]) -> bool:
    """Read whether instances of the VPC get names."""
    return bool(answer["EnableDnsHostnames"]["Value"])


@reads("ec2:DescribeVpcEndpoints")
def endpoint_of(row: Mapping[str, Any]) -> VpcEndpoint:
    """Read one endpoint of DescribeVpcEndpoints; EC2 sends its state in small letters, its model has capitals."""
    return VpcEndpoint(
        endpoint_id=row["VpcEndpointId"],
        vpc_id=row["VpcId"],
        service=row.get("ServiceName", ""),  # endpoints to resources and service networks have none
        kind=row["VpcEndpointType"],
        state=row["State"].lower(),
        private_dns=row.get("PrivateDnsEnabled", False),
        subnet_ids=tuple(row.get("SubnetIds", ())),
        route_table_ids=tuple(row.get("RouteTableIds", ())),
        security_group_ids=tuple(group["GroupId"] for group in row.get("Groups", ())),
    )


@reads("ec2:DescribeNatGateways")
def nat_gateway_of(row: Mapping[str, Any]) -> NatGateway:
    """Read one gateway of DescribeNatGateways."""
    return NatGateway(
        gateway_id=row["NatGatewayId"],
        subnet_id=row.get("SubnetId"),
        public=row.get("ConnectivityType", "public") == "public",
    )


@reads("ec2:DescribeInstanceTypeOfferings")
def zone_id_of(row: Mapping[str, Any]) -> str:
    """Read where one offering of DescribeInstanceTypeOfferings holds: a zone id, since such were asked for."""
    return str(row["Location"])


@reads("ec2:DescribeNetworkInterfaces")
def interface_of(row: Mapping[str, Any]) -> Interface:
    """Read one network interface."""
    return Interface(
        interface_id=row["NetworkInterfaceId"],
        subnet_id=row["SubnetId"],
        description=row.get("Description", ""),
        in_use=row.get("Status") == "in-use",
    )
