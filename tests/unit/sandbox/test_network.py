"""Where nodes get up, over moto's EC2 without a wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.ec2.models import ec2_backends

from hpctl.sandbox.network import Network

ACCOUNT, REGION = "123456789012", "us-west-2"
SERVICES = ("s3", "ecr.api", "ecr.dkr", "sts", "ssm", "ssmmessages", "ec2messages", "ec2", "sagemaker.api", "logs")
OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@dataclass
class Place:
    """A VPC with a private subnet behind a NAT gateway in a public one, and a group of nodes that lets itself in."""

    ec2: Any
    vpc: str
    public: str
    private: str
    table: str
    nat: str
    group: str

    def boots(self) -> bool:
        return Network(ec2_backends[ACCOUNT][REGION], REGION).boots(self.private, [self.group], eks=False)

    def connects(self, guard: str) -> bool:
        """Whether a node gets through to TCP port 988 of an interface behind a group."""
        made = self.ec2.create_network_interface(SubnetId=self.private, Groups=[guard])["NetworkInterface"]
        network = Network(ec2_backends[ACCOUNT][REGION], REGION)
        return network.connects(self.private, [self.group], [made["NetworkInterfaceId"]], 988)

    def route_to(self, gateway: str) -> None:
        self.ec2.replace_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)

    def close(self) -> None:
        """Take the way out away."""
        self.ec2.delete_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0")

    def shut_in(self) -> None:
        """Take the group's rule for everywhere away."""
        self.ec2.revoke_security_group_egress(GroupId=self.group, IpPermissions=[OPEN])

    def endpoint(self, service: str, group: str, **members: Any) -> None:
        usual = {"VpcEndpointType": "Interface", "SubnetIds": [self.private], "SecurityGroupIds": [group]}
        name = f"com.amazonaws.{REGION}.{service}"
        self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=name, **{**usual, "PrivateDnsEnabled": True, **members}
        )

    def other_group(self) -> str:
        return str(self.ec2.create_security_group(GroupName="other", Description="other", VpcId=self.vpc)["GroupId"])

    def acl(self, *entries: dict[str, Any]) -> None:
        """Put the subnet behind an ACL of its own."""
        acl = self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for number, entry in enumerate(entries, 100):
            usual = {"RuleNumber": number, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
            self.ec2.create_network_acl_entry(NetworkAclId=acl, **{**usual, **entry})
        named = [{"Name": "association.subnet-id", "Values": [self.private]}]
        there = self.ec2.describe_network_acls(Filters=named)["NetworkAcls"][0]["Associations"]
        mine = next(one["NetworkAclAssociationId"] for one in there if one["SubnetId"] == self.private)
        self.ec2.replace_network_acl_association(AssociationId=mine, NetworkAclId=acl)


@pytest.fixture(scope="module")
def ec2() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield boto3.client("ec2", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")


@pytest.fixture
def place(ec2: Any) -> Place:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    public, private = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in ("10.0.0.0/20", "10.0.16.0/20")
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    nat = ec2.create_nat_gateway(SubnetId=public)["NatGateway"]["NatGatewayId"]
    _table(ec2, vpc, public, GatewayId=gateway)
    table = _table(ec2, vpc, private, NatGatewayId=nat)
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    itself: Any = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=itself)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=itself)
    return Place(ec2, vpc, public, private, table, nat, group)


def _table(ec2: Any, vpc: str, subnet: str, **target: str) -> str:
    table = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    return table


def test_nodes_get_up_behind_a_nat_gateway(place: Place) -> None:
    assert place.boots()


def test_not_behind_one_that_leads_nowhere(place: Place) -> None:
    inside = place.ec2.create_nat_gateway(SubnetId=place.private)["NatGateway"]["NatGatewayId"]
    place.route_to(inside)
    assert not place.boots()
    private = place.ec2.create_nat_gateway(SubnetId=place.public, ConnectivityType="private")
    place.route_to(private["NatGateway"]["NatGatewayId"])
    assert not place.boots()
    place.route_to(place.nat)
    assert place.boots()
    place.ec2.delete_nat_gateway(NatGatewayId=place.nat)
    assert not place.boots()


