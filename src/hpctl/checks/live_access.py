"""What lets the caller into a live cluster, and what it may do there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.fixes import associate, take_access_entries
from hpctl.checks.fixes import let_in as make_entry
from hpctl.checks.live import ADMIN, EDIT, VIEW, allow, eks_of, let_in, policy_arn, subject_of
from hpctl.errors import HpctlError
from hpctl.facts.kubernetes import AccessReview, AccessWish, ClusterOnEks, Stage
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import AuthenticationMode

_HYPERPOD = "sagemaker.amazonaws.com"
"""The API group of the HyperPod training operator."""

_REVIEWS = "kubernetes:selfsubjectaccessreviews.authorization.k8s.io"


@check(
    "kube-access-entry",
    "an access entry lets the caller in",
    needs=("kube-control-plane",),
    reads=("eks:DescribeAccessEntry", "eks:DescribeCluster", "eks:ListAccessEntries", "kubernetes:version"),
    blocking=False,
)
def access_entry(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """An EKS access entry names an IAM principal; its access policies and its Kubernetes groups say what it may do.

    Two other ways in are on their way out: the ConfigMap `aws-auth`, and having made the EKS cluster. Where one of them
    serves, a missing entry is only warned about.
    """
    cluster = eks_of(live, world)
    subject, region = subject_of(live), world.identity().region
    if cluster.authentication_mode == AuthenticationMode.CONFIG_MAP:
        change = "--access-config authenticationMode=API_AND_CONFIG_MAP"
        remedy = f"aws eks update-cluster-config --region {region} --name {cluster.name} {change}"
        message = "access entries are off; the ConfigMap `aws-auth` decides"
        yield warn(subject, message, remedy=remedy, fix=(take_access_entries(cluster.name),))
        return
    caller = world.identity().arn
    entry = world.access_entry(cluster, caller)
    grants = f"{allow(live, world, ADMIN)}"
    if entry is None:
        served = world.contact(cluster).stage is Stage.ANSWERED
        complain = warn if served else fail
        message = f"there is no access entry for `{caller}`"
        principal = _lasting(caller, world)
        made = tuple(make_entry(cluster.name, arn) for arn in principal)
        fix = (*made, *(associate(cluster.name, arn, policy_arn(ADMIN, world)) for arn in principal))
        yield complain(subject, message, remedy=f"{let_in(live, world)}\n{grants}", fix=fix)
    elif not entry.policies and not entry.kubernetes_groups:
        message = f"the access entry of `{entry.principal_arn}` has no access policy and no Kubernetes group"
        fix = (associate(cluster.name, entry.principal_arn, policy_arn(ADMIN, world)),)
        yield fail(subject, message, remedy=grants, fix=fix)


@check(
    "kube-permissions-jobs",
    "the caller may run jobs",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:apigroups", _REVIEWS),
)
def permissions_jobs(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Jobs take: nodes to look at, pods, training jobs, their ConfigMaps and Secrets, and their logs.

    Kubernetes itself is asked (SelfSubjectAccessReview), in the namespace of `--namespace`.
    """
    wishes = [
        AccessWish("list", "nodes"),
        AccessWish("create", "pods", namespace=live.namespace),
        AccessWish("create", "pytorchjobs", "kubeflow.org", namespace=live.namespace),
        AccessWish("create", "configmaps", namespace=live.namespace),
        AccessWish("create", "secrets", namespace=live.namespace),
        AccessWish("get", "pods", subresource="log", namespace=live.namespace),
    ]
    if _HYPERPOD in world.api_versions(eks_of(live, world)):
        wishes.append(AccessWish("create", "hyperpodpytorchjobs", _HYPERPOD, namespace=live.namespace))
    for review in denied(live, world, wishes):
        message, evidence, remedy = told(live, world, review)
        yield fail(subject_of(live), message, *evidence, remedy=remedy)


@check(
    "kube-permissions-pods",
    "the caller may reach into pods",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", _REVIEWS),
    blocking=False,
)
def permissions_pods(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Looking into a running job takes exec and port-forward; a development pod takes a Service."""
    wishes = (
        AccessWish("create", "pods", subresource="exec", namespace=live.namespace),
        AccessWish("create", "pods", subresource="portforward", namespace=live.namespace),
        AccessWish("create", "services", namespace=live.namespace),
    )
    for review in denied(live, world, wishes):
        message, evidence, remedy = told(live, world, review)
        yield warn(subject_of(live), message, *evidence, remedy=remedy)


def _lasting(caller: str, world: World) -> tuple[str, ...]:
    """Return the ARN that an access entry of the caller names: a session's role; none where that cannot be told."""
    kind, _, path = caller.split(":", 5)[5].partition("/")
    if kind != "assumed-role":
        return (caller,)
    try:
        role = world.role(f"role/{path.partition('/')[0]}")
    except HpctlError:  # the remedy looks for itself
        return ()
    return (role.arn,) if role else ()


def denied(live: ClusterOnEks, world: World, wishes: Iterable[AccessWish]) -> Iterator[AccessReview]:
    """Return those of the wishes that Kubernetes does not grant the caller."""
    reviews = world.access_reviews(eks_of(live, world), wishes)
    return (review for review in reviews if not review.allowed)


def told(live: ClusterOnEks, world: World, review: AccessReview) -> tuple[str, tuple[str, ...], str]:
    """Return what to say of a wish that is not granted: message, evidence, and the command that would grant it."""
    wish = review.wish
    where = f" in namespace `{wish.namespace}`" if wish.namespace else ""
    evidence = (f"said: {review.reason}",) if review.reason else ()
    policy = ADMIN if wish.group else EDIT if wish.namespace else VIEW
    remedy = allow(live, world, policy, namespace=wish.namespace if policy is EDIT else None)
    return f"the caller may not {wish.verb} `{wish.qualified}`{where}", evidence, remedy
