"""Policy simulation of the sandbox, as boto3 sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running

MANAGED = "arn:aws:iam::aws:policy/AmazonSageMakerClusterInstanceRolePolicy"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def iam(aws: Running) -> Any:
    return aws.client("iam")


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _role(iam: Any, name: str, **members: Any) -> str:
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(TRUST), **members)["Role"]["Arn"])


def _decisions(iam: Any, arn: str, actions: list[str], *resources: str) -> list[str]:
    asked = {"PolicySourceArn": arn, "ActionNames": actions, "ResourceArns": list(resources) or ["*"]}
    pages = iam.get_paginator("simulate_principal_policy").paginate(**asked)
    return [result["EvalDecision"] for page in pages for result in page["EvaluationResults"]]


def test_a_role_may_what_its_policies_allow_on_their_resources(iam: Any) -> None:
    arn = _role(iam, "simulated", Path="/teams/")
    assert _decisions(iam, arn, ["s3:GetObject"]) == ["implicitDeny"]
    iam.attach_role_policy(RoleName="simulated", PolicyArn=MANAGED)
    inside, outside = "arn:aws:s3:::sagemaker-x/a", "arn:aws:s3:::x/a"
    assert _decisions(iam, arn, ["s3:GetObject", "s3:PutObject"], inside, outside) == [
        "allowed",
        "implicitDeny",
        "implicitDeny",
        "implicitDeny",
    ]
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": f"{inside[:-1]}*"}
    iam.put_role_policy(RoleName="simulated", PolicyName="deny", PolicyDocument=_document(deny))
    assert _decisions(iam, arn, ["s3:GetObject"], inside) == ["explicitDeny"]


def test_a_boundary_takes_away(iam: Any) -> None:
    only_s3 = _document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    boundary = iam.create_policy(PolicyName="only-s3", PolicyDocument=only_s3)["Policy"]["Arn"]
    arn = _role(iam, "bounded", PermissionsBoundary=boundary)
    everything = _document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName="bounded", PolicyName="all", PolicyDocument=everything)
    assert _decisions(iam, arn, ["s3:GetObject", "ec2:DescribeVpcs"]) == ["allowed", "implicitDeny"]
    told = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["ec2:DescribeVpcs"])["EvaluationResults"]
    assert told[0]["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_the_sandboxes_caller_may_all(aws: Running, iam: Any) -> None:
    caller = aws.client("sts").get_caller_identity()["Arn"]
    assert _decisions(iam, caller, ["sagemaker:CreateCluster", "iam:PassRole"]) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:sts::123456789012:assumed-role/a/b", "InvalidInput"),
        ("arn:aws:iam::123456789012:root", "InvalidInput"),
        ("arn:aws:iam::123456789012:role/nobody", "NoSuchEntity"),
    ],
)
def test_other_principals_cannot_be_simulated(iam: Any, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        _decisions(iam, arn, ["s3:GetObject"])
    assert caught.value.response["Error"]["Code"] == code


def test_results_come_in_pages(iam: Any) -> None:
    arn = _role(iam, "paged")
    asked = {"PolicySourceArn": arn, "ActionNames": [f"s3:Get{number}" for number in range(5)]}
    first = iam.simulate_principal_policy(**asked, MaxItems=2)
    assert (first["IsTruncated"], len(first["EvaluationResults"])) == (True, 2)
    last = iam.simulate_principal_policy(**asked, MaxItems=2, Marker="4")
    assert (last["IsTruncated"], [row["EvalActionName"] for row in last["EvaluationResults"]]) == (False, ["s3:Get4"])


def test_hyperpods_service_linked_role_can_be_made_where_it_is_not(iam: Any) -> None:
    iam.delete_role(RoleName="AWSServiceRoleForAmazonSageMakerHyperPod")
    role = iam.create_service_linked_role(AWSServiceName="hyperpod.sagemaker.amazonaws.com")["Role"]
    assert role["RoleName"] == "AWSServiceRoleForAmazonSageMakerHyperPod"
    other = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    assert other["RoleName"] == "AWSServiceRoleForAutoScaling"
