"""What the caller may do: make the cluster, pass its roles, let its nodes in.

None of these blocks when it cannot look: many may call CreateCluster and not ask IAM about themselves, and
a caller who may not create is told so at once, before anything has cost time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from hpctl.catalog.iam_actions import ActionSet, action_set
from hpctl.checks.declare import Path, check, fail, warn
from hpctl.checks.permissions import denial, execution_roles, grant, places_of, refusals
from hpctl.checks.walk import instance_groups
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
    wanted = _on_clusters(spec, places)
    for set_id in ("create", "events") if spec.node_provisioning else ("create",):
        yield from _refused(world, wanted[set_id], wanted.values(), "may not create and follow clusters")


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
    wanted = action_set("eks-access", places_of(spec, world.identity()))
    yield from _refused(world, wanted, (), "may not make EKS access entries", at=("orchestrator", "eks"))


@check(
    "iam-caller-ssm",
    "the caller may open sessions on the nodes",
    about=("name",),
    reads=SIMULATE,
    blocking=False,
)
def caller_ssm(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Session Manager is the only way into a node: `ssm:StartSession`, on the cluster and on the session's document.

    Policies that name only one of the two are refused. Creating a cluster does not take it; looking into it does.
    """
    places = places_of(spec, world.identity())
    wanted = _on_clusters(spec, places)
    message = "may not open sessions on the nodes"
    yield from _refused(world, wanted["sessions"], wanted.values(), message, report=warn)
    document = action_set("session-document", places)
    yield from _refused(world, document, (), "may not use the document of a session", report=warn)


@check(
    "iam-custom-ami",
    "the caller may share the AMIs that groups name",
    about=("instance_groups",),
    reads=SIMULATE,
    blocking=False,
)
def custom_ami(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """An AMI of your own is shared with HyperPod in the caller's name: its image and its snapshots.

    Needed where a group names an image (`image_id: ami-…`).
    """
    named = ((path, group.image_id) for path, group in instance_groups(spec))
    path = next(((*path, "image_id") for path, image in named if image and image.startswith("ami-")), None)
    if path is None:
        return
    wanted = action_set("custom-ami", places_of(spec, world.identity()))
    yield from _refused(world, wanted, (), "may not share AMIs with HyperPod", at=path, report=warn)


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


def _on_clusters(spec: ClusterSpec, places: Mapping[str, str]) -> dict[str, ActionSet]:
    """Return what the caller does with clusters, by its id: one simulation asks for all of it."""
    ids = ("create", "sessions", *(("events",) if spec.node_provisioning else ()))
    return {set_id: action_set(set_id, places) for set_id in ids}


def _refused(
    world: World,
    wanted: ActionSet,
    together: Iterable[ActionSet],
    message: str,
    *,
    at: Path = (),
    report: Callable[..., Finding] = fail,
) -> Iterator[Finding]:
    caller = world.identity().arn
    if refused := refusals(world, caller, wanted, together):
        yield report(caller, message, *denial(refused), remedy=grant(caller, refused, wanted), at=at)
