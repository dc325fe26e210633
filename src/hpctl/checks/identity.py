"""Who is calling: the credentials work, and they are the ones that the spec is for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.walk import all_groups
from hpctl.errors import AccessError, UsageError
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/")

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
"""Partitions that are not `aws`, by how the names of their Regions begin (botocore 1.44.5, endpoints.json)."""

CREATION_S = 30 * 60
"""How long credentials should be good for: creating a cluster takes 15 to 25 minutes (AWS documentation)."""


@check("identity-credentials", "the AWS credentials are valid", reads=("sts:GetCallerIdentity",))
def credentials(_machine: Machine, world: World) -> Iterator[Finding]:
    """AWS says who the credentials belong to, which it does for every valid one, and a Region is chosen."""
    try:
        identity = world.identity()
    except (AccessError, UsageError) as error:
        remedy = error.hint or "log in again, or choose other credentials (`--profile`)"
        yield fail("credentials", error.message, remedy=remedy)
        return
    yield note("credentials", f"`{identity.arn}` in `{identity.region}`")


@check(
    "identity-expiry",
    "the credentials outlive the making of a cluster",
    needs=("identity-credentials",),
    reads=("sts:GetCallerIdentity",),
    blocking=False,
)
def expiry(_machine: Machine, world: World) -> Iterator[Finding]:
    """Making a cluster takes 15 to 25 minutes; with credentials that end before, hpctl cannot tell how it went.

    Only credentials from the environment that say when they end can be judged (`AWS_CREDENTIAL_EXPIRATION`): profiles
    renew theirs. The cluster itself does not depend on them once it was asked for.
    """
    left_s = world.credentials_left_s()
    if left_s is not None and left_s < CREATION_S:
        remedy = "renew the AWS_* variables, or use a profile that renews itself (`--profile`)"
        evidence = f"needed: {CREATION_S // 60} minutes"
        yield warn("credentials", f"end in {max(int(left_s // 60), 0)} minutes", evidence, remedy=remedy)


@check(
    "identity-role-arn",
    "the role behind the session is known",
    needs=("identity-credentials",),
    reads=("sts:GetCallerIdentity", "iam:GetRole"),
    blocking=False,
)
def role_arn(_machine: Machine, world: World) -> Iterator[Finding]:
    """EKS access entries and policies name a role; the ARN of its sessions leaves out the path that it has.

    Told is the role's own ARN where it has one. Roles of IAM Identity Center always do.
    """
    session = _SESSION.match(world.identity().arn)
    role = world.role(session["role"]) if session else None
    if role is not None and role.arn.count("/") > 1:
        yield note("credentials", f"the role behind them is `{role.arn}`: access entries name it so, path and all")


@check("identity-partition", "all ARNs are of the Region's partition", about=("instance_groups", "orchestrator"))
def partition(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """AWS's partitions (`aws`, `aws-cn`, `aws-us-gov`) know nothing of each other: an ARN begins with its own.

    A Region is in one of them; where the spec names none, the ARNs must at least agree.
    """
    found = list(_arns(spec))
    wanted = _partition_of(spec.region) if spec.region else next((arn.split(":")[1] for _, arn in found), "aws")
    for path, arn in found:
        if (seen := arn.split(":")[1]) != wanted:
            where = f"Region `{spec.region}`" if spec.region else f"`{found[0][1]}`"
            right = arn.replace(f"arn:{seen}:", f"arn:{wanted}:", 1)
            message = f"`{arn}` is of partition `{seen}`, {where} of `{wanted}`"
            yield fail(f"cluster/{spec.name}", message, remedy=f"write `{right}`, if there is such a thing", at=path)


@check(
    "identity-account-region",
    "the credentials are for the spec's account and Region",
    about=("account", "region"),
    reads=("sts:GetCallerIdentity",),
)
def account_region(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A spec may name the account and the Region that it is for; hpctl acts nowhere else."""
    identity = world.identity()
    for member, wanted, seen in (
        ("account", spec.account, identity.account),
        ("region", spec.region, identity.region),
    ):
        if wanted and wanted != seen:
            remedy = "use other credentials (`--profile`)" if member == "account" else f"--region {wanted}"
            message = f"the spec is for {member} `{wanted}`, the credentials are for `{seen}`"
            yield fail(f"cluster/{spec.name}", message, remedy=remedy, at=(member,))


def _arns(spec: ClusterSpec) -> Iterator[tuple[Path, str]]:
    for path, group in all_groups(spec):
        yield (*path, "execution_role"), group.execution_role
        if group.training_plan_arn:
            yield (*path, "training_plan_arn"), group.training_plan_arn
    if spec.cluster_role:
        yield ("cluster_role",), spec.cluster_role
    if spec.orchestrator and spec.orchestrator.eks and spec.orchestrator.eks.cluster_arn:
        yield ("orchestrator", "eks", "cluster_arn"), spec.orchestrator.eks.cluster_arn


def _partition_of(region: str) -> str:
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
