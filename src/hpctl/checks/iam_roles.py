"""The roles that a cluster works with: they exist, and the right service may assume them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hpctl.catalog.iam_actions import action_set
from hpctl.checks.declare import check, fail
from hpctl.checks.permissions import denial, execution_roles, grant, places_of, refusals, role_name
from hpctl.errors import NotFoundError
from hpctl.facts.records import Identity, Role
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

SAGEMAKER = "sagemaker.amazonaws.com"
HYPERPOD = "hyperpod.sagemaker.amazonaws.com"


@check("iam-exec-exists", "every execution role exists", about=("instance_groups",), reads=("iam:GetRole",))
def exec_exists(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod makes nodes with the execution role of their instance group, a role of the cluster's own account.

    An ARN names the role's path, too: `role/service-role/x` and `role/x` are not the same.
    """
    identity = world.identity()
    for use in execution_roles(spec):
        if wrong := _wrong(use.arn, SAGEMAKER, world, identity):
            message, remedy = wrong
            yield fail(use.subject, message, use.group_names, remedy=remedy, at=use.path)


@check(
    "iam-exec-trust",
    "every execution role can be assumed by SageMaker",
    about=("instance_groups",),
    needs=("iam-exec-exists",),
    reads=("iam:GetRole",),
)
def exec_trust(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """CreateCluster is refused ("cannot assume the execution role") unless the trust policy admits SageMaker.

    The service is `sagemaker.amazonaws.com`. A role that was made or changed less than a minute ago may still be
    refused: IAM takes a while to tell everybody.
    """
    for use in execution_roles(spec):
        role = _seen(world, use.arn)
        if not role.trusts(SAGEMAKER):
            yield fail(
                use.subject,
                f"`{SAGEMAKER}` may not assume the role",
                _trusts(role),
                use.group_names,
                remedy=_trusting(role, SAGEMAKER),
                at=use.path,
            )


@check(
    "iam-cluster-role",
    "the role that scales the cluster is fit for it",
    about=("cluster_role", "auto_scaling"),
    reads=("iam:GetRole", "iam:SimulatePrincipalPolicy"),
)
def cluster_role(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Autoscaling needs a cluster role that `hyperpod.sagemaker.amazonaws.com` may assume.

    The role adds and removes nodes, so that it may call BatchAddClusterNodes and BatchDeleteClusterNodes.
    """
    if not (spec.auto_scaling and spec.auto_scaling.mode == "Enable"):
        return
    if spec.cluster_role is None:
        remedy = "add `cluster_role: <ARN of a role that HyperPod may assume>`"
        yield fail(f"cluster/{spec.name}", "scales itself and names no cluster role", remedy=remedy)
        return
    identity, at = world.identity(), ("cluster_role",)
    subject = f"role/{role_name(spec.cluster_role)}"
    if wrong := _wrong(spec.cluster_role, HYPERPOD, world, identity):
        message, remedy = wrong
        yield fail(subject, message, remedy=remedy, at=at)
        return
    role = _seen(world, spec.cluster_role)
    if not role.trusts(HYPERPOD):
        message = f"`{HYPERPOD}` may not assume the role"
        yield fail(subject, message, _trusts(role), remedy=_trusting(role, HYPERPOD), at=at)
    scale = action_set("scale", places_of(spec, identity))
    if refused := refusals(world, role.arn, scale):
        remedy = grant(role.arn, refused, scale)
        yield fail(subject, "may not scale the cluster", *denial(refused), remedy=remedy, at=at)


def _wrong(arn: str, service: str, world: World, identity: Identity) -> tuple[str, str] | None:
    """Return what is wrong with the ARN of a role for `service`, and what to do; None when the role is there."""
    account = arn.split(":")[4]
    if account != identity.account:
        message = f"the role is in account `{account}`, the cluster would be in `{identity.account}`"
        return message, "name a role of this account, or use other credentials (`--profile`)"
    role = world.role(arn)
    if role is None:
        name = role_name(arn)
        document = _trust_policy([service])
        create = f"aws iam create-role --role-name {name} --assume-role-policy-document '{document}'"
        return f"there is no role `{name}` in account `{account}`", create
    if role.arn != arn:
        return f"the role's ARN is `{role.arn}`", f"write `{role.arn}`"
    return None


def _seen(world: World, arn: str) -> Role:
    role = world.role(arn)
    if role is None:
        # Only with `iam-exec-exists` left out: a role that is not there trusts nobody, and silence would be a pass.
        raise NotFoundError(f"there is no role `{role_name(arn)}`")
    return role


def _trusts(role: Role) -> str:
    return f"trusted: {', '.join(sorted(role.trusted_services)) or 'no service'}"


def _trusting(role: Role, service: str) -> str:
    document = _trust_policy(sorted({*role.trusted_services, service}))
    return f"aws iam update-assume-role-policy --role-name {role.name} --policy-document '{document}'"


def _trust_policy(services: list[str]) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
