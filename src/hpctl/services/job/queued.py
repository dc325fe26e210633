"""Why Kueue holds a job back: its queue, the quota, the topology, a preemption.

Sources: Kueue's documentation of Workload conditions (v0.19), which are read by type and never by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hpctl.errors import AccessError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import WORKLOAD, Job, ObjectKind, Queue
from hpctl.facts.queue_words import in_short
from hpctl.report.cluster import Diagnosis
from hpctl.services.job.shape import queue
from hpctl.services.job.where import Where

EVICTIONS: Final = {
    "Preempted": "a job of higher priority, or of a team that took its own quota back, needed the room",
    "PodsReadyTimeout": "its pods were not ready in time, and it was put back into the queue",
    "AdmissionCheck": "an admission check of the queue does not let it pass",
    "ClusterQueueStopped": "somebody stopped the cluster queue",
    "LocalQueueStopped": "somebody stopped the queue",
    "Deactivated": "it was deactivated: by somebody, or because it was put back too often",
}


def workload_of(job: Job, at: Where, jobs: JobObjects) -> tuple[ObjectKind, Mapping[str, Any]] | None:
    """Return Kueue's Workload of a job, with its kind as it is served; None where Kueue has not made one."""
    for kind in jobs.served(at.eks, (WORKLOAD,)):
        for one in jobs.objects(at.eks, kind, job.namespace):
            owners = (one.get("metadata") or {}).get("ownerReferences") or ()
            if any(owner.get("uid") == job.uid for owner in owners):
                return kind, one
    return None


def why_queued(job: Job, at: Where, jobs: JobObjects) -> Iterator[Diagnosis]:
    """Yield what keeps a job in its queue, the most telling first."""
    name = queue(job)
    if name is None:
        yield _told(job, "the job is suspended, and no queue is named that would let it go on", None, _resume(job))
        return
    try:
        queues = tuple(jobs.queues(at.eks, job.namespace))
        found = workload_of(job, at, jobs)
    except AccessError as error:
        yield _told(job, f"the job waits in queue `{name}`, and why cannot be seen: {error.message}", None, error.hint)
        return
    here = next((one for one in queues if one.name == name), None)
    if here is None:
        yield _without_queue(job, name, queues, at)
        return
    if not here.active:
        said = f": {here.waiting}" if here.waiting else ""
        yield _told(
            job,
            f"queue `{name}` admits nothing{said}",
            f"its cluster queue `{here.cluster_queue}` is missing, stopped or misses a resource flavor",
            f"hpctl queue describe {job.namespace}/{name} --cluster {at.cluster}{at.way}",
        )
        return
    yield from _by_workload(job, here, found[1], at) if found else _unseen(job, name)


def _by_workload(job: Job, here: Queue, workload: Mapping[str, Any], at: Where) -> Iterator[Diagnosis]:
    rows = ((workload.get("status") or {}).get("conditions")) or ()
    conditions = {str(row.get("type")): row for row in rows if isinstance(row, Mapping)}
    if (workload.get("spec") or {}).get("active") is False:
        yield _told(job, "the job's Workload is deactivated: Kueue leaves it out", EVICTIONS["Deactivated"], None)
        return
    evicted, reserved = conditions.get("Evicted", {}), conditions.get("QuotaReserved", {})
    if evicted.get("status") == "True":
        reason = str(evicted.get("reason") or "")
        message = f"the job was put back into queue `{here.name}`: {evicted.get('message') or reason}"
        yield _told(job, message, EVICTIONS.get(reason), None)
    if reserved.get("status") == "True":
        yield _told(job, f"queue `{here.name}` has room for the job, and an admission check is still open", None, None)
        return
    said = str(reserved.get("message") or "")
    yield _told(
        job,
        f"the job waits in queue `{here.name}`{f': {in_short(said)}' if said else ''}",
        _cause(said, here),
        f"hpctl queue describe {here.cluster_queue} --cluster {at.cluster}{at.way}",
    )


def _cause(said: str, here: Queue) -> str:
    lower = said.lower()
    if "topology" in lower:
        return "no group of nodes that are near enough to each other has room for all ranks at once"
    if "maximum capacity" in lower or "exceeds" in lower or "greater than" in lower:
        return f"the job asks for more than cluster queue `{here.cluster_queue}` can ever give: it will not start"
    if "insufficient" in lower or "quota" in lower:
        return f"the quota of cluster queue `{here.cluster_queue}` is used up, what it may borrow included"
    if "flavor" in lower or "selector" in lower or "taint" in lower:
        return f"no resource flavor of cluster queue `{here.cluster_queue}` has nodes such as the job asks for"
    others = max(here.pending - 1, 0)
    return f"{others} others wait in the queue" if others else "Kueue has not decided about it yet"


def _unseen(job: Job, name: str) -> Iterator[Diagnosis]:
    yield _told(
        job,
        f"Kueue has not taken the job in queue `{name}` into account",
        "Kueue does not manage this kind of job, or its controller does not run",
        "kubectl get deployments --namespace kueue-system",
    )


def _without_queue(job: Job, name: str, queues: Sequence[Queue], at: Where) -> Diagnosis:
    there = ", ".join(f"`{one.name}`" for one in queues)
    return _told(
        job,
        f"namespace `{job.namespace}` has no queue `{name}`",
        f"the queues there: {there}"
        if there
        else "there is no queue in the namespace: task governance makes one a team",
        f"hpctl job delete {job.name} {at.flags}\nand submit it again with --queue NAME",
    )


def _resume(job: Job) -> str:
    return f"kubectl describe {job.reference} --namespace {job.namespace}"


def _told(job: Job, message: str, cause: str | None, remedy: str | None) -> Diagnosis:
    return Diagnosis(subject=job.reference, message=message, cause=cause, remedy=remedy)