def test_not_without_a_rule_that_lets_them_out(place: Place) -> None:
    place.shut_in()
    assert not place.boots()
    half = [{**OPEN, "IpRanges": [{"CidrIp": "0.0.0.0/1"}]}]
    place.ec2.authorize_security_group_egress(GroupId=place.group, IpPermissions=half)
    assert place.boots()


def test_endpoints_stand_in_for_the_way_out(place: Place) -> None:
    place.close()
    place.shut_in()
    for service in SERVICES[1:]:
        place.endpoint(service, place.group)
    assert not place.boots()
    place.endpoint("s3", place.group, PrivateDnsEnabled=False)
    assert not place.boots()
    place.endpoint("s3", place.group)
    assert place.boots()


def test_an_endpoint_of_s3_that_is_a_gateway_keeps_public_addresses(place: Place) -> None:
    place.close()
    for service in SERVICES[1:]:
        place.endpoint(service, place.group)
    gateway = {"VpcEndpointType": "Gateway", "RouteTableIds": [place.table]}
    place.ec2.create_vpc_endpoint(VpcId=place.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", **gateway)
    assert place.boots()
    place.shut_in()
    assert not place.boots()


def test_an_endpoint_that_does_not_let_nodes_in_breaks_its_service(place: Place) -> None:
    other = place.other_group()
    place.endpoint("sts", other)
    assert not place.boots()
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": place.group}]}
    place.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    assert place.boots()


@pytest.mark.parametrize(
    ("entries", "boots"),
    [
        ((), False),
        (({"Egress": True, "PortRange": {"From": 443, "To": 443}},), False),
        (
            (
                {"Egress": True, "PortRange": {"From": 443, "To": 443}},
                {"Egress": False, "PortRange": {"From": 1024, "To": 65535}},
            ),
            True,
        ),
        (({"Egress": True, "Protocol": "-1"}, {"Egress": False, "Protocol": "-1"}), True),
        (
            (
                {"Egress": True, "Protocol": "-1", "RuleAction": "deny"},
                {"Egress": True, "Protocol": "-1"},
                {"Egress": False, "Protocol": "-1"},
            ),
            False,
        ),
        (({"Egress": True, "Protocol": "-1"}, {"Egress": False, "CidrBlock": "10.0.0.0/8", "Protocol": "-1"}), False),
    ],
)
def test_a_network_acl_decides_by_its_lowest_entry(place: Place, entries: Any, boots: bool) -> None:
    place.acl(*entries)
    assert place.boots() is boots


@pytest.mark.parametrize(
    ("rule", "connects"),
    [
        (None, False),
        ({"IpProtocol": "tcp", "FromPort": 988, "ToPort": 988, "group": True}, True),
        ({"IpProtocol": "tcp", "FromPort": 989, "ToPort": 1023, "group": True}, False),
        ({"IpProtocol": "udp", "FromPort": 988, "ToPort": 988, "group": True}, False),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, True),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "192.168.0.0/16"}]}, False),
    ],
)
def test_interfaces_elsewhere_are_reached_where_their_group_lets_in(
    place: Place, rule: dict[str, Any] | None, connects: bool
) -> None:
    guard = place.other_group()
    if rule is not None:
        peers = {"UserIdGroupPairs": [{"GroupId": place.group}]} if rule.pop("group", False) else {}
        place.ec2.authorize_security_group_ingress(GroupId=guard, IpPermissions=[{**rule, **peers}])
    assert place.connects(guard) is connects


def test_who_is_shut_in_reaches_no_interface(place: Place) -> None:
    guard = place.other_group()
    place.ec2.authorize_security_group_ingress(GroupId=guard, IpPermissions=[OPEN])
    assert place.connects(guard)
    place.shut_in()
    assert not place.connects(guard)
