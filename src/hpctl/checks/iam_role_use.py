"""Whether an execution role is fit to be that of nodes: old enough, theirs alone, and no more than they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, note, warn
from hpctl.checks.permissions import execution_roles
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

EXISTS: Final = ("iam-exec-exists",)

PROPAGATES_S: Final = 60.0
"""How long IAM may take to tell everybody of a new role: seconds mostly, a minute to be sure."""


@check(
    "iam-exec-role-fresh",
    "execution roles have been there for a minute",
    about=("instance_groups",),
    needs=EXISTS,
    reads=("iam:GetRole",),
    blocking=False,
)
def role_fresh(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """IAM is eventually consistent: SageMaker may refuse a role that was made a moment ago ("cannot assume").

    That passes by itself, so it is no more than a note: where CreateCluster is refused, try again a minute later.
    """
    for use in execution_roles(spec):
        role = world.role(use.arn)
        if role is None or role.created_at is None:
            continue
        age_s = (world.now() - role.created_at).total_seconds()
        if age_s < PROPAGATES_S:
            evidence = (f"made: {role.created_at:%Y-%m-%dT%H:%M:%SZ}", use.group_names)
            yield note(use.subject, f"is {max(int(age_s), 0)} seconds old: SageMaker may not know it yet", *evidence)


@check(
    "iam-exec-distinct",
    "execution roles are not those of EKS node groups",
    about=("instance_groups", "orchestrator"),
    needs=(*EXISTS, "eks-cluster-active"),
    reads=("eks:ListNodegroups", "eks:DescribeNodegroup"),
    blocking=False,
)
def role_distinct(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod makes an EKS access entry of its own kind for the role of its nodes.

    The role of a managed node group has one already, of the kind EC2: nodes that share it may not join the cluster,
    and deleting either side takes the entry from the other. A role of their own for HyperPod's nodes avoids both.
    """
    eks = spec.orchestrator.eks if spec.orchestrator else None
    if eks is None:
        return
    groups = world.node_group_roles(eks.cluster_name)
    for use in execution_roles(spec):
        if shared := sorted(name for name, arn in groups.items() if arn == use.arn):
            yield warn(
                use.subject,
                f"is also the role of EKS node groups of `{eks.cluster_name}`",
                f"node groups: {', '.join(shared)}",
                use.group_names,
                remedy="make a role of their own for HyperPod's nodes, with this policy\n"
                "hpctl iam policy execution-role -f FILE > nodes.json\n"
                "aws iam create-policy --policy-name hyperpod-nodes --policy-document file://nodes.json",
                at=use.path,
            )
