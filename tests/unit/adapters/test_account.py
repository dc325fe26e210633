"""Lists of an account, as AWS answers them."""

from __future__ import annotations

import json
from urllib.parse import quote

from hpctl.adapters.aws.account import AwsAccount
from hpctl.facts.account_ports import NamedVpc
from tests.unit.adapters.test_iam import TRUST
from tests.unit.adapters.test_network import GROUPS, SUBNETS, VPCS, ec2, items, tags
from tests.unit.adapters.wire import Reply, Wire, connect, ok, xml

REGIONS = ec2("DescribeRegions", items("regionInfo", tags(regionName="us-west-2"), tags(regionName="eu-west-1")))
NAMED = ec2(
    "DescribeVpcs",
    items(
        "vpcSet",
        tags(vpcId="vpc-1", cidrBlock="10.0.0.0/16")
        + items("tagSet", tags(key="a", value="b"), tags(key="Name", value="main")),
        tags(vpcId="vpc-2", cidrBlock="10.1.0.0/16"),
    ),
)
BUCKETS = xml(
    "<ListAllMyBucketsResult><Buckets><Bucket><Name>sagemaker-b</Name></Bucket><Bucket><Name>logs</Name></Bucket>"
    "</Buckets></ListAllMyBucketsResult>"
)


def a_role(name: str, path: str = "/") -> str:
    arn = f"arn:aws:iam::111122223333:role{path}{name}"
    return (
        f"<member><Path>{path}</Path><RoleName>{name}</RoleName><Arn>{arn}</Arn>"
        f"<AssumeRolePolicyDocument>{quote(json.dumps(TRUST))}</AssumeRolePolicyDocument></member>"
    )


def listed(*roles: str) -> Reply:
    inner = f"<ListRolesResult><Roles>{''.join(roles)}</Roles><IsTruncated>false</IsTruncated></ListRolesResult>"
    return xml(f"<ListRolesResponse>{inner}</ListRolesResponse>")


ROLES = listed(a_role("nodes", "/teams/"), a_role("AWSServiceRoleForX", "/aws-service-role/x.amazonaws.com/"))


def test_regions_are_told_in_order() -> None:
    assert AwsAccount(connect(Wire(REGIONS))).regions() == ("eu-west-1", "us-west-2")


def test_vpcs_are_told_with_the_name_of_their_tags() -> None:
    found = AwsAccount(connect(Wire(NAMED))).vpcs()
    assert found == (NamedVpc("vpc-1", "10.0.0.0/16", "main"), NamedVpc("vpc-2", "10.1.0.0/16", ""))


def test_vpcs_of_any_form_are_read() -> None:
    assert AwsAccount(connect(Wire(VPCS))).vpcs()


def test_subnets_and_groups_are_asked_for_by_their_vpc() -> None:
    wire = Wire(SUBNETS, GROUPS)
    account = AwsAccount(connect(wire))
    assert [one.subnet_id for one in account.subnets_in("vpc-1")] == ["subnet-1"]
    assert account.security_groups_in("vpc-1")
    asked = [(one.parameters["Filter.1.Name"], one.parameters["Filter.1.Value.1"]) for one in wire.sent]
    assert asked == [("vpc-id", "vpc-1")] * 2


def test_a_subnet_has_the_name_of_its_tags() -> None:
    row = tags(
        subnetId="subnet-1", vpcId="vpc-1", availabilityZone="a", availabilityZoneId="i", availableIpAddressCount="1"
    )
    named = ec2("DescribeSubnets", items("subnetSet", row + items("tagSet", tags(key="Name", value="private"))))
    assert AwsAccount(connect(Wire(named))).subnets_in("vpc-1")[0].name == "private"


def test_roles_of_services_are_no_choice() -> None:
    (role,) = AwsAccount(connect(Wire(ROLES))).roles()
    assert role.arn == "arn:aws:iam::111122223333:role/teams/nodes"
    assert role.trusts("sagemaker.amazonaws.com")


def test_buckets_and_eks_clusters_are_told_by_name() -> None:
    assert AwsAccount(connect(Wire(BUCKETS))).buckets() == ("sagemaker-b", "logs")
    assert AwsAccount(connect(Wire(ok({"clusters": ["kube"]})))).eks_clusters() == ("kube",)
