"""The seed's network: a VPC over three zones, private subnets behind a NAT gateway, an endpoint for S3.

Bad, for tests of what must fail: a public subnet, one without a route, one that is full with a single node,
a security group whose members do not reach each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpctl.sandbox.seeds.clients import NAME, Clients, named

if TYPE_CHECKING:
    from collections.abc import Mapping

# The HyperPod walk-throughs of AWS use this range; /18 has room for 200 p5 nodes on EKS.
VPC_CIDR = "10.192.0.0/16"
_PRIVATE = ("10.192.64.0/18", "10.192.128.0/18", "10.192.192.0/18")
_PUBLIC = ("10.192.0.0/20", "10.192.16.0/20", "10.192.32.0/20")
_NO_ROUTE = "10.192.48.0/22"
_TINY = "10.192.52.0/28"
_KUBELET = 10250
_HEALTHY, _UNHEALTHY = f"{NAME}-nodes", f"{NAME}-no-self-reference"
# The zone of the first private subnet offers them all.
_WANTED_TYPES = ["p5.48xlarge", "trn1.32xlarge"]


@dataclass(frozen=True)
class Network:
    """The ids of what was made; subnets in the order of the zones."""

    private: tuple[str, ...]
    public: tuple[str, ...]
    no_route: str
    tiny: str
    healthy_group: str
    unhealthy_group: str


def network(aws: Clients) -> Network:
    """Make the network."""
    vpc = aws.ec2.create_vpc(CidrBlock=VPC_CIDR, TagSpecifications=named("vpc", NAME))["Vpc"]["VpcId"]
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = aws.ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", NAME))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    zones = _zones(aws)
    places = list(zip(_PUBLIC, zones, strict=False)), list(zip(_PRIVATE, zones, strict=False))
    public = [_subnet(aws, vpc, cidr, zone, f"public-{zone}") for cidr, zone in places[0]]
    private = [_subnet(aws, vpc, cidr, zone, f"private-{zone}") for cidr, zone in places[1]]
    tiny = _subnet(aws, vpc, _TINY, zones[0], "tiny")
    no_route = _subnet(aws, vpc, _NO_ROUTE, zones[0], "no-route")
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=public[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    _routes(aws, vpc, "public", public, {"GatewayId": gateway_id})
    behind_nat = _routes(aws, vpc, "private", [*private, tiny], {"NatGatewayId": nat})
    _routes(aws, vpc, "no-route", [no_route], {})
    s3 = f"com.amazonaws.{aws.region}.s3"
    aws.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=s3, VpcEndpointType="Gateway", RouteTableIds=[behind_nat])
    groups = {name: _security_group(aws, vpc, name) for name in (_HEALTHY, _UNHEALTHY)}
    _let_members_talk(aws, groups[_HEALTHY])
    admit(aws, groups[_HEALTHY], _KUBELET)
    return Network(tuple(private), tuple(public), no_route, tiny, groups[_HEALTHY], groups[_UNHEALTHY])


def _zones(aws: Clients) -> list[str]:
    zones = [zone["ZoneName"] for zone in aws.ec2.describe_availability_zones()["AvailabilityZones"]]
    offers: dict[str, set[str]] = {}
    filters = [{"Name": "instance-type", "Values": _WANTED_TYPES}]
    answer = aws.ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)
    for row in answer["InstanceTypeOfferings"]:
        offers.setdefault(row["Location"], set()).add(row["InstanceType"])
    best = next((zone for zone in zones if len(offers.get(zone, ())) == len(_WANTED_TYPES)), zones[0])
    return [best, *(zone for zone in zones if zone != best)][:3]


def _subnet(aws: Clients, vpc: str, cidr: str, zone: str, name: str) -> str:
    tags = named("subnet", f"{NAME}-{name}")
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=tags)
    return str(subnet["Subnet"]["SubnetId"])


def _routes(aws: Clients, vpc: str, kind: str, subnets: list[str], target: Mapping[str, str]) -> str:
    tags = named("route-table", f"{NAME}-{kind}")
    table = aws.ec2.create_route_table(VpcId=vpc, TagSpecifications=tags)["RouteTable"]["RouteTableId"]
    if target:
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    for subnet in subnets:
        aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return str(table)


def _security_group(aws: Clients, vpc: str, name: str) -> str:
    # It keeps EC2's own rule, out to 0.0.0.0/0.
    return str(aws.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])


def admit(aws: Clients, group: str, port: int) -> None:
    """Let everybody in the VPC reach the members of a security group at a TCP port."""
    ranges = [{"CidrIp": VPC_CIDR}]
    rule = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges}]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)


def _let_members_talk(aws: Clients, group: str) -> None:
    rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
