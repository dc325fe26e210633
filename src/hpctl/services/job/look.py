"""Look at jobs: list them, describe one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from hpctl.errors import AccessError
from hpctl.facts.jobs import CANCELLED, RUN_ID_LABEL, ContainerState, Job, JobState, KubernetesEvent, Pod
from hpctl.facts.ports import Ports
from hpctl.report.cluster import Diagnosis
from hpctl.report.job import FirstFailure, JobListReport, JobReport, JobRow, PodRow
from hpctl.services.job.failing import explained, first_failure, has_failed
from hpctl.services.job.find import find
from hpctl.services.job.shape import PRIORITY_LABEL, image, queue
from hpctl.services.job.where import Where
from hpctl.services.job.why import why_not_running

_OUTLIVED_S: Final = 15.0
"""How long pods of a job that has ended may go on: they print their last lines."""

EVENTS_SHOWN: Final = 10
"""The events that a description shows."""


def list_jobs(at: Where, namespace: str | None, ports: Ports) -> JobListReport:
    """Return the jobs of one namespace or (None) of all, newest first."""
    denied: list[AccessError] = []
    found = ports.jobs.jobs(at.eks, namespace, denied=denied)
    jobs = sorted(found, key=lambda job: (job.created, job.reference), reverse=True)
    notes = tuple(f"jobs of one kind are missing here: {error.message}" for error in denied)
    return JobListReport(cluster=at.cluster, namespace=namespace, jobs=tuple(map(_row, jobs)), notes=notes)


def describe(reference: str, at: Where, ports: Ports) -> JobReport:
    """Return one job with why it waits or what failed first; raises as `find` does."""
    job = find(reference, at, ports.jobs)
    notes: list[str] = []
    pods = pods_of(job, at, ports, notes)
    events = events_of(job, pods, at, ports, notes)
    failure, diagnoses = judged(job, pods, events, at, ports)
    return JobReport(
        cluster=at.cluster,
        namespace=job.namespace,
        job=job.reference,
        uid=job.uid,
        run_id=job.labels.get(RUN_ID_LABEL),
        state=job.state,
        nodes=job.nodes,
        created=job.created,
        started=job.started,
        ended=job.ended,
        restarts=job.restarts,
        image=image(job.kind, job.raw),
        queue=queue(job),
        priority=job.labels.get(PRIORITY_LABEL),
        conditions=job.conditions,
        pods=tuple(map(pod_row, pods)),
        first_failure=failure,
        diagnoses=diagnoses,
        events=telling(events),
        notes=tuple(notes),
        next_steps=tuple(_next_steps(job, at)),
    )


def judged(
    job: Job, pods: Sequence[Pod], events: Sequence[KubernetesEvent], at: Where, ports: Ports
) -> tuple[FirstFailure | None, tuple[Diagnosis, ...]]:
    """Return what failed first, and what is wrong with a job, the most telling first."""
    diagnoses: list[Diagnosis] = []
    failure = None
    if has_failed(job, pods):
        if found := first_failure(job, pods, at, ports.streams):
            failure = found[0]
            told = explained(*found, at, job)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                told = told.model_copy(update={"message": f"{told.message}, and was started again", "final": False})
            diagnoses.append(told)
        diagnoses += _by_condition(job, failure)
    if job.state is JobState.CANCELLED:
        when = job.annotations.get(CANCELLED, "")
        diagnoses.append(Diagnosis(subject=job.reference, message=f"the job was cancelled at {when}", final=True))
    diagnoses += why_not_running(job, pods, events, at, ports)
    diagnoses += _outlived(job, pods, at, ports.clock.now())
    return failure, tuple(diagnoses)


def pods_of(job: Job, at: Where, ports: Ports, notes: list[str]) -> tuple[Pod, ...]:
    """Return the pods of a job; a note where they cannot be read, for the job itself tells its state."""
    try:
        return ports.jobs.pods_of(at.eks, job)
    except AccessError as error:
        notes.append(f"its pods cannot be read: {error.message}")
        return ()


def events_of(job: Job, pods: Iterable[Pod], at: Where, ports: Ports, notes: list[str]) -> tuple[KubernetesEvent, ...]:
    """Return the events about a job and its pods, oldest first; a note where they cannot be read."""
    uids = {job.uid, *(pod.uid for pod in pods)}
    try:
        found = [event for event in ports.jobs.events(at.eks, job.namespace) if event.about_uid in uids]
    except AccessError as error:
        notes.append(f"events cannot be read: {error.message}")
        return ()
    return tuple(sorted(found, key=lambda event: (event.last is not None, event.last)))


def telling(events: Sequence[KubernetesEvent]) -> tuple[KubernetesEvent, ...]:
    """Return the newest events in their order: warnings first of all, for every pod tells of its start as well."""
    newest = sorted(range(len(events)), key=lambda place: (events[place].type != "Warning", -place))
    return tuple(events[place] for place in sorted(newest[:EVENTS_SHOWN]))


def pod_row(pod: Pod) -> PodRow:
    """Return a pod as a row, with kubectl's word for how it is."""
    main = pod.containers[0] if pod.containers else None
    return PodRow(
        pod=pod.name,
        rank=pod.rank,
        status=status_of(pod),
        node=pod.node,
        ip=pod.ip,
        restarts=sum(one.restarts for one in pod.containers),
        exit_code=main.exit_code if main else None,
        started=main.started if main else None,
        ended=main.ended if main else None,
    )


