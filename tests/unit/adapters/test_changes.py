from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from hpctl.adapters.aws.changes import AwsChanges
from hpctl.errors import AccessError, ConflictError, RefusedError
from hpctl.facts.change_ports import Owned
from tests.unit.adapters.wire import ByOperation, Reply, Wire, connect, ec2_error, error, iam_error, ok, s3_error, xml

ITSELF = {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}]}
ENTRY = {"clusterName": "training", "principalArn": "arn:aws:iam::111122223333:role/ada"}
SCRIPT = b"#!/bin/bash\necho hello\n"
CHECKSUM = b64encode(sha256(SCRIPT).digest()).decode()
STORE = {"Bucket": "b-one", "Key": "base/on_create.sh", "IfNoneMatch": "*", "ChecksumSHA256": CHECKSUM}
TAGS = xml(
    "<DescribeTagsResponse><tagSet><item><key>aws:cloudformation:stack-name</key><resourceId>sg-1</resourceId>"
    "<value>eksctl-training</value></item></tagSet></DescribeTagsResponse>"
)
NO_TAGS = xml("<DescribeTagsResponse><tagSet/></DescribeTagsResponse>")
ROLE_TAGS = xml(
    "<ListRoleTagsResponse><ListRoleTagsResult><IsTruncated>false</IsTruncated><Tags><member><Key>team</Key>"
    "<Value>a</Value></member><member><Key>aws:cloudformation:stack-name</Key><Value>roles</Value></member></Tags>"
    "</ListRoleTagsResult></ListRoleTagsResponse>"
)
POLICY = xml(
    "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>r</RoleName><PolicyName>p</PolicyName>"
    "<PolicyDocument>%7B%7D</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>"
)
MADE: dict[str, Reply] = {
    "AuthorizeSecurityGroupEgress": xml("<AuthorizeSecurityGroupEgressResponse/>"),
    "AuthorizeSecurityGroupIngress": xml("<AuthorizeSecurityGroupIngressResponse/>"),
    "ModifyVpcAttribute": xml("<ModifyVpcAttributeResponse/>"),
    "ModifyVpcEndpoint": xml("<ModifyVpcEndpointResponse/>"),
    "PutRolePolicy": xml("<PutRolePolicyResponse/>"),
    "AssociateAccessPolicy": ok({}),
    "CreateAccessEntry": ok({}),
    "UpdateClusterConfig": ok({}),
    "DescribeTags": TAGS,
    "ListRoleTags": ROLE_TAGS,
    "GetRolePolicy": POLICY,
}
EVERY_CHANGE: dict[str, dict[str, Any]] = {
    "authorize-security-group-egress": ITSELF,
    "authorize-security-group-ingress": ITSELF,
    "modify-vpc-attribute": {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}},
    "modify-vpc-endpoint": {"VpcEndpointId": "vpce-1", "AddRouteTableIds": ["rtb-1"]},
    "put-role-policy": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "{}"},
    "update-cluster-config": {
        "name": "training",
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
        "clientRequestToken": "1",
    },
    "create-access-entry": {**ENTRY, "clientRequestToken": "1"},
    "associate-access-policy": {**ENTRY, "policyArn": "arn:aws:eks::aws:p/x", "accessScope": {"type": "cluster"}},
}


def stored(content: bytes) -> Reply:
    return Reply(200, content, {"content-length": str(len(content)), "etag": '"1"'})


def test_a_change_is_sent_as_it_stands() -> None:
    wire = Wire(MADE["AuthorizeSecurityGroupIngress"])
    AwsChanges(connect(wire)).make("authorize-security-group-ingress", ITSELF)
    (sent,) = wire.sent
    assert (sent.operation, sent.parameters["GroupId"]) == ("AuthorizeSecurityGroupIngress", "sg-1")
    assert sent.parameters["IpPermissions.1.Groups.1.GroupId"] == "sg-1"


def test_a_change_of_another_kind_is_not_made() -> None:
    wire = Wire(ok({}))
    with pytest.raises(KeyError, match="delete-vpc"):
        AwsChanges(connect(wire)).make("delete-vpc", {"VpcId": "vpc-1"})
    assert wire.sent == []


