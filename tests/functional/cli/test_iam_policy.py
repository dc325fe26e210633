"""`hpctl iam policy`: what it prints is what IAM takes, enough for what hpctl does, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl

EKS = "hpctl-sandbox-api"
EKS_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}


def _policy(hpctl: Hpctl, whose: str) -> Any:
    return hpctl("iam", "policy", whose, "-f", "cluster.yaml").json()


def _as(hpctl: Hpctl, account: Account, user: str, document: Any) -> Hpctl:
    """Return the command as a user who may do what the policy says and nothing else, in Kubernetes everything."""
    iam, eks = account.client("iam"), account.client("eks")
    arn = iam.create_user(UserName=user)["User"]["Arn"]
    policy = iam.create_policy(PolicyName=user, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    eks.create_access_entry(clusterName=EKS, principalArn=arn)
    eks.associate_access_policy(clusterName=EKS, principalArn=arn, policyArn=EKS_ADMIN, accessScope={"type": "cluster"})
    return hpctl.with_env(
        AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"], AWS_PROFILE=None
    )


def _role(hpctl: Hpctl, account: Account, name: str) -> None:
    """Make the execution role that the spec names, with what `execution-role` prints and no managed policy."""
    iam = account.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    document = json.dumps(_policy(hpctl, "execution-role"))
    iam.put_role_policy(RoleName=name, PolicyName="hyperpod", PolicyDocument=document)


def _wish(hpctl: Hpctl, name: str, orchestrator: str) -> None:
    spec = {"eks": specs.eks, "slurm": specs.slurm}[orchestrator](name, node_provisioning="Continuous")
    for group in spec["instance_groups"]:
        group["execution_role"] = f"arn:aws:iam::123456789012:role/{name}"
    (hpctl.folder / "cluster.yaml").write_text(json.dumps(spec), encoding="utf-8")


@pytest.mark.scorecard(56)
@pytest.mark.parametrize("orchestrator", ["eks", "slurm"])
def test_three_policies_are_all_that_a_cluster_takes(
    hpctl: Hpctl, account: Account, name: str, orchestrator: str
) -> None:
    _wish(hpctl, name, orchestrator)
    _role(hpctl, account, name)
    caller = _as(hpctl, account, name, _policy(hpctl, "caller"))
    assert f"user/{name}" in caller("cluster", "create", "-f", "cluster.yaml", "--yes").err
    examined = caller("doctor", "-f", "cluster.yaml", "-o", "json").json()
    assert {row["outcome"] for row in examined["results"]} == {"pass"}
    caller("cluster", "delete", name, "--yes")


@pytest.mark.scorecard(56)
def test_who_only_looks_can_look_everywhere_and_may_not_create(hpctl: Hpctl, account: Account, name: str) -> None:
    _wish(hpctl, name, "eks")
    _role(hpctl, account, name)
    onlooker = _as(hpctl, account, name, _policy(hpctl, "doctor"))
    examined = onlooker("doctor", "-f", "cluster.yaml", "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    found = {row["id"]: row["outcome"] for row in examined["results"] if row["outcome"] != "pass"}
    assert found == {
        "iam-caller-actions": "fail",
        "iam-caller-eks-access": "fail",
        "iam-caller-pass-role": "fail",
        "iam-caller-ssm": "warn",
    }
    refused = onlooker(
        *("cluster", "create", "-f", "cluster.yaml", "--yes"),
        *(word for check_id in found for word in ("--skip", check_id)),
        ends=ExitCode.ACCESS,
    )
    assert "`sagemaker:CreateCluster`" in refused.err


def test_without_the_right_to_pass_the_role_no_cluster_is_created(hpctl: Hpctl, account: Account, name: str) -> None:
    _wish(hpctl, name, "slurm")
    _role(hpctl, account, name)
    document = _policy(hpctl, "caller")
    document["Statement"] = [one for one in document["Statement"] if one["Sid"] != "PassRoles"]
    caller = _as(hpctl, account, name, document)
    words = ("cluster", "create", "-f", "cluster.yaml", "--yes", "--skip", "iam-caller-pass-role")
    assert "iam:PassRole" in caller(*words, ends=ExitCode.ACCESS).err
    assert name not in account.statuses()
