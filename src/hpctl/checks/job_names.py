"""Where a job goes by its names: the namespace, what has the job's names already, and what the caller may do there."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live import eks_of
from hpctl.checks.live_access import denied, told
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import JOB_KINDS, JOB_LABEL, NAMESPACE
from hpctl.facts.kubernetes import AccessWish
from hpctl.facts.world import World
from hpctl.report.check import Finding

_REVIEWS = "kubernetes:selfsubjectaccessreviews.authorization.k8s.io"

TEAM_QUEUE = "sagemaker.amazonaws.com/sagemaker-managed-queue"
"""A label of the namespaces that task governance makes for teams (AWS documentation, HyperPod task governance)."""


@check(
    "job-namespace",
    "the namespace is there",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:namespaces"),
    blocking=False,
)
def namespace(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A job is made in a namespace, which must be there before. A team's on HyperPod is `hyperpod-ns-TEAM`."""
    name = job.live.namespace
    found = world.kubernetes_object(eks_of(job.live, world), NAMESPACE, None, name)
    if found is None:
        remedy = f"kubectl create namespace {name}\nor name another one: --namespace NAME"
        yield fail(f"namespace/{name}", "is not there", remedy=remedy)
    elif (found.get("metadata") or {}).get("deletionTimestamp"):
        yield fail(f"namespace/{name}", "is being deleted", remedy="name another one: --namespace NAME")


@check(
    "job-permissions",
    "the caller may make what the job is made of",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", _REVIEWS),
)
def permissions(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Kubernetes itself is asked (SelfSubjectAccessReview), for each kind of object that the job is made of."""
    where = job.live.namespace
    kinds = dict.fromkeys(([job.kind] if job.kind else []) + [kind for kind, _name in job.before])
    wishes = [AccessWish("create", kind.plural, kind.group, namespace=where) for kind in kinds]
    wishes += [AccessWish("list", "pods", namespace=where), AccessWish("get", "pods", "", "log", where)]
    for review in denied(job.live, world, wishes):
        message, evidence, remedy = told(job.live, world, review)
        # Without the last two a job runs, and nobody sees what it does.
        complain = fail if review.wish.verb == "create" else warn
        yield complain(f"job/{job.name}", message, *evidence, remedy=remedy)


@check(
    "job-names-free",
    "nobody else has the names that the job's objects will have",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:apigroups", "kubernetes:objects of the job"),
    blocking=False,
)
def names_free(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A job brings a ConfigMap with its scripts, and at times a Secret and a Service.

    What is there by these names, and hpctl has not made for a job, is left alone. A job of the same kind and name, and
    what it or one before it brought, are the submission's business. Jobs of two kinds may share a name: then commands
    want the kind with it, as in `pytorchjob/train`.
    """
    cluster, where = eks_of(job.live, world), job.live.namespace
    if not job.name:  # Kubernetes makes one of `generateName`
        return
    for kind, name in job.before if job.contract else ():
        found = world.kubernetes_object(cluster, kind, where, name)
        labels = ((found or {}).get("metadata") or {}).get("labels") or {}
        if found is not None and JOB_LABEL not in labels:
            message = "is there already, and hpctl has not made it"
            remedy = f"choose another name: --name NAME\nkubectl describe {kind.plural} {name} --namespace {where}"
            yield fail(f"{kind.kind}/{name}", message, remedy=remedy)
    others = [kind for kind in JOB_KINDS if job.kind and kind.qualified != job.kind.qualified]
    for kind in sorted(world.served(cluster, others), key=lambda one: one.qualified):
        if world.kubernetes_object(cluster, kind, where, job.name) is not None:
            told_as = f"{kind.kind.lower()}/{job.name}"
            yield note(told_as, "has the name, too: commands will want the kind with it")
