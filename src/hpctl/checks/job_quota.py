"""Whether a job's queue could ever give it what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_pods import templates
from hpctl.checks.job_queue import queue_of
from hpctl.checks.live import eks_of
from hpctl.facts.cluster_queues import ClusterQueue, cluster_queue, most
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import CLUSTER_QUEUE, COHORT, ObjectKind
from hpctl.facts.quantities import amount_of
from hpctl.facts.world import World
from hpctl.report.check import Finding

_EXACT: Final = 1 + 1e-9
"""Sums of decimal fractions are off by as little."""

_PARTIAL: Final = "kueue.x-k8s.io/job-min-parallelism"
"""An annotation of Jobs that begin with fewer pods where there is no room for all (Kueue documentation)."""


@check(
    "job-queue-quota",
    "the queue has the quota that the job asks for",
    needs=("job-queue",),
    reads=("eks:DescribeCluster", "kubernetes:clusterqueues.kueue.x-k8s.io", "kubernetes:cohorts.kueue.x-k8s.io"),
    blocking=False,
)
def quota(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A job starts whole: all of its pods must fit into the quota of its cluster queue and what that may borrow.

    What asks for more waits for ever. So does what asks for a resource that the cluster queue does not cover, unless
    Kueue was told to leave that resource out of account. Quota that a cohort has of its own is not known here, nor with
    how little an elastic job would begin: nothing is said of these.
    """
    found = None if queue_of(job) is None or _may_shrink(job) else _queues(job, world)
    if found is None or _cohort_has_its_own(job, world, found[0]):
        return
    queue, all_queues = found
    room, wanted = most(queue, all_queues), _wanted(job)
    subject, remedy = f"queue/{queue_of(job)}", f"hpctl queue describe {queue.name} --cluster {job.live.name}"
    over = {key: amount for key, amount in wanted.items() if key in room and amount > room[key] * _EXACT}
    if over:
        message = f"can never give the job what it asks for, so it waits for ever (cluster queue `{queue.name}`)"
        yield fail(subject, message, *_compared(over, room), remedy=f"ask for less, or look at its quota:\n{remedy}")
    missing = sorted(resource for resource, amount in wanted.items() if resource not in room and amount > 0)
    if missing:
        message = f"has no quota at all for {', '.join(missing)} (cluster queue `{queue.name}`)"
        yield warn(subject, message, remedy=remedy)


def _may_shrink(job: JobInCluster) -> bool:
    body = job.job or {}
    partial = _PARTIAL in ((body.get("metadata") or {}).get("annotations") or {})
    return partial or "elasticPolicy" in (body.get("spec") or {})


def _queues(job: JobInCluster, world: World) -> tuple[ClusterQueue, tuple[ClusterQueue, ...]] | None:
    """Return the cluster queue behind the job's queue, and all of them."""
    cluster = eks_of(job.live, world)
    named = next((row for row in world.queues(cluster, job.live.namespace) if row.name == queue_of(job)), None)
    kind = _served(job, world, CLUSTER_QUEUE)
    if named is None or kind is None:
        return None
    rows = tuple(map(cluster_queue, world.kubernetes_objects(cluster, kind)))
    mine = next((row for row in rows if row.name == named.cluster_queue), None)
    return (mine, rows) if mine else None


def _cohort_has_its_own(job: JobInCluster, world: World, queue: ClusterQueue) -> bool:
    kind = _served(job, world, COHORT) if queue.cohort else None
    found = world.kubernetes_object(eks_of(job.live, world), kind, None, queue.cohort) if kind else None
    return found is not None


def _served(job: JobInCluster, world: World, kind: ObjectKind) -> ObjectKind | None:
    return next(iter(world.served(eks_of(job.live, world), (kind,))), None)


def _wanted(job: JobInCluster) -> dict[str, float]:
    total: dict[str, float] = {}
    for template in templates(job):
        for resource, amount in template.requests.items():
            total[resource] = total.get(resource, 0.0) + amount * template.replicas
    return total


def _compared(over: Mapping[str, float], room: Mapping[str, float]) -> Iterator[str]:
    for resource, amount in sorted(over.items()):
        asked, given = amount_of(resource, amount), amount_of(resource, room[resource])
        yield f"{resource}: {asked} asked for, {given} at most, what may be borrowed included"
