"""Look at jobs on Slurm: list them, describe one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.cluster import Diagnosis
from hpctl.report.job import FirstFailure, JobListReport, JobReport, JobRow, PodRow
from hpctl.services.slurm_job.failing import explained, first_failure
from hpctl.services.slurm_job.find import NO_ANSWER, find
from hpctl.services.slurm_job.where import SlurmWhere
from hpctl.services.slurm_job.why import why_not_running


def list_jobs(at: SlurmWhere, ports: Ports) -> JobListReport:
    """Return the jobs of all users that Slurm knows, and those of this user that hpctl submitted, newest first."""
    silent: list[str] = []
    found = ports.slurm_jobs.jobs(at.place, silent=silent)
    jobs = sorted(found, key=lambda job: (job.submitted, job.id, job.array_task), reverse=True)
    notes = tuple(f"jobs that Slurm's controller has forgotten are missing here: {NO_ANSWER}: {why}" for why in silent)
    return JobListReport(cluster=at.cluster, namespace=None, jobs=tuple(map(_row, jobs)), notes=notes)


def describe(reference: str, at: SlurmWhere, ports: Ports) -> JobReport:
    """Return one job with why it waits or what failed first; raises as `find` does."""
    job = ports.slurm_jobs.job(at.place, find(reference, at, ports.slurm_jobs))
    failure, diagnoses = judged(job, at, ports)
    return JobReport(
        cluster=at.cluster,
        user=job.user,
        partition=job.partition or None,
        folder=job.folder or job.work_dir or None,
        word=job.word,
        exit_code=job.exit_code,
        job=job.name,
        uid=job.reference,
        run_id=job.run_id or None,
        state=job.state,
        nodes=job.nodes,
        created=job.submitted,
        started=job.started,
        ended=job.ended,
        restarts=job.restarts,
        priority=job.qos or None,
        pods=tuple(_nodes(job)),
        first_failure=failure,
        diagnoses=diagnoses,
        next_steps=tuple(_next_steps(job, at)),
    )


def judged(job: SlurmJob, at: SlurmWhere, ports: Ports) -> tuple[FirstFailure | None, tuple[Diagnosis, ...]]:
    """Return what failed first, and what is wrong with a job, the most telling first."""
    if job.state is JobState.FAILED:
        failure, text = first_failure(job, at, ports.slurm_jobs)
        return failure, (explained(job, failure, text, at),)
    if job.state is JobState.CANCELLED:
        return None, (Diagnosis(subject=job.name, message="the job was cancelled", final=True),)
    if job.state is JobState.UNKNOWN:
        return None, (_forgotten(job, at),)
    return None, tuple(why_not_running(job, at))


def _forgotten(job: SlurmJob, at: SlurmWhere) -> Diagnosis:
    return Diagnosis(
        subject=job.name,
        message="nobody knows how it ended",
        cause="Slurm forgets jobs some minutes after their end, and neither accounting nor its script tells of it",
        remedy=f"look at what it printed: hpctl job logs {job.reference} {at.flags}",
        final=True,
    )


def _row(job: SlurmJob) -> JobRow:
    return JobRow(
        user=job.user,
        partition=job.partition or None,
        word=job.word,
        job=job.name,
        uid=job.reference,
        state=job.state,
        nodes=job.nodes,
        created=job.submitted,
        started=job.started,
        ended=job.ended,
        restarts=job.restarts,
        queue=job.partition or None,
        reason=_reason(job),
    )


def _reason(job: SlurmJob) -> str | None:
    """Return Slurm's own word where it says more than the state does; a success needs none.

    Of an array, where its tasks are.
    """
    if job.tasks:
        words = Counter(task.word for task in job.tasks)
        return f"{len(job.tasks)} {job.parts}: {', '.join(f'{count} {word}' for word, count in sorted(words.items()))}"
    if job.state in (JobState.SUCCEEDED, JobState.CANCELLED, JobState.RUNNING) and job.word in _PLAIN:
        return None
    return job.reason or (None if job.word in _PLAIN else job.word)


_PLAIN = frozenset({"PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"})


def _nodes(job: SlurmJob) -> Iterator[PodRow]:
    for task in job.tasks:
        yield PodRow(
            pod=task.reference,
            rank=None,
            status=task.word,
            node=task.hosts[0] if len(task.hosts) == 1 else f"{len(task.hosts)} nodes" if task.hosts else None,
            restarts=task.restarts,
            exit_code=task.exit_code,
            started=task.started,
            ended=task.ended,
        )
    for rank, host in enumerate(job.hosts):
        code = job.exit_code if rank == job.failed_rank else None
        yield PodRow(
            pod=host,
            rank=rank,
            status=job.word,
            node=host,
            restarts=job.restarts,
            exit_code=code,
            started=job.started,
            ended=job.ended,
        )


def _next_steps(job: SlurmJob, at: SlurmWhere) -> Iterator[str]:
    if job.state in (JobState.PENDING, JobState.QUEUED):
        yield f"hpctl job wait {job.reference} {at.flags}"
    elif job.state in (JobState.RUNNING, JobState.RESTARTING):
        yield f"hpctl job logs {job.reference} --follow {at.flags}"
    else:
        yield f"hpctl job logs {job.reference} {at.flags}"
    yield f"hpctl job {'delete' if job.state.final else 'cancel'} {job.reference} {at.flags}"
