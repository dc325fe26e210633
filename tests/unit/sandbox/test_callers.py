"""Users and roles of the account are held to their policies: who calls, what a request asks, and AWS's refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hpctl.sandbox.asking import questions
from hpctl.sandbox.callers import denial
from hpctl.sandbox.clock import Moment, happening
from hpctl.sandbox.recording import Recording

ACCOUNT, REGION = "123456789012", "us-west-2"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
EKS = f"arn:aws:eks:{REGION}:{ACCOUNT}"


@pytest.fixture
def iam() -> Iterator[Any]:
    with mock_aws(), happening(Moment(NOW, 6.0)):
        yield boto3.client("iam", region_name=REGION)


def _asked(
    service: str, method: str = "POST", path: str = "/", body: bytes = b"", key: str = "AKIAX", **headers: str
) -> Recording:
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/{service}/aws4_request, Signature=0"
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "HTTP_AUTHORIZATION": scope}
    return Recording(environ | headers, body)


def _sagemaker(operation: str, key: str = "AKIAX", **members: Any) -> Recording:
    target = {"HTTP_X_AMZ_TARGET": f"SageMaker.{operation}"}
    return _asked("sagemaker", body=json.dumps(members).encode(), key=key, **target)


def _form(service: str, text: str, key: str = "AKIAX") -> Recording:
    return _asked(service, body=text.encode(), key=key, CONTENT_TYPE="application/x-www-form-urlencoded")


def _told(recording: Recording) -> list[tuple[str, str]]:
    return [(each.action, each.resource) for each in questions(ACCOUNT, recording)]


@pytest.mark.parametrize(
    ("recording", "action", "resource"),
    [
        (_sagemaker("ListClusters"), "sagemaker:ListClusters", "*"),
        (
            _sagemaker("DescribeCluster", ClusterName="nobody"),
            "sagemaker:DescribeCluster",
            f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:cluster/000000000000",
        ),
        (_asked("s3", "GET", "/scripts/lc/on_create.sh"), "s3:GetObject", "arn:aws:s3:::scripts/lc/on_create.sh"),
        (_asked("s3", "HEAD", "/scripts/lc/on_create.sh"), "s3:GetObject", "arn:aws:s3:::scripts/lc/on_create.sh"),
        (_asked("s3", "GET", "/scripts", QUERY_STRING="list-type=2"), "s3:ListBucket", "arn:aws:s3:::scripts"),
        (_asked("eks", "GET", "/clusters/a"), "eks:DescribeCluster", f"{EKS}:cluster/a"),
        (_asked("eks", "GET", "/clusters/a/addons"), "eks:ListAddons", f"{EKS}:cluster/a"),
        (_asked("eks", "GET", "/clusters/a/addons/cni"), "eks:DescribeAddon", f"{EKS}:addon/a/cni/000000000000"),
        (
            _asked(
                "eks",
                "GET",
                f"/clusters/a/access-entries/{ADA}",
                RAW_URI=f"/clusters/a/access-entries/{ADA.replace('/', '%2F')}",
            ),
            "eks:DescribeAccessEntry",
            f"{EKS}:access-entry/a/user/{ACCOUNT}/ada/000000000000",
        ),
        (_form("ec2", "Action=DescribeVpcs"), "ec2:DescribeVpcs", "*"),
        (_form("iam", "Action=GetRole&RoleName=x"), "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/x"),
        (
            _form("iam", "Action=CreateServiceLinkedRole&AWSServiceName=hyperpod.sagemaker.amazonaws.com"),
            "iam:CreateServiceLinkedRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/hyperpod.sagemaker.amazonaws.com/000000000000",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_asks_for_an_action_on_a_resource(iam: Any, recording: Recording, action: str, resource: str) -> None:
    assert _told(recording) == [(action, resource)]


def test_creating_a_cluster_takes_more_than_its_own_action(iam: Any) -> None:
    groups = [{"ExecutionRole": "arn:role/a"}, {"ExecutionRole": "arn:role/a"}, {"ExecutionRole": "arn:role/b"}]
    recording = _sagemaker(
        "CreateCluster",
        ClusterName="c",
        InstanceGroups=groups,
        Tags=[{"Key": "a", "Value": "b"}],
        Orchestrator={"Eks": {"ClusterArn": f"{EKS}:cluster/a"}},
    )
    entry = f"{EKS}:access-entry/a/role/{ACCOUNT}/hyperpod/000000000000"
    assert _told(recording)[1:] == [
        ("iam:PassRole", "arn:role/a"),
        ("iam:PassRole", "arn:role/b"),
        ("sagemaker:AddTags", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:cluster/000000000000"),
        ("eks:CreateAccessEntry", f"{EKS}:cluster/a"),
        ("eks:DescribeCluster", f"{EKS}:cluster/a"),
        ("eks:AssociateAccessPolicy", entry),
        ("eks:DescribeAccessEntry", entry),
    ]


def test_who_calls_may_always_be_asked(iam: Any) -> None:
    assert _told(_form("sts", "Action=GetCallerIdentity")) == []


def _ada(iam: Any, *statements: dict[str, Any]) -> str:
    iam.create_user(UserName="ada")
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)
    return str(iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"])


ALLOW = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}


def test_a_key_that_the_account_does_not_know_is_anybodys(iam: Any) -> None:
    _ada(iam)
    assert denial(ACCOUNT, _sagemaker("ListClusters", key="HPCTLTESTS0000000000")) is None


def test_a_user_may_do_what_their_policies_allow(iam: Any) -> None:
    here = {"Condition": {"StringEquals": {"aws:RequestedRegion": REGION}}}
    assert denial(ACCOUNT, _sagemaker("ListClusters", key=_ada(iam, {**ALLOW, **here}))) is None


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ((), "because no identity-based policy allows the sagemaker:ListClusters action"),
        (
            ({**ALLOW, "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},),
            "because no identity-based policy allows the sagemaker:ListClusters action",
        ),
        ((ALLOW, {**ALLOW, "Effect": "Deny"}), "with an explicit deny in an identity-based policy"),
    ],
)
def test_a_user_is_refused_the_rest_in_awss_words(iam: Any, statements: tuple[dict[str, Any], ...], why: str) -> None:
    refused = denial(ACCOUNT, _sagemaker("ListClusters", key=_ada(iam, *statements)))
    assert refused is not None
    told = json.loads(refused.get_data())
    assert (refused.status_code, told["__type"]) == (400, "AccessDeniedException")
    assert told["message"] == (f"User: {ADA} is not authorized to perform: sagemaker:ListClusters on resource: * {why}")


def test_a_refusal_speaks_the_protocol_of_its_service(iam: Any) -> None:
    refused = denial(ACCOUNT, _form("ec2", "Action=DescribeVpcs", key=_ada(iam)))
    assert refused is not None
    assert b"<Code>UnauthorizedOperation</Code>" in refused.get_data()


def test_a_session_may_do_what_its_role_may(iam: Any) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    sts = boto3.client("sts", region_name=REGION)
    key = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]["AccessKeyId"]
    refused = denial(ACCOUNT, _sagemaker("ListClusters", key=key))
    assert refused is not None
    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/nodes/me is" in refused.get_data(as_text=True)
    document = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
    iam.put_role_policy(RoleName="nodes", PolicyName="p", PolicyDocument=document)
    assert denial(ACCOUNT, _sagemaker("ListClusters", key=key)) is None
