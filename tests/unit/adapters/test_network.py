from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.aws.network import AwsNetwork
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.network import (
    AclEntry,
    Direction,
    Interface,
    NatGateway,
    NetworkAcl,
    Permission,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from tests.unit.adapters.wire import ByOperation, Reply, Wire, connect, ec2_error, xml


def ec2(operation: str, body: str) -> Reply:
    return xml(f"<{operation}Response>{body}</{operation}Response>")


def items(name: str, *bodies: str) -> str:
    return f"<{name}>{''.join(f'<item>{body}</item>' for body in bodies)}</{name}>"


def tags(**members: str) -> str:
    return "".join(f"<{key}>{value}</{key}>" for key, value in members.items())


SUBNETS = ec2(
    "DescribeSubnets",
    items(
        "subnetSet",
        tags(
            subnetId="subnet-1",
            vpcId="vpc-1",
            availabilityZone="eu-west-1a",
            availabilityZoneId="euw1-az1",
            cidrBlock="10.0.0.0/24",
            availableIpAddressCount="250",
            brandNew="1",
        ),
    ),
)
EVERYTHING = tags(ipProtocol="-1") + items(
    "groups",
    tags(userId="111122223333", groupId="sg-1"),
    tags(userId="111122223333", groupId="sg-2"),
)
WEB = (
    tags(ipProtocol="tcp", fromPort="443", toPort="443")
    + items("ipRanges", tags(cidrIp="0.0.0.0/0"))
    + items("ipv6Ranges", tags(cidrIpv6="::/0"))
    + items("prefixListIds", tags(prefixListId="pl-1"))
)
GROUPS = ec2(
    "DescribeSecurityGroups",
    items(
        "securityGroupInfo",
        tags(groupId="sg-1", groupName="nodes", vpcId="vpc-1")
        + items("ipPermissions", EVERYTHING)
        + items("ipPermissionsEgress", WEB),
    ),
)
VPCS = ec2(
    "DescribeVpcs",
    items(
        "vpcSet",
        tags(vpcId="vpc-1", cidrBlock="10.0.0.0/16", dhcpOptionsId="dopt-1")
        + items(
            "cidrBlockAssociationSet",
            tags(cidrBlock="10.0.0.0/16", cidrBlockState=tags(state="associated")),
            tags(cidrBlock="10.1.0.0/16", cidrBlockState=tags(state="associated")),
            tags(cidrBlock="10.2.0.0/16", cidrBlockState=tags(state="disassociated")),
        )
        + items(
            "ipv6CidrBlockAssociationSet",
            tags(ipv6CidrBlock="2001:db8::/56", ipv6CidrBlockState=tags(state="associated")),
        ),
    ),
)
ATTRIBUTE = ec2(
    "DescribeVpcAttribute",
    tags(vpcId="vpc-1", enableDnsSupport=tags(value="true"), enableDnsHostnames=tags(value="false")),
)
ROUTES: dict[str, tuple[dict[str, str], Route]] = {
    "local": (
        {"destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local"},
        Route("10.0.0.0/16", "local", "active"),
    ),
    "internet gateway": (
        {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"},
        Route("0.0.0.0/0", "igw-1", "active"),
    ),
    "NAT gateway that is gone": (
        {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "blackhole"},
        Route("0.0.0.0/0", "nat-1", "blackhole"),
    ),
    "transit gateway": (
        {"destinationCidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-1"},
        Route("0.0.0.0/0", "tgw-1", "active"),
    ),
    "peering": (
        {"destinationCidrBlock": "10.9.0.0/16", "vpcPeeringConnectionId": "pcx-1"},
        Route("10.9.0.0/16", "pcx-1", "active"),
    ),
    "interface of an instance": (
        {"destinationCidrBlock": "0.0.0.0/0", "instanceId": "i-1", "networkInterfaceId": "eni-1"},
        Route("0.0.0.0/0", "eni-1", "active"),
    ),
    "IPv6 by an egress-only gateway": (
        {"destinationIpv6CidrBlock": "::/0", "egressOnlyInternetGatewayId": "eigw-1"},
        Route("::/0", "eigw-1", "active"),
    ),
    "prefix list by a gateway endpoint": (
        {"destinationPrefixListId": "pl-1", "gatewayId": "vpce-1"},
        Route("pl-1", "vpce-1", "active"),
    ),
    "target of a kind that is new": (
        {"destinationCidrBlock": "0.0.0.0/0", "warpGateId": "warp-1"},
        Route("0.0.0.0/0", "", "active"),
    ),
}
TABLES = ec2(
    "DescribeRouteTables",
    items(
        "routeTableSet",
        tags(routeTableId="rtb-1", vpcId="vpc-1")
        + items("routeSet", *(tags(**{"state": "active", **members}) for members, _ in ROUTES.values()))
        + items(
            "associationSet",
            tags(routeTableId="rtb-1", subnetId="subnet-1", main="false"),
            tags(routeTableId="rtb-1", subnetId="subnet-9", associationState=tags(state="disassociating")),
            tags(routeTableId="rtb-1", gatewayId="igw-1", main="false"),
        ),
        tags(routeTableId="rtb-0", vpcId="vpc-1")
        + items("routeSet")
        + items("associationSet", tags(routeTableId="rtb-0", main="true", associationState=tags(state="associated"))),
    ),
)
ENDPOINTS = ec2(
    "DescribeVpcEndpoints",
    items(
        "vpcEndpointSet",
        tags(
            vpcEndpointId="vpce-1",
            vpcEndpointType="Interface",
            vpcId="vpc-1",
            serviceName="com.amazonaws.eu-west-1.sts",
            state="available",
            privateDnsEnabled="true",
        )
        + items("subnetIdSet", "subnet-1")
        + items("groupSet", tags(groupId="sg-1", groupName="x")),
        tags(
            vpcEndpointId="vpce-2",
            vpcEndpointType="Gateway",
            vpcId="vpc-1",
            serviceName="com.amazonaws.eu-west-1.s3",
            state="Available",
        )
        + items("routeTableIdSet", "rtb-1"),
        tags(vpcEndpointId="vpce-3", vpcEndpointType="ServiceNetwork", vpcId="vpc-1", state="pending"),
    ),
)
GATEWAYS = ec2(
    "DescribeNatGateways",
    items(
        "natGatewaySet",
        tags(natGatewayId="nat-1", subnetId="subnet-1", connectivityType="private"),
        tags(natGatewayId="nat-2"),
    ),
)
ACLS = ec2(
    "DescribeNetworkAcls",
    items(
        "networkAclSet",
        tags(networkAclId="acl-1", vpcId="vpc-1")
        + items(
            "entrySet",
            tags(ruleNumber="32767", protocol="-1", ruleAction="deny", egress="false", cidrBlock="0.0.0.0/0"),
            tags(ruleNumber="200", protocol="58", ruleAction="allow", egress="true", ipv6CidrBlock="::/0"),
            tags(ruleNumber="100", protocol="6", ruleAction="allow", egress="true", cidrBlock="0.0.0.0/0")
            + f"<portRange>{tags(**{'from': '443', 'to': '444'})}</portRange>",
        )
        + items("associationSet", tags(networkAclAssociationId="aclassoc-1", subnetId="subnet-1")),
    ),
)
OFFERINGS = ec2(
    "DescribeInstanceTypeOfferings",
    items(
        "instanceTypeOfferingSet",
        tags(instanceType="p5.48xlarge", locationType="availability-zone-id", location="euw1-az1"),
        tags(instanceType="p5.48xlarge", locationType="availability-zone-id", location="euw1-az3"),
    ),
)
INTERFACES = ec2(
    "DescribeNetworkInterfaces",
    items(
        "networkInterfaceSet",
        tags(networkInterfaceId="eni-1", subnetId="subnet-1", description="for train", status="in-use")
        + items("groupSet", tags(groupId="sg-1"), tags(groupId="sg-2")),
        tags(networkInterfaceId="eni-2", subnetId="subnet-1", status="available")
        + items("groupSet", tags(groupId="sg-2")),
    ),
)


def test_subnets_are_asked_for_by_filter_so_that_missing_ones_are_left_out() -> None:
    wire = Wire(SUBNETS)
    assert AwsNetwork(connect(wire)).subnets(["subnet-1", "subnet-gone", "subnet-1"]) == (
        Subnet("subnet-1", "vpc-1", "eu-west-1a", "euw1-az1", "10.0.0.0/24", 250),
    )
    asked = wire.sent[0].parameters
    assert (asked["Action"], asked["Filter.1.Name"]) == ("DescribeSubnets", "subnet-id")
    assert [asked[key] for key in sorted(asked) if key.startswith("Filter.1.Value")] == ["subnet-1", "subnet-gone"]
    assert not any(key.startswith("SubnetId") for key in asked)


def test_security_groups_are_told_with_a_permission_a_peer() -> None:
    wire = Wire(GROUPS)
    rules = (
        Permission(Direction.IN, "-1", None, None, group_id="sg-1"),
        Permission(Direction.IN, "-1", None, None, group_id="sg-2"),
        Permission(Direction.OUT, "tcp", 443, 443, cidr="0.0.0.0/0"),
        Permission(Direction.OUT, "tcp", 443, 443, cidr="::/0"),
        Permission(Direction.OUT, "tcp", 443, 443, prefix_list_id="pl-1"),
    )
    assert AwsNetwork(connect(wire)).security_groups(["sg-1"]) == (SecurityGroup("sg-1", "nodes", "vpc-1", rules),)
    asked = wire.sent[0].parameters
    assert (asked["Action"], asked["Filter.1.Name"]) == ("DescribeSecurityGroups", "group-id")
    assert asked["Filter.1.Value.1"] == "sg-1"


def test_a_security_group_whose_rules_are_not_told_has_not_none() -> None:
    bare = items("securityGroupInfo", tags(groupId="sg-1", groupName="nodes", vpcId="vpc-1"))
    with pytest.raises(UnavailableError, match="the answer to `ec2:DescribeSecurityGroups` has no `IpPermissions`"):
        AwsNetwork(connect(Wire(ec2("DescribeSecurityGroups", bare)))).security_groups(["sg-1"])


def test_nothing_wanted_is_nothing_asked() -> None:
    wire = Wire(SUBNETS)
    assert AwsNetwork(connect(wire)).subnets([]) == ()
    assert wire.sent == []


def test_a_filter_carries_at_most_two_hundred_values() -> None:
    wire = Wire(SUBNETS)
    rows = AwsNetwork(connect(wire)).subnets(f"subnet-{number}" for number in range(401))
    sizes = [sum(key.startswith("Filter.1.Value.") for key in sent.parameters) for sent in wire.sent]
    assert sizes == [200, 200, 1]
    assert len(rows) == 3


def test_a_vpc_is_told_with_the_ranges_it_holds_and_both_dns_attributes() -> None:
    wire = ByOperation(DescribeVpcs=VPCS, DescribeVpcAttribute=ATTRIBUTE)
    assert AwsNetwork(connect(wire)).vpc("vpc-1") == Vpc(
        "vpc-1",
        ("10.0.0.0/16", "10.1.0.0/16", "2001:db8::/56"),
        dns_support=True,
        dns_hostnames=False,
        dhcp_options_id="dopt-1",
    )
    assert [sent.parameters.get("Attribute") for sent in wire.sent] == [None, "enableDnsSupport", "enableDnsHostnames"]


def test_a_vpc_that_is_not_there_is_not_found() -> None:
    wire = Wire(ec2_error("InvalidVpcID.NotFound", "The vpc ID 'vpc-9' does not exist"))
    with pytest.raises(NotFoundError, match="The vpc ID 'vpc-9' does not exist"):
        AwsNetwork(connect(wire)).vpc("vpc-9")


@pytest.mark.parametrize("broken", ["DescribeVpcs", "DescribeVpcAttribute"])
def test_a_vpc_that_is_not_told_in_full_is_no_vpc(broken: str) -> None:
    replies = {"DescribeVpcs": VPCS, "DescribeVpcAttribute": ATTRIBUTE, broken: ec2(broken, tags(vpcSet=""))}
    with pytest.raises(UnavailableError, match=f"the answer to `ec2:{broken}` has no"):
        AwsNetwork(connect(ByOperation(**replies))).vpc("vpc-1")


def test_route_tables_tell_destination_target_and_state_of_each_route() -> None:
    wire = Wire(TABLES)
    assert AwsNetwork(connect(wire)).route_tables("vpc-1") == (
        RouteTable("rtb-1", "vpc-1", False, ("subnet-1",), tuple(route for _, route in ROUTES.values())),
        RouteTable("rtb-0", "vpc-1", True, (), ()),
    )
    asked = wire.sent[0].parameters
    assert (asked["Filter.1.Name"], asked["Filter.1.Value.1"]) == ("vpc-id", "vpc-1")


def test_endpoints_are_told_whatever_their_kind() -> None:
    interface, gateway, network = AwsNetwork(connect(Wire(ENDPOINTS))).endpoints("vpc-1")
    assert interface == VpcEndpoint(
        endpoint_id="vpce-1",
        vpc_id="vpc-1",
        service="com.amazonaws.eu-west-1.sts",
        kind="Interface",
        state="available",
        private_dns=True,
        subnet_ids=("subnet-1",),
        security_group_ids=("sg-1",),
    )
    assert (gateway.kind, gateway.state, gateway.private_dns, gateway.route_table_ids) == (
        "Gateway",
        "available",
        False,
        ("rtb-1",),
    )
    assert (network.service, network.state) == ("", "pending")


def test_only_nat_gateways_that_are_available_are_asked_for() -> None:
    wire = Wire(GATEWAYS)
    assert AwsNetwork(connect(wire)).active_nat_gateways("vpc-1") == (
        NatGateway("nat-1", "subnet-1", public=False),
        NatGateway("nat-2", None, public=True),
    )
    asked = wire.sent[0].parameters
    assert (asked["Filter.1.Name"], asked["Filter.1.Value.1"]) == ("vpc-id", "vpc-1")
    assert (asked["Filter.2.Name"], asked["Filter.2.Value.1"]) == ("state", "available")


def test_a_network_acl_has_its_entries_in_the_order_in_which_they_decide() -> None:
    wire = Wire(ACLS)
    entries = (
        AclEntry(100, Direction.OUT, allow=True, protocol="6", cidr="0.0.0.0/0", from_port=443, to_port=444),
        AclEntry(200, Direction.OUT, allow=True, protocol="58", cidr="::/0"),
        AclEntry(32767, Direction.IN, allow=False, protocol="-1", cidr="0.0.0.0/0"),
    )
    assert AwsNetwork(connect(wire)).network_acls("vpc-1") == (NetworkAcl("acl-1", "vpc-1", ("subnet-1",), entries),)
    assert (wire.sent[0].parameters["Filter.1.Name"], wire.sent[0].parameters["Filter.1.Value.1"]) == (
        "vpc-id",
        "vpc-1",
    )


@pytest.mark.parametrize("asked_for", ["ml.p5.48xlarge", "p5.48xlarge"])
def test_a_type_is_looked_for_as_ec2_calls_it_and_by_zone_id(asked_for: str) -> None:
    wire = Wire(OFFERINGS)
    assert AwsNetwork(connect(wire)).zones_offering(asked_for) == {"euw1-az1", "euw1-az3"}
    asked = wire.sent[0].parameters
    assert asked["LocationType"] == "availability-zone-id"
    assert (asked["Filter.1.Name"], asked["Filter.1.Value.1"]) == ("instance-type", "p5.48xlarge")


def test_network_interfaces_are_counted_over_all_pages() -> None:
    more = ec2(
        "DescribeNetworkInterfaces",
        items("networkInterfaceSet", tags(networkInterfaceId="eni-3")) + tags(nextToken="more"),
    )
    wire = Wire(more, INTERFACES)
    assert AwsNetwork(connect(wire)).interface_count() == 3
    assert [sent.parameters["MaxResults"] for sent in wire.sent] == ["1000", "1000"]


def test_network_interfaces_of_subnets_are_asked_for_by_filter() -> None:
    wire = Wire(INTERFACES)
    assert AwsNetwork(connect(wire)).interfaces(["subnet-1"]) == (
        Interface("eni-1", "subnet-1", "for train", in_use=True),
        Interface("eni-2", "subnet-1", "", in_use=False),
    )
    asked = wire.sent[0].parameters
    assert (asked["Filter.1.Name"], asked["Filter.1.Value.1"]) == ("subnet-id", "subnet-1")


LISTS: dict[str, Any] = {
    "DescribeRouteTables": lambda network: network.route_tables("vpc-1"),
    "DescribeVpcEndpoints": lambda network: network.endpoints("vpc-1"),
    "DescribeNetworkAcls": lambda network: network.network_acls("vpc-1"),
    "DescribeNatGateways": lambda network: network.active_nat_gateways("vpc-1"),
    "DescribeInstanceTypeOfferings": lambda network: network.zones_offering("ml.p5.48xlarge"),
    "DescribeNetworkInterfaces": lambda network: network.interface_count(),
    "DescribeSubnets": lambda network: network.subnets(["subnet-1"]),
    "DescribeSecurityGroups": lambda network: network.security_groups(["sg-1"]),
}


@pytest.mark.parametrize("operation", LISTS)
def test_a_list_that_is_not_told_is_not_empty(operation: str) -> None:
    with pytest.raises(UnavailableError, match=f"the answer to `ec2:{operation}` has no `"):
        LISTS[operation](AwsNetwork(connect(Wire(ec2(operation, tags(requestId="1"))))))


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("body", ["<html><body>Log in</body></html>", "<!DOCTYPE html><html/>", "<a/>", "", "{}"])
def test_a_document_that_is_not_ec2_s_is_not_an_empty_list(operation: str, body: str) -> None:
    with pytest.raises(UnavailableError, match=f"`ec2:{operation}` got an answer that cannot be read from AWS"):
        LISTS[operation](AwsNetwork(connect(Wire(xml(body)))))
