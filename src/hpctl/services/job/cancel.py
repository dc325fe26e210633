"""End a job and keep it to be looked at (cancel), or let it go with all that belongs to it (delete)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final, Literal

from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError
from hpctl.facts.jobs import CANCELLED, CONFIG_MAP, JOB_LABEL, MANAGED_BY, POD, SECRET, SERVICE, Job, JobState
from hpctl.facts.ports import Ports
from hpctl.report.job import JobOutcomeReport
from hpctl.services.job.queued import workload_of
from hpctl.services.job.shape import queue, suspension
from hpctl.services.job.where import Where
from hpctl.spec.kubernetes_names import is_job_name

_BELONGINGS: Final = (CONFIG_MAP, SECRET, SERVICE)
"""What hpctl makes for a job beside the job."""


def cancel(job: Job, at: Where, ports: Ports) -> JobOutcomeReport:
    """End a job; its object stays, as `Cancelled`, and its pods go. Of one that has ended, pods that still run go.

    A job in a queue is let go by Kueue, which would start again what somebody else suspended.

    Raises:
        NotFoundError: the job was deleted meanwhile.
    """
    if job.state.final:
        left = tuple(_ended(job, at, ports))
        return _told("cancel", "cancelled" if left else "unchanged", job, at, job.state, left)
    annotations = {CANCELLED: ports.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    patch: dict[str, Any] = {"metadata": {"uid": job.uid, "annotations": annotations}}
    workload = workload_of(job, at, ports.jobs) if queue(job) else None
    if workload is None:
        patch["spec"] = _nested(suspension(job.kind))
    _merge(job, patch, at, ports)
    if workload is not None:
        kind, found = workload
        name = str(found["metadata"]["name"])
        ports.jobs.merge(at.eks, kind, job.namespace, name, {"spec": {"active": False}})
    return _told("cancel", "cancelled", job, at, JobState.CANCELLED)


def _ended(job: Job, at: Where, ports: Ports) -> Iterator[str]:
    """Delete the pods of a job that has ended which still run: no controller ends them any more."""
    for pod in ports.jobs.pods_of(at.eks, job):
        if pod.phase not in ("Succeeded", "Failed") and not pod.deleting:
            try:
                ports.jobs.delete(at.eks, POD, pod.namespace, pod.name, uid=pod.uid)
            except (NotFoundError, ConflictError):
                continue
            yield f"pod `{pod.name}` still ran, and is deleted"


def delete(job: Job, at: Where, ports: Ports) -> JobOutcomeReport:
    """Delete a job; its pods and what was made for it go with it. Another one of its name, made meanwhile, stays."""
    try:
        ports.jobs.delete(at.eks, job.kind, job.namespace, job.name, uid=job.uid)
    except NotFoundError:
        result: Literal["deleted", "unchanged"] = "unchanged"
    except ConflictError as error:
        raise NotFoundError(
            f"job `{job.name}` is gone already, and another one has its name now; that one was left alone",
            hint=f"hpctl job describe {job.name} {at.flags}",
        ) from error
    else:
        result = "deleted"
    try:
        left = clear_away(job.name, at, ports)
    except HpctlError as error:  # the job is gone, and Kubernetes deletes what it owned
        left = (f"whether a submission left something else cannot be seen: {error.message.partition(': ')[0]}",)
    return _told("delete", result, job, at, None, left)


def delete_left(reference: str, missing: NotFoundError, at: Where, ports: Ports) -> JobOutcomeReport:
    """Delete what a submission left of a job that is not there; raises `missing` where it left nothing."""
    try:
        left = clear_away(reference.rpartition("/")[2], at, ports)
    except AccessError:
        left = ()
    if not left:
        raise missing
    return JobOutcomeReport(
        verb="delete",
        result="unchanged",
        cluster=at.cluster,
        namespace=at.namespace,
        job=reference,
        uid="",
        notes=left,
    )


def clear_away(name: str, at: Where, ports: Ports) -> tuple[str, ...]:
    """Delete what a submission left that never came to its end: objects of a job `name` that no job owns."""
    return tuple(_cleared(name, at, ports)) if is_job_name(name) else ()  # hpctl gives no job another name


def _cleared(name: str, at: Where, ports: Ports) -> Iterator[str]:
    key, value = MANAGED_BY
    for kind in _BELONGINGS:
        for found in ports.jobs.objects(at.eks, kind, at.namespace, f"{JOB_LABEL}={name},{key}={value}"):
            metadata = found["metadata"]
            if metadata.get("ownerReferences"):
                continue
            try:
                ports.jobs.delete(at.eks, kind, at.namespace, str(metadata["name"]), uid=str(metadata.get("uid") or ""))
            except NotFoundError:
                continue
            yield f"{kind.kind.lower()} `{metadata['name']}` was left from a submission, and is deleted"


def _merge(job: Job, patch: Mapping[str, Any], at: Where, ports: Ports) -> None:
    try:
        ports.jobs.merge(at.eks, job.kind, job.namespace, job.name, patch)
    except ConflictError as error:
        raise NotFoundError(
            f"job `{job.name}` is gone, and another one has its name now; that one was left alone",
            hint=f"hpctl job describe {job.name} {at.flags}",
        ) from error


def _nested(path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    return {first: _nested(tuple(rest)) if rest else True}


def _told(
    verb: Literal["cancel", "delete"],
    result: Literal["cancelled", "deleted", "unchanged"],
    job: Job,
    at: Where,
    state: JobState | None,
    notes: tuple[str, ...] = (),
) -> JobOutcomeReport:
    steps = (f"hpctl job describe {job.name} {at.flags}", f"hpctl job delete {job.name} {at.flags}")
    return JobOutcomeReport(
        verb=verb,
        result=result,
        cluster=at.cluster,
        namespace=job.namespace,
        job=job.reference,
        uid=job.uid,
        state=state,
        notes=notes,
        next_steps=steps if verb == "cancel" else (),
    )
