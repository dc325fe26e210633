from __future__ import annotations

from hpctl.adapters.aws.network import AwsNetwork
from hpctl.facts.records import SecurityGroup, Subnet
from tests.unit.adapters.wire import Wire, connect, xml

SUBNETS = xml(
    "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>"
    "<availabilityZone>eu-west-1a</availabilityZone><availabilityZoneId>euw1-az1</availabilityZoneId>"
    "<cidrBlock>10.0.0.0/24</cidrBlock><availableIpAddressCount>250</availableIpAddressCount>"
    "<brandNew>1</brandNew></item></subnetSet></DescribeSubnetsResponse>"
)
GROUPS = xml(
    "<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId><groupName>nodes</groupName>"
    "<vpcId>vpc-1</vpcId></item></securityGroupInfo></DescribeSecurityGroupsResponse>"
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


def test_security_groups_are_asked_for_by_filter_too() -> None:
    wire = Wire(GROUPS)
    assert AwsNetwork(connect(wire)).security_groups(["sg-1"]) == (SecurityGroup("sg-1", "nodes", "vpc-1"),)
    asked = wire.sent[0].parameters
    assert (asked["Action"], asked["Filter.1.Name"]) == ("DescribeSecurityGroups", "group-id")
    assert asked["Filter.1.Value.1"] == "sg-1"


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
