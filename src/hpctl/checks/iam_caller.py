"""What the caller may do: make the cluster, pass its roles, let its nodes in.

None of these blocks when it cannot look: many may call CreateCluster and not ask IAM about themselves, and
a caller who may not create is told so at once, before anything has cost time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.catalog.iam_actions import ActionSet, action_set
from hpctl.checks.declare import Path, check, fail
from hpctl.checks.permissions import denial, execution_roles, grant, places_of, refusals
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

SIMULATE = ("iam:SimulatePrincipalPolicy",)

_SERVICE_LINKED_ROLES = ("AWSServiceRoleForSageMakerHyperPod", "AWSServiceRoleForAmazonSageMakerHyperPod")
"""AWS's own pages spell it both ways."""


@check(
    "iam-caller-actions",
    "the caller may create and follow a cluster",
    about=("name",),
    reads=SIMULATE,
    blocking=False,
)
def caller_actions(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Creating a cluster takes CreateCluster and AddTags; following it the calls that describe it and its nodes.

    With continuous provisioning its events are read, too.
    """
    places = places_of(spec, world.identity())
    wanted = [action_set("create", places)]
    if spec.node_provisioning:
        wanted.append(action_set("events", places))
    for one in wanted:
        yield from _refused(world, one, wanted, "may not create and follow clusters")


@check(
    "iam-caller-pass-role",
    "the caller may pass the roles to SageMaker",
    about=("instance_groups", "cluster_role"),
    reads=SIMULATE,
    blocking=False,
)
def caller_pass_role(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Whoever creates a cluster hands its roles to SageMaker, which takes `iam:PassRole` on each of them."""
    places = places_of(spec, world.identity())
    roles: dict[str, Path] = {use.arn: use.path for use in execution_roles(spec)}
    if spec.cluster_role:
        roles.setdefault(spec.cluster_role, ("cluster_role",))
    for arn, path in roles.items():
        wanted = action_set("pass-role", places | {"role": arn})
        yield from _refused(world, wanted, (), f"may not pass `{arn}` to SageMaker", at=path)


@check(
    "iam-caller-eks-access",
    "the caller may let the nodes into the EKS cluster",
    about=("orchestrator",),
    reads=SIMULATE,
    blocking=False,
)
def caller_eks_access(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod makes EKS access entries for its nodes and its service-linked role, on behalf of the caller.

    AWS documents five EKS actions that a cluster administrator needs for it.
    """
    eks = spec.orchestrator.eks if spec.orchestrator else None
    if eks is None:
        return
    identity = world.identity()
    arn = eks.arn(account=identity.account, region=identity.region) or "*"
    places = places_of(spec, identity) | {"eks_cluster": arn, "eks_name": eks.cluster_name}
    wanted = action_set("eks-access", places)
    yield from _refused(world, wanted, (), "may not make EKS access entries", at=("orchestrator", "eks"))


@check(
    "iam-slr",
    "the service-linked role of HyperPod exists or can be made",
    about=("name",),
    reads=("iam:GetRole", "iam:SimulatePrincipalPolicy"),
    blocking=False,
)
def service_linked_role(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The first cluster of an account makes HyperPod's service-linked role, if its creator may do so.

    AWS spells the role's name in two ways; either will do.
    """
    identity = world.identity()
    places = places_of(spec, identity)
    prefix = f"arn:{places['partition']}:iam::{identity.account}:role/aws-service-role/hyperpod.sagemaker.amazonaws.com"
    if any(world.role(f"{prefix}/{name}") for name in _SERVICE_LINKED_ROLES):
        return
    wanted = action_set("service-linked-role", places)
    if refused := refusals(world, identity.arn, wanted):
        yield fail(
            f"account/{identity.account}",
            "has no service-linked role for HyperPod, and the caller may not make it",
            *denial(refused),
            remedy="let an administrator run this once\n"
            "aws iam create-service-linked-role --aws-service-name hyperpod.sagemaker.amazonaws.com",
        )


def _refused(
    world: World, wanted: ActionSet, together: Iterable[ActionSet], message: str, *, at: Path = ()
) -> Iterator[Finding]:
    caller = world.identity().arn
    if refused := refusals(world, caller, wanted, together):
        yield fail(caller, message, *denial(refused), remedy=grant(caller, refused, wanted), at=at)