def status_of(pod: Pod) -> str:
    """Return what kubectl shows as a pod's status: the phase, or what its containers say of it."""
    if pod.deleting:
        return "Terminating"
    if pod.reason:
        return pod.reason
    for one in pod.init_containers:
        if _stopped(one):
            return f"Init:{one.reason or one.exit_code}"
        if not one.running and one.exit_code is None and one.reason not in ("", "PodInitializing"):
            return f"Init:{one.reason}"
    telling = next((one.reason for one in pod.containers if one.reason and not one.running), None)
    return telling or pod.phase


def _stopped(one: ContainerState) -> bool:
    return bool(one.exit_code)


def _outlived(job: Job, pods: Iterable[Pod], at: Where, now: datetime) -> Iterator[Diagnosis]:
    """Yield that pods hold their nodes although the job has ended: ranks that hang because another one failed."""
    alive = [pod for pod in pods if pod.phase == "Running" and not pod.deleting]
    ended = job.ended or job.created
    if job.state in (JobState.FAILED, JobState.SUCCEEDED) and alive and (now - ended).total_seconds() > _OUTLIVED_S:
        them = "1 pod of it still runs" if len(alive) == 1 else f"{len(alive)} pods of it still run"
        yield Diagnosis(
            subject=job.reference,
            message=f"the job has {job.state.lower()}, and {them}",
            cause="they wait for ranks that are gone, and hold their nodes until they end",
            remedy=f"hpctl job cancel {job.name} {at.flags}",
        )


def _by_condition(job: Job, failure: FirstFailure | None) -> Iterator[Diagnosis]:
    """Yield what the job's own condition says, where it says more than that a pod failed."""
    failed = next((one for one in job.conditions if one.type == "Failed" and one.status == "True"), None)
    if failed is None:
        return
    if failed.reason == "DeadlineExceeded":
        yield Diagnosis(
            subject=job.reference,
            message=failed.message or "the job was active longer than its deadline",
            cause="it ran into its time limit (`timeout_s`), and Kubernetes ended its pods",
            failure="job-deadline",
            final=True,
        )
    elif failure is None:
        yield Diagnosis(subject=job.reference, message=failed.message or failed.reason or "it failed", final=True)


def _row(job: Job) -> JobRow:
    return JobRow(
        namespace=job.namespace,
        job=job.reference,
        uid=job.uid,
        state=job.state,
        nodes=job.nodes,
        created=job.created,
        started=job.started,
        ended=job.ended,
        restarts=job.restarts,
        queue=queue(job),
        reason=_reason(job),
    )


def _reason(job: Job) -> str | None:
    """Return the reason of the condition that the state comes from; a success needs none."""
    if job.state in (JobState.SUCCEEDED, JobState.CANCELLED):
        return None
    wanted = {JobState.FAILED: "Failed", JobState.RESTARTING: "Restarting", JobState.QUEUED: "Suspended"}
    found = next((one for one in job.conditions if one.type == wanted.get(job.state) and one.status == "True"), None)
    if found is None or found.reason.startswith(job.kind.kind):  # the operator's `PyTorchJobFailed` tells nothing more
        return None
    return found.reason or None


def _next_steps(job: Job, at: Where) -> Iterator[str]:
    here = replace(at, namespace=job.namespace).flags
    if job.state in (JobState.PENDING, JobState.QUEUED):
        yield f"hpctl job wait {job.name} {here}"
    elif job.state in (JobState.RUNNING, JobState.RESTARTING):
        yield f"hpctl job logs {job.name} --follow {here}"
    elif job.state is not JobState.CANCELLED:  # its pods are gone, and their logs with them
        yield f"hpctl job logs {job.name} {here}"
    yield f"hpctl job {'delete' if job.state.final else 'cancel'} {job.name} {here}"