def test_a_rule_that_is_there_already_is_left() -> None:
    wire = Wire(ec2_error("InvalidPermission.Duplicate", "the specified rule already exists"))
    AwsChanges(connect(wire)).make("authorize-security-group-ingress", ITSELF)
    assert [one.operation for one in wire.sent] == ["AuthorizeSecurityGroupIngress"]


def test_what_aws_refuses_otherwise_is_refused() -> None:
    wire = Wire(ec2_error("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules has been reached."))
    with pytest.raises(RefusedError, match="`RulesPerSecurityGroupLimitExceeded`: The maximum number of rules"):
        AwsChanges(connect(wire)).make("authorize-security-group-ingress", ITSELF)


def test_an_access_entry_that_is_there_already_is_left() -> None:
    wire = ByOperation(
        CreateAccessEntry=error("ResourceInUseException", "The specified access entry resource is already in use", 409),
        DescribeAccessEntry=ok({"accessEntry": {"principalArn": ENTRY["principalArn"]}}),
    )
    AwsChanges(connect(wire)).make("create-access-entry", ENTRY)
    assert [one.operation for one in wire.sent] == ["CreateAccessEntry", "DescribeAccessEntry"]


def test_a_conflict_about_something_else_is_one() -> None:
    busy = error("ResourceInUseException", "Cluster already has an update in progress", 409)
    missing = error("ResourceNotFoundException", "The specified principalArn could not be found", 404)
    wire = ByOperation(UpdateClusterConfig=busy, CreateAccessEntry=busy, DescribeAccessEntry=missing)
    for verb in ("update-cluster-config", "create-access-entry"):
        with pytest.raises(ConflictError, match="Cluster already has an update in progress"):
            AwsChanges(connect(wire)).make(verb, EVERY_CHANGE[verb])


def test_an_object_is_stored_with_its_condition() -> None:
    wire = Wire(stored(b""))
    AwsChanges(connect(wire)).make("put-object", STORE, SCRIPT)
    (sent,) = wire.sent
    assert (sent.operation, sent.headers["If-None-Match"], sent.body) == ("PutObject", "*", SCRIPT)


def test_an_object_that_an_earlier_try_stored_is_left() -> None:
    refusal = s3_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    wire = ByOperation(PutObject=refusal, GetObject=stored(SCRIPT))
    AwsChanges(connect(wire)).make("put-object", STORE, SCRIPT)
    assert [one.operation for one in wire.sent] == ["PutObject", "GetObject"]


def test_an_object_that_somebody_else_stored_is_never_overwritten() -> None:
    refusal = s3_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    wire = ByOperation(PutObject=refusal, GetObject=stored(b"theirs"))
    with pytest.raises(ConflictError) as told:
        AwsChanges(connect(wire)).make("put-object", STORE, SCRIPT)
    assert told.value.message == "`s3://b-one/base/on_create.sh` is not what it was a moment ago; it was left as it is"
    assert told.value.hint == "run the same command again to look anew"


@pytest.mark.parametrize(
    ("kind", "name", "reply", "stack"),
    [
        (Owned.EC2, "sg-1", TAGS, "eksctl-training"),
        (Owned.EC2, "sg-1", NO_TAGS, None),
        (Owned.ROLE, "r", ROLE_TAGS, "roles"),
        (Owned.EKS, "training", ok({"cluster": {"tags": {"aws:cloudformation:stack-name": "x"}}}), "x"),
        (Owned.EKS, "training", ok({"cluster": {}}), None),
    ],
)
def test_the_stack_that_owns_a_resource_is_in_its_tags(kind: Owned, name: str, reply: Reply, stack: str | None) -> None:
    assert AwsChanges(connect(Wire(reply))).stack_of(kind, name) == stack


def test_a_role_that_has_a_policy_is_told_from_one_that_has_not() -> None:
    missing = iam_error("NoSuchEntity", "The role policy with name p cannot be found.")
    assert AwsChanges(connect(Wire(POLICY))).has_role_policy("r", "p")
    assert not AwsChanges(connect(Wire(missing))).has_role_policy("r", "p")
    with pytest.raises(AccessError):
        AwsChanges(connect(Wire(iam_error("AccessDenied", "no", 403)))).has_role_policy("r", "p")
