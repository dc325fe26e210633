"""What the checks of `iam` say of roles, their permissions, and the caller's."""

from __future__ import annotations

from typing import Any

from hpctl.facts.records import Verdict
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    ACCOUNT,
    REGION,
    ROLE,
    a_finding,
    a_group,
    a_plain_group,
    a_role,
    a_slurm_spec,
    a_spec,
    an_identity,
)
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.fakes import FakeAccount

_AT = ("instance_groups", 0, "execution_role")
_GROUPS = "instance groups: workers"
_SUBJECT = "role/hyperpod-execution"
_OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/other"
_CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/ada"
_PUT = "aws iam put-role-policy --role-name"
_STATEMENT = '{"Version":"2012-10-17","Statement":['
_TRUST = '{"Effect":"Allow","Principal":{"Service":[%s]},"Action":"sts:AssumeRole"}]}'
_SCALER = f"arn:aws:iam::{ACCOUNT}:role/scaler"
_SCALING: dict[str, Any] = {
    "auto_scaling": {"mode": "Enable", "auto_scaler_type": "Karpenter"},
    "cluster_role": _SCALER,
    "node_provisioning": "Continuous",
}
_FSX: dict[str, Any] = {
    "storage": [{"fsx_lustre": {"dns_name": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com", "mount_name": "a"}}]
}
_ORGANIZATION = "ask the administrator of your AWS organization: a service control policy denies it"
_EXPLICIT = "take the explicit Deny out of the policies and the permissions boundary of this principal"
_BOUNDARY = (
    "allow these actions in the permissions boundary, which no other policy can widen\n"
    "aws iam get-role --role-name hyperpod-execution --query Role.PermissionsBoundary"
)


def _denying(*actions: str, **how: Any) -> FakeAccount:
    account = FakeAccount()
    for action in actions:
        account.iam.deny(action, **how)
    return account


def _unsure(action: str, key: str) -> FakeAccount:
    account = FakeAccount()
    verdict = Verdict(action, "*", allowed=False, decision="implicitDeny", missing_context=(key,))
    account.iam._denied.append((None, verdict))
    return account


def _silent() -> FakeAccount:
    account = FakeAccount()
    account.iam.simulate = lambda *_asked: ()  # type: ignore[method-assign]
    return account


def _scaler(**members: Any) -> FakeAccount:
    usual = {"trusted_services": frozenset({"hyperpod.sagemaker.amazonaws.com"})}
    return FakeAccount().holding(a_role(), a_role("scaler", **{**usual, **members}))


def _role(message: str, *evidence: str, remedy: str, level: str = "fail") -> Finding:
    return a_finding(level, _SUBJECT, message, *evidence, remedy=remedy, path=_AT)  # type: ignore[arg-type]


def _created(name: str) -> str:
    trust = _TRUST % '"sagemaker.amazonaws.com"'
    return f"aws iam create-role --role-name {name} --assume-role-policy-document '{_STATEMENT}{trust}'"


def _trusting(name: str, *services: str) -> str:
    trust = _TRUST % ",".join(f'"{service}"' for service in services)
    return f"aws iam update-assume-role-policy --role-name {name} --policy-document '{_STATEMENT}{trust}'"


def _allowing(name: str, policy: str, *statements: tuple[str, str]) -> str:
    rows = []
    for actions, resource in statements:
        listed = ",".join(f'"{action}"' for action in actions.split())
        rows.append(f'{{"Effect":"Allow","Action":[{listed}],"Resource":"{resource}"}}')
    return f"{_PUT} {name} --policy-name {policy} --policy-document '{_STATEMENT}{','.join(rows)}]}}'"


_VPC = _allowing(
    "hyperpod-execution",
    "hyperpod-vpc",
    (
        (
            "ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets "
            "ec2:DescribeVpcs"
        ),
        "*",
    ),
    (
        (
            "ec2:CreateNetworkInterface ec2:CreateNetworkInterfacePermission ec2:DeleteNetworkInterface "
            "ec2:DeleteNetworkInterfacePermission ec2:DetachNetworkInterface"
        ),
        "*",
    ),
    ("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/*"),
)
_NO_VPC = "may not make network interfaces in the VPC"

EXISTS = (
    passes("iam-exec-exists", "a role that is there", a_spec()),
    fails(
        "iam-exec-exists",
        "no such role, once for all its groups",
        a_spec(a_group(), a_plain_group()),
        a_finding(
            "fail",
            _SUBJECT,
            f"there is no role `hyperpod-execution` in account `{ACCOUNT}`",
            "instance groups: workers, system",
            remedy=_created("hyperpod-execution"),
            path=_AT,
        ),
        account=FakeAccount().holding(a_role("other")),
    ),
    fails(
        "iam-exec-exists",
        "a role of another account",
        a_spec(a_group(execution_role=ROLE.replace(ACCOUNT, "210987654321"))),
        _role(
            f"the role is in account `210987654321`, the cluster would be in `{ACCOUNT}`",
            _GROUPS,
            remedy="name a role of this account, or use other credentials (`--profile`)",
        ),
    ),
    fails(
        "iam-exec-exists",
        "another path",
        a_spec(),
        _role(
            f"the role's ARN is `arn:aws:iam::{ACCOUNT}:role/ml/hyperpod-execution`",
            _GROUPS,
            remedy=f"write `arn:aws:iam::{ACCOUNT}:role/ml/hyperpod-execution`",
        ),
        account=FakeAccount().holding(a_role(arn=f"arn:aws:iam::{ACCOUNT}:role/ml/hyperpod-execution")),
    ),
)

TRUST = (
    passes("iam-exec-trust", "a role that SageMaker may assume", a_spec()),
    fails(
        "iam-exec-trust",
        "a role for EC2",
        a_spec(),
        _role(
            "`sagemaker.amazonaws.com` may not assume the role",
            "trusted: ec2.amazonaws.com",
            _GROUPS,
            remedy=_trusting("hyperpod-execution", "ec2.amazonaws.com", "sagemaker.amazonaws.com"),
        ),
        account=FakeAccount().holding(a_role(trusted_services=frozenset({"ec2.amazonaws.com"}))),
    ),
    fails(
        "iam-exec-trust",
        "a role for no service",
        a_spec(),
        _role(
            "`sagemaker.amazonaws.com` may not assume the role",
            "trusted: no service",
            _GROUPS,
            remedy=_trusting("hyperpod-execution", "sagemaker.amazonaws.com"),
        ),
        account=FakeAccount().holding(a_role(trusted_services=frozenset())),
    ),
    cannot_tell(
        "iam-exec-trust",
        "no such role",
        a_spec(),
        "could not look: there is no role `hyperpod-execution`",
        FakeAccount().holding(a_role("other")),
    ),
)

CLUSTER_ROLE = (
    passes("iam-cluster-role", "no autoscaling", a_spec(cluster_role=_SCALER)),
    passes("iam-cluster-role", "a fit role", a_spec(**_SCALING), _scaler()),
    fails(
        "iam-cluster-role",
        "autoscaling without a role",
        a_spec(**{**_SCALING, "cluster_role": None}),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "scales itself and names no cluster role",
            remedy="add `cluster_role: <ARN of a role that HyperPod may assume>`",
        ),
    ),
    fails(
        "iam-cluster-role",
        "no such role",
        a_spec(**_SCALING),
        a_finding(
            "fail",
            "role/scaler",
            f"there is no role `scaler` in account `{ACCOUNT}`",
            remedy=_created("scaler").replace('"sagemaker.', '"hyperpod.sagemaker.'),
            path=("cluster_role",),
        ),
    ),
    fails(
        "iam-cluster-role",
        "a role that neither trusts nor may",
        a_spec(**_SCALING),
        a_finding(
            "fail",
            "role/scaler",
            "`hyperpod.sagemaker.amazonaws.com` may not assume the role",
            "trusted: sagemaker.amazonaws.com",
            remedy=_trusting("scaler", "hyperpod.sagemaker.amazonaws.com", "sagemaker.amazonaws.com"),
            path=("cluster_role",),
        ),
        a_finding(
            "fail",
            "role/scaler",
            "may not scale the cluster",
            "not allowed: sagemaker:BatchAddClusterNodes",
            remedy=_allowing(
                "scaler", "hyperpod-scale", ("sagemaker:BatchAddClusterNodes sagemaker:BatchDeleteClusterNodes", "*")
            ),
            path=("cluster_role",),
        ),
        account=_scaler(trusted_services=frozenset({"sagemaker.amazonaws.com"})),
    ),
)
CLUSTER_ROLE[-1].account.iam.deny("sagemaker:BatchAddClusterNodes")

VPC = (
    passes("iam-exec-vpc", "everything allowed", a_spec()),
    passes("iam-exec-vpc", "no network of its own", a_slurm_spec(network=None), _denying("ec2:CreateNetworkInterface")),
    fails(
        "iam-exec-vpc",
        "no permission for interfaces",
        a_spec(),
        _role(_NO_VPC, "not allowed: ec2:CreateNetworkInterface, ec2:CreateTags", _GROUPS, remedy=_VPC),
        account=_denying("ec2:CreateNetworkInterface", "ec2:CreateTags"),
    ),
    fails(
        "iam-exec-vpc",
        "an explicit deny",
        a_spec(),
        _role(_NO_VPC, "denied explicitly: ec2:DescribeVpcs", _GROUPS, remedy=_EXPLICIT),
        account=_denying("ec2:DescribeVpcs", decision="explicitDeny"),
    ),
    fails(
        "iam-exec-vpc",
        "a service control policy",
        a_spec(),
        _role(_NO_VPC, "denied by a service control policy: ec2:DescribeVpcs", _GROUPS, remedy=_ORGANIZATION),
        account=_denying("ec2:DescribeVpcs", by_organization=True),
    ),
    fails(
        "iam-exec-vpc",
        "a permissions boundary",
        a_spec(),
        _role(_NO_VPC, "beyond the permissions boundary: ec2:DescribeVpcs", _GROUPS, remedy=_BOUNDARY),
        account=_denying("ec2:DescribeVpcs", by_boundary=True),
    ),
    fails(
        "iam-exec-vpc",
        "one of two roles",
        a_spec(a_group(), a_plain_group(execution_role=_OTHER_ROLE)),
        a_finding(
            "fail",
            "role/other",
            _NO_VPC,
            "not allowed: ec2:CreateNetworkInterface",
            "instance groups: system",
            remedy=_VPC.replace("hyperpod-execution", "other"),
            path=("instance_groups", 1, "execution_role"),
        ),
        account=_denying("ec2:CreateNetworkInterface", principal_arn=_OTHER_ROLE),
    ),
    cannot_tell(
        "iam-exec-vpc",
        "a condition that nobody can simulate",
        a_spec(),
        "could not look: whether `ec2:CreateNetworkInterface` is allowed depends on `aws:SourceVpc`, "
        "which a simulation cannot know",
        _unsure("ec2:CreateNetworkInterface", "aws:SourceVpc"),
    ),
    cannot_tell(
        "iam-exec-vpc",
        "a simulation that says nothing",
        a_spec(),
        "could not look: IAM's policy simulation says nothing of `ec2:DescribeDhcpOptions`",
        _silent(),
    ),
)

_ENI = "ec2:AssignPrivateIpAddresses ec2:AttachNetworkInterface ec2:ModifyNetworkInterfaceAttribute"
SETS = (
    passes("iam-exec-eks-cni", "everything allowed", a_spec()),
    passes("iam-exec-eks-cni", "Slurm", a_slurm_spec(), _denying("ec2:AssignPrivateIpAddresses")),
    fails(
        "iam-exec-eks-cni",
        "no addresses for pods",
        a_spec(),
        _role(
            "may not give pods addresses (VPC CNI)",
            "not allowed: ec2:AssignPrivateIpAddresses",
            _GROUPS,
            remedy=_allowing(
                "hyperpod-execution",
                "hyperpod-eks-cni",
                ("ec2:DescribeInstances ec2:DescribeInstanceTypes ec2:DescribeTags", "*"),
                (f"{_ENI} ec2:UnassignPrivateIpAddresses", "*"),
            ),
        ),
        account=_denying("ec2:AssignPrivateIpAddresses"),
    ),
    passes("iam-exec-ecr", "everything allowed", a_spec()),
    passes("iam-exec-ecr", "Slurm", a_slurm_spec(), _denying("ecr:BatchGetImage")),
    warns(
        "iam-exec-ecr",
        "no images",
        a_spec(),
        _role(
            "may not pull images from ECR",
            "not allowed: ecr:BatchGetImage",
            _GROUPS,
            level="warn",
            remedy=_allowing(
                "hyperpod-execution",
                "hyperpod-ecr",
                (
                    (
                        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetAuthorizationToken "
                        "ecr:GetDownloadUrlForLayer"
                    ),
                    "*",
                ),
            ),
        ),
        account=_denying("ecr:BatchGetImage"),
    ),
    passes("iam-exec-logs", "everything allowed", a_slurm_spec()),
    warns(
        "iam-exec-logs",
        "no logs",
        a_spec(),
        _role(
            "may not write the cluster's logs to CloudWatch",
            "not allowed: logs:PutLogEvents",
            _GROUPS,
            level="warn",
            remedy=_allowing(
                "hyperpod-execution",
                "hyperpod-logs",
                (
                    "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
                    f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/Clusters/*",
                ),
            ),
        ),
        account=_denying("logs:PutLogEvents"),
    ),
    passes("iam-exec-ssm", "everything allowed", a_slurm_spec()),
    warns(
        "iam-exec-ssm",
        "no sessions",
        a_spec(),
        _role(
            "may not open Session Manager channels",
            "not allowed: ssmmessages:OpenDataChannel",
            _GROUPS,
            level="warn",
            remedy=_allowing(
                "hyperpod-execution",
                "hyperpod-sessions",
                (
                    (
                        "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel "
                        "ssmmessages:OpenDataChannel"
                    ),
                    "*",
                ),
            ),
        ),
        account=_denying("ssmmessages:OpenDataChannel"),
    ),
    passes("iam-exec-fsx", "no FSx", a_spec(), _denying("fsx:DescribeFileSystems")),
    passes("iam-exec-fsx", "FSx and the permission", a_spec(a_group(**_FSX))),
    warns(
        "iam-exec-fsx",
        "FSx without the permission",
        a_spec(a_group(**_FSX)),
        _role(
            "mounts FSx and may not describe file systems",
            "not allowed: fsx:DescribeFileSystems",
            _GROUPS,
            level="warn",
            remedy=_allowing("hyperpod-execution", "hyperpod-fsx", ("fsx:DescribeFileSystems", "*")),
        ),
        account=_denying("fsx:DescribeFileSystems"),
    ),
    passes("iam-exec-lifecycle-read", "everything allowed", a_spec()),
    passes("iam-exec-lifecycle-read", "no scripts", a_spec(a_group(lifecycle=None)), _denying("s3:GetObject")),
    fails(
        "iam-exec-lifecycle-read",
        "a bucket that the role may list only",
        a_spec(),
        _role(
            "may not read the lifecycle scripts in `s3://sagemaker-x/lc/`",
            "not allowed: s3:GetObject",
            _GROUPS,
            remedy=_allowing(
                "hyperpod-execution",
                "hyperpod-lifecycle-sagemaker-x",
                ("s3:ListBucket", "arn:aws:s3:::sagemaker-x"),
                ("s3:GetObject", "arn:aws:s3:::sagemaker-x/*"),
            ),
        ),
        account=_denying("s3:GetObject"),
    ),
)


def _caller(message: str, *evidence: str, remedy: str, path: tuple[str | int, ...] = ()) -> Finding:
    return a_finding("fail", _CALLER, message, *evidence, remedy=remedy, path=path)


_CREATE = "sagemaker:AddTags sagemaker:CreateCluster sagemaker:DescribeCluster sagemaker:DescribeClusterNode "
_MAY_CREATE = (
    "Admin",
    "hyperpod-create",
    ("sagemaker:ListClusters", "*"),
    (f"{_CREATE}sagemaker:ListClusterNodes sagemaker:ListTags", "*"),
)
_EVENTS = _allowing("Admin", "hyperpod-events", ("sagemaker:DescribeClusterEvent sagemaker:ListClusterEvents", "*"))
_NO_CREATE = "may not create and follow clusters"


def _called_by(arn: str, account: FakeAccount) -> FakeAccount:
    account.caller.who = an_identity(arn=arn)
    return account


CALLER = (
    passes("iam-caller-actions", "everything allowed", a_spec(node_provisioning="Continuous")),
    passes("iam-caller-actions", "no events to read", a_spec(), _denying("sagemaker:ListClusterEvents")),
    fails(
        "iam-caller-actions",
        "no CreateCluster",
        a_spec(),
        _caller(_NO_CREATE, "not allowed: sagemaker:CreateCluster", remedy=_allowing(*_MAY_CREATE)),
        account=_denying("sagemaker:CreateCluster"),
    ),
    fails(
        "iam-caller-actions",
        "no events",
        a_spec(node_provisioning="Continuous"),
        _caller(_NO_CREATE, "not allowed: sagemaker:ListClusterEvents", remedy=_EVENTS),
        account=_denying("sagemaker:ListClusterEvents"),
    ),
    fails(
        "iam-caller-actions",
        "a user",
        a_spec(),
        a_finding(
            "fail",
            f"arn:aws:iam::{ACCOUNT}:user/ml/ada",
            _NO_CREATE,
            "not allowed: sagemaker:ListClusters",
            remedy=_allowing(*_MAY_CREATE).replace("role-name Admin", "user-name ada").replace("put-role", "put-user"),
        ),
        account=_called_by(f"arn:aws:iam::{ACCOUNT}:user/ml/ada", _denying("sagemaker:ListClusters")),
    ),
    fails(
        "iam-caller-actions",
        "a permission set",
        a_spec(),
        a_finding(
            "fail",
            f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Ml_0123/ada",
            _NO_CREATE,
            "not allowed: sagemaker:ListClusters",
            remedy="add to the permission set in IAM Identity Center: "
            + _allowing(*_MAY_CREATE).partition("--policy-document '")[2].removesuffix("'"),
        ),
        account=_called_by(
            f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Ml_0123/ada", _denying("sagemaker:ListClusters")
        ),
    ),
    passes("iam-caller-pass-role", "everything allowed", a_spec()),
    fails(
        "iam-caller-pass-role",
        "no PassRole, the cluster role included",
        a_spec(**_SCALING),
        *(
            _caller(
                f"may not pass `{arn}` to SageMaker",
                "not allowed: iam:PassRole",
                remedy=_allowing("Admin", "hyperpod-pass-role", ("iam:PassRole", arn)),
                path=path,
            )
            for arn, path in ((ROLE, _AT), (_SCALER, ("cluster_role",)))
        ),
        account=_denying("iam:PassRole"),
    ),
    passes("iam-caller-eks-access", "everything allowed", a_spec()),
    passes("iam-caller-eks-access", "Slurm", a_slurm_spec(), _denying("eks:CreateAccessEntry")),
    fails(
        "iam-caller-eks-access",
        "no access entries",
        a_spec(),
        _caller(
            "may not make EKS access entries",
            "not allowed: eks:CreateAccessEntry, eks:AssociateAccessPolicy",
            remedy=_allowing(
                "Admin",
                "hyperpod-eks-access",
                ("eks:CreateAccessEntry eks:DescribeCluster", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/training"),
                ("eks:AssociateAccessPolicy eks:DeleteAccessEntry eks:DescribeAccessEntry", "*"),
            ),
            path=("orchestrator", "eks"),
        ),
        account=_denying("eks:CreateAccessEntry", "eks:AssociateAccessPolicy"),
    ),
    passes("iam-slr", "no role, and the right to make it", a_spec()),
    *(
        passes(
            "iam-slr",
            name,
            a_spec(),
            _denying("iam:CreateServiceLinkedRole").holding(a_role(), a_role(name)),
        )
        for name in ("AWSServiceRoleForSageMakerHyperPod", "AWSServiceRoleForAmazonSageMakerHyperPod")
    ),
    fails(
        "iam-slr",
        "no role, and no right to make it",
        a_spec(),
        a_finding(
            "fail",
            f"account/{ACCOUNT}",
            "has no service-linked role for HyperPod, and the caller may not make it",
            "not allowed: iam:CreateServiceLinkedRole",
            remedy="let an administrator run this once\n"
            "aws iam create-service-linked-role --aws-service-name hyperpod.sagemaker.amazonaws.com",
        ),
        account=_denying("iam:CreateServiceLinkedRole"),
    ),
)

ROWS = (*EXISTS, *TRUST, *CLUSTER_ROLE, *VPC, *SETS, *CALLER)

_SIMULATED = ("caller.identity", "iam.simulate")
ASKS: dict[str, tuple[str, ...]] = {
    "iam-exec-exists": ("caller.identity", "iam.role"),
    "iam-exec-trust": ("iam.role",),
    "iam-cluster-role": ("caller.identity", "iam.role", "iam.simulate"),
    "iam-exec-vpc": _SIMULATED,
    "iam-exec-eks-cni": _SIMULATED,
    "iam-exec-ecr": _SIMULATED,
    "iam-exec-logs": _SIMULATED,
    "iam-exec-ssm": _SIMULATED,
    "iam-exec-fsx": _SIMULATED,
    "iam-exec-lifecycle-read": _SIMULATED,
    "iam-caller-actions": _SIMULATED,
    "iam-caller-pass-role": _SIMULATED,
    "iam-caller-eks-access": _SIMULATED,
    "iam-slr": ("caller.identity", "iam.role", "iam.simulate"),
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    if check_id == "iam-cluster-role":
        return a_spec(**_SCALING), _scaler()
    return a_spec(a_group(**_FSX)), FakeAccount()
