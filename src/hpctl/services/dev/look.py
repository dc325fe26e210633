"""Where development pods are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hpctl.errors import NotFoundError
from hpctl.facts.dev import DEV_LABEL, DevRecord, DevState
from hpctl.facts.jobs import BATCH_JOB, Job, JobState, Pod
from hpctl.facts.ports import Ports
from hpctl.report.dev import DevListReport, DevRow
from hpctl.services.dev.records import every
from hpctl.services.job.look import status_of
from hpctl.services.job.shape import image
from hpctl.services.job.where import Where

_STATES: Final = {
    JobState.QUEUED: DevState.QUEUED,
    JobState.PENDING: DevState.PENDING,
    JobState.RUNNING: DevState.RUNNING,
    JobState.RESTARTING: DevState.PENDING,
    JobState.SUCCEEDED: DevState.STOPPED,
    JobState.CANCELLED: DevState.STOPPED,
    JobState.FAILED: DevState.FAILED,
}


def list_pods(at: Where, namespace: str | None, ports: Ports) -> DevListReport:
    """Return the development pods of one namespace or (None) of all, by name."""
    records = sorted(every(at, namespace, ports.jobs), key=lambda one: (one.namespace, one.wish.name))
    jobs = {(job.namespace, job.name): job for job in ports.jobs.jobs(at.eks, namespace, DEV_LABEL)}
    pods = tuple(ports.jobs.pods(at.eks, namespace, DEV_LABEL))
    rows = tuple(row_of(one, jobs.get((one.namespace, one.wish.name)), pods) for one in records)
    return DevListReport(cluster=at.cluster, namespace=namespace, pods=rows)


def row(record: DevRecord, at: Where, ports: Ports) -> DevRow:
    """Return one development pod as it is now."""
    try:
        job = ports.jobs.job(at.eks, BATCH_JOB, record.namespace, record.wish.name)
    except NotFoundError:
        return row_of(record, None, ())
    return row_of(record, job, ports.jobs.pods_of(at.eks, job))


def row_of(record: DevRecord, job: Job | None, pods: Sequence[Pod]) -> DevRow:
    """Return a development pod as its record, its job and (among others) its pods tell."""
    wish = record.wish
    own = [pod for pod in pods if job and pod.owner_uid == job.uid]
    last = max(own, key=lambda pod: pod.created, default=None)
    state = _STATES[job.state] if job else DevState.STOPPED
    return DevRow(
        namespace=record.namespace,
        name=wish.name,
        user=record.user,
        state=state,
        reason=_reason(state, job, last),
        accelerators=wish.accelerators,
        instance_type=wish.instance_type,
        image=wish.image or (image(job.kind, job.raw) if job else None),
        node=last.node if last and state is DevState.RUNNING else None,
        claim=wish.claim,
        idle_stop_s=wish.idle_stop_s,
        created=record.created,
        started=_started(last) if state is DevState.RUNNING else None,
    )


def _reason(state: DevState, job: Job | None, pod: Pod | None) -> str | None:
    if state is DevState.RUNNING or job is None:
        return None
    if job.state is JobState.SUCCEEDED:
        return "idle"
    if state in (DevState.PENDING, DevState.FAILED) and pod is not None:
        return status_of(pod)
    return None


def _started(pod: Pod | None) -> datetime | None:
    return next((one.started for one in pod.containers if one.started), None) if pod else None
