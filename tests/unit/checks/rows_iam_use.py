"""What the checks say of how execution roles are used, of sessions and AMIs, and of partitions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    ACCOUNT,
    EKS_ARN,
    NOW,
    REGION,
    ROLE,
    a_finding,
    a_group,
    a_plain_group,
    a_role,
    a_slurm_spec,
    a_spec,
)
from tests.unit.checks.row import fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

_AT = ("instance_groups", 0, "execution_role")
_GROUPS = "instance groups: workers"
_SUBJECT = "role/hyperpod-execution"
_CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/ada"
_AMI: dict[str, Any] = {"image_id": "ami-0123456789abcdef0"}
_ADMINISTERS = ("iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:PutRolePolicy")


def _aged(seconds: float | None) -> FakeAccount:
    created = None if seconds is None else NOW - timedelta(seconds=seconds)
    return FakeAccount().holding(a_role(created_at=created))


def _denying(*actions: str) -> FakeAccount:
    account = FakeAccount()
    for action in actions:
        account.iam.deny(action)
    return account


def _administering() -> FakeAccount:
    account = FakeAccount()
    account.iam.allow_everything()
    return account


def _sharing(*names: str) -> FakeAccount:
    account = FakeAccount()
    account.node_groups.by_name |= dict.fromkeys(names, ROLE)
    return account


def _put(name: str, policy: str, *statements: tuple[str, str]) -> str:
    rows = [{"Effect": "Allow", "Action": actions.split(), "Resource": resource} for actions, resource in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": rows}, separators=(",", ":"))
    return f"aws iam put-role-policy --role-name {name} --policy-name {policy} --policy-document '{document}'"


def _caller(message: str, *evidence: str, remedy: str, path: tuple[str | int, ...] = ()) -> Finding:
    return a_finding("warn", _CALLER, message, *evidence, remedy=remedy, path=path)


def _elsewhere(arn: str, path: tuple[str | int, ...], partition: str, where: str) -> Finding:
    seen = arn.split(":")[1]
    return a_finding(
        "fail",
        "cluster/ml-cluster",
        f"`{arn}` is of partition `{seen}`, {where} of `{partition}`",
        remedy=f"write `{arn.replace(seen, partition, 1)}`, if there is such a thing",
        path=path,
    )


FRESH = (
    passes("iam-exec-role-fresh", "an old role", a_spec(), _aged(60)),
    passes("iam-exec-role-fresh", "a role that does not say", a_spec(), _aged(None)),
    passes("iam-exec-role-fresh", "no such role", a_spec(), FakeAccount().holding(a_role("other"))),
    *(
        notes(
            "iam-exec-role-fresh",
            case,
            a_spec(),
            a_finding(
                "note",
                _SUBJECT,
                f"is {told} seconds old: SageMaker may not know it yet",
                f"made: {NOW - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
                _GROUPS,
            ),
            account=_aged(seconds),
        )
        for case, seconds, told in (
            ("a role of a moment ago", 59.5, 59),
            ("a clock that is behind", -3, 0),
        )
    ),
)

DISTINCT = (
    passes("iam-exec-distinct", "a role of its own", a_spec()),
    passes("iam-exec-distinct", "Slurm", a_slurm_spec(), _sharing("gpu")),
    warns(
        "iam-exec-distinct",
        "a role that node groups have",
        a_spec(),
        a_finding(
            "warn",
            _SUBJECT,
            "is also the role of EKS node groups of `training`",
            "node groups: cpu, gpu",
            _GROUPS,
            remedy="make a role of their own for HyperPod's nodes, with this policy\n"
            "hpctl iam policy execution-role -f FILE > nodes.json\n"
            "aws iam create-policy --policy-name hyperpod-nodes --policy-document file://nodes.json",
            path=_AT,
        ),
        account=_sharing("gpu", "cpu"),
    ),
)

WILDCARD = (
    passes("iam-exec-wildcard", "what nodes need", a_spec()),
    warns(
        "iam-exec-wildcard",
        "an administrator",
        a_spec(),
        a_finding(
            "warn",
            _SUBJECT,
            "may change who may do what in the whole account, and so may everybody on its nodes",
            f"allowed on every resource: {', '.join(_ADMINISTERS)}",
            _GROUPS,
            remedy="find the policy that allows it, and leave the role what nodes need\n"
            "aws iam list-attached-role-policies --role-name hyperpod-execution\n"
            "aws iam list-role-policies --role-name hyperpod-execution\n"
            "hpctl iam policy execution-role -f FILE > nodes.json",
            path=_AT,
        ),
        account=_administering(),
    ),
)

POD_IDENTITY = (
    passes("iam-exec-pod-identity", "everything allowed", a_spec()),
    passes("iam-exec-pod-identity", "Slurm", a_slurm_spec(), _denying("eks-auth:AssumeRoleForPodIdentity")),
    warns(
        "iam-exec-pod-identity",
        "no identities for pods",
        a_spec(),
        a_finding(
            "warn",
            _SUBJECT,
            "may not let pods assume their roles (Pod Identity)",
            "not allowed: eks-auth:AssumeRoleForPodIdentity",
            _GROUPS,
            remedy=_put(
                "hyperpod-execution",
                "hyperpod-pod-identity",
                ("eks-auth:AssumeRoleForPodIdentity", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/training"),
            ),
            path=_AT,
        ),
        account=_denying("eks-auth:AssumeRoleForPodIdentity"),
    ),
)

SESSIONS = (
    passes("iam-caller-ssm", "everything allowed", a_slurm_spec()),
    warns(
        "iam-caller-ssm",
        "no sessions",
        a_spec(),
        *(
            _caller(message, "not allowed: ssm:StartSession", remedy=_put("Admin", policy, ("ssm:StartSession", on)))
            for message, policy, on in (
                (
                    "may not open sessions on the nodes",
                    "hyperpod-sessions",
                    f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:cluster/*",
                ),
                (
                    "may not use the document of a session",
                    "hyperpod-session-document",
                    f"arn:aws:ssm:{REGION}::document/AWS-StartInteractiveCommand",
                ),
            )
        ),
        account=_denying("ssm:StartSession"),
    ),
)

CUSTOM_AMI = (
    passes("iam-custom-ami", "HyperPod's own image", a_spec(), _denying("ec2:DescribeImages")),
    passes(
        "iam-custom-ami", "the default by name", a_spec(a_group(image_id="default")), _denying("ec2:DescribeImages")
    ),
    passes("iam-custom-ami", "everything allowed", a_spec(a_group(**_AMI))),
    warns(
        "iam-custom-ami",
        "an AMI that cannot be shared",
        a_spec(a_plain_group(), a_group(**_AMI)),
        _caller(
            "may not share AMIs with HyperPod",
            "not allowed: ec2:ModifyImageAttribute",
            remedy=_put(
                "Admin",
                "hyperpod-custom-ami",
                ("ec2:DescribeImages ec2:DescribeSnapshots", "*"),
                ("ec2:ModifyImageAttribute", f"arn:aws:ec2:{REGION}::image/*"),
                ("ec2:ModifySnapshotAttribute", f"arn:aws:ec2:{REGION}::snapshot/*"),
            ),
            path=("instance_groups", 1, "image_id"),
        ),
        account=_denying("ec2:ModifyImageAttribute"),
    ),
)

_CHINA = ROLE.replace(":aws:", ":aws-cn:")
PARTITION = (
    passes("identity-partition", "one partition", a_spec(region="us-west-2")),
    passes("identity-partition", "no Region", a_spec()),
    passes(
        "identity-partition",
        "a Region in China",
        a_slurm_spec(a_plain_group(execution_role=_CHINA), region="cn-north-1"),
    ),
    fails(
        "identity-partition",
        "a role of another partition",
        a_spec(a_group(execution_role=_CHINA), region="us-west-2"),
        _elsewhere(_CHINA, _AT, "aws", "Region `us-west-2`"),
    ),
    fails(
        "identity-partition",
        "a Region of GovCloud",
        a_slurm_spec(a_plain_group(), region="us-gov-west-1", cluster_role=ROLE),
        _elsewhere(ROLE, _AT, "aws-us-gov", "Region `us-gov-west-1`"),
        _elsewhere(ROLE, ("cluster_role",), "aws-us-gov", "Region `us-gov-west-1`"),
    ),
    fails(
        "identity-partition",
        "ARNs that do not agree",
        a_spec(a_group(execution_role=_CHINA), orchestrator={"eks": {"cluster_arn": EKS_ARN}}),
        _elsewhere(EKS_ARN, ("orchestrator", "eks", "cluster_arn"), "aws-cn", f"`{_CHINA}`"),
    ),
)

ROWS = (*FRESH, *DISTINCT, *WILDCARD, *POD_IDENTITY, *SESSIONS, *CUSTOM_AMI, *PARTITION)

_SIMULATED = ("caller.identity", "iam.simulate")
ASKS: dict[str, tuple[str, ...]] = {
    "iam-exec-role-fresh": ("iam.role",),
    "iam-exec-distinct": ("node_groups.roles",),
    "iam-exec-wildcard": _SIMULATED,
    "iam-exec-pod-identity": _SIMULATED,
    "iam-caller-ssm": _SIMULATED,
    "iam-custom-ami": _SIMULATED,
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    return a_spec(a_group(**_AMI)), FakeAccount()
