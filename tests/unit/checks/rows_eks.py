"""What the checks of `eks` say of good, bad and unknown EKS clusters."""

from __future__ import annotations

from hpctl.report.check import Finding
from tests.unit.builders import ACCOUNT, EKS_ARN, REGION, a_finding, a_spec, an_eks_cluster
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.fakes import FakeAccount

_AT = ("orchestrator", "eks")
_OTHER_ACCOUNT = EKS_ARN.replace(ACCOUNT, "210987654321")
_OTHER_REGION = EKS_ARN.replace(REGION, "eu-west-1")
_WAIT = "aws eks wait cluster-active --region us-west-2 --name training"
_LOOK = "aws eks describe-cluster --region us-west-2 --name training --query cluster.health"


def _account(**members: str) -> FakeAccount:
    return FakeAccount().holding(an_eks_cluster(**members))


def _by_arn(arn: str) -> dict[str, object]:
    return {"eks": {"cluster_arn": arn}}


def _inactive(status: str, remedy: str) -> Finding:
    return a_finding("fail", "EKS cluster/training", f"the EKS cluster is `{status}`", remedy=remedy, path=_AT)


def _elsewhere(message: str) -> Finding:
    wanted = "wanted: 123456789012, us-west-2"
    remedy = "name an EKS cluster of this account and Region, or use other credentials (`--profile`, `--region`)"
    return a_finding("fail", "EKS cluster/training", message, wanted, remedy=remedy, path=_AT)


_ABSENT = a_finding(
    "fail",
    "EKS cluster/training",
    "there is no EKS cluster `training` in `us-west-2`",
    remedy="aws eks list-clusters --region us-west-2",
    path=_AT,
)
_REFUSED = a_finding(
    "fail",
    "EKS cluster/training",
    "HyperPod does not support authentication mode `CONFIG_MAP`",
    "seen: CONFIG_MAP",
    "needed: API or API_AND_CONFIG_MAP",
    remedy="aws eks update-cluster-config --region us-west-2 --name training "
    "--access-config authenticationMode=API_AND_CONFIG_MAP",
    path=_AT,
)
_UNKNOWN_MODE = a_finding(
    "warn", "EKS cluster/training", "authentication mode `API_AND_PASSKEY` is unknown to hpctl", path=_AT
)

ACTIVE = (
    passes("eks-cluster-active", "an active cluster by name", a_spec()),
    passes("eks-cluster-active", "an active cluster by ARN", a_spec(orchestrator=_by_arn(EKS_ARN))),
    *(
        fails("eks-cluster-active", status, a_spec(), _inactive(status, _WAIT), account=_account(status=status))
        for status in ("CREATING", "UPDATING", "PENDING")
    ),
    *(
        fails("eks-cluster-active", status, a_spec(), _inactive(status, _LOOK), account=_account(status=status))
        for status in ("FAILED", "DELETING")
    ),
    fails("eks-cluster-active", "no such cluster", a_spec(), _ABSENT, account=_account(name="other")),
    fails(
        "eks-cluster-active",
        "an ARN of another account",
        a_spec(orchestrator=_by_arn(_OTHER_ACCOUNT)),
        _elsewhere("the EKS cluster is in account `210987654321`"),
    ),
    fails(
        "eks-cluster-active",
        "an ARN of another Region",
        a_spec(orchestrator=_by_arn(_OTHER_REGION)),
        _elsewhere("the EKS cluster is in Region `eu-west-1`"),
    ),
)

MODE = (
    *(
        passes("eks-auth-mode", mode, a_spec(), _account(authentication_mode=mode))
        for mode in ("API", "API_AND_CONFIG_MAP")
    ),
    passes("eks-auth-mode", "API, found by ARN", a_spec(orchestrator=_by_arn(EKS_ARN)), _account()),
    *(
        fails("eks-auth-mode", case, spec, _REFUSED, account=_account(authentication_mode="CONFIG_MAP"))
        for case, spec in (
            ("CONFIG_MAP", a_spec()),
            ("CONFIG_MAP, found by ARN", a_spec(orchestrator=_by_arn(EKS_ARN))),
        )
    ),
    warns(
        "eks-auth-mode", "a new mode", a_spec(), _UNKNOWN_MODE, account=_account(authentication_mode="API_AND_PASSKEY")
    ),
    cannot_tell(
        "eks-auth-mode",
        "no such cluster",
        a_spec(),
        "could not look: there is no EKS cluster `training` in `us-west-2`",
        _account(name="other"),
    ),
    cannot_tell(
        "eks-auth-mode",
        "a namesake of this account beside an ARN of another",
        a_spec(orchestrator=_by_arn(_OTHER_ACCOUNT)),
        "could not look: the EKS cluster is in account `210987654321`",
        _account(),
    ),
)

ROWS = (*ACTIVE, *MODE)
