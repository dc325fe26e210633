"""Wait for a job on Slurm: tell what it waits for, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from hpctl import timeouts
from hpctl.errors import NotFoundError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Clock, Ports
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.job import JobEnded, JobObserved, JobOutcomeReport, JobStep
from hpctl.services.job.verdict import demand_success, late
from hpctl.services.polling import Lookout, rhythm
from hpctl.services.slurm_job.look import judged
from hpctl.services.slurm_job.where import SlurmWhere
from hpctl.services.slurm_job.why import waiting_for


def until_ended(job: SlurmJob, at: SlurmWhere, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[JobStep]:
    """Follow a job until it has ended; the last step is a `JobEnded`.

    A failure counts when it still stands a moment later: Slurm may put the job into the queue again.

    Raises:
        JobUnfinishedError: `timeout_s` is 0, and the job has not ended.
        WaitTimeoutError: the time is over; the job goes on. `resume` takes up the waiting.
        NotFoundError: nobody knows the job any more.
    """
    lookout, start = Lookout(resume), ports.clock.now()
    deadline, final_since_s = start + timedelta(seconds=timeout_s), None
    for pause in _rhythm(ports.clock):
        now = ports.clock.now()
        elapsed_s = round((now - start).total_seconds(), 1)
        if seen := lookout.look(partial(_see, job, at, ports)):
            job = seen
            final_since_s = (elapsed_s if final_since_s is None else final_since_s) if job.state.final else None
            yield _observed(job, ports.clock, elapsed_s)
        if final_since_s is not None and _settled(job, elapsed_s - final_since_s):
            yield _ended(job, at, ports)
            return
        left_s = (deadline - ports.clock.now()).total_seconds()
        if left_s <= 0 and final_since_s is None:
            raise late(job.name, job.state, timeout_s, resume)
        ports.clock.sleep(min(pause, left_s) if final_since_s is None else timeouts.JOB_SETTLE_S)


def demand_succeeded(end: JobEnded, job: SlurmJob, at: SlurmWhere) -> None:
    """Raise `JobFailedError` (exit code 100) or `JobCancelledError` (103) for a job that did not succeed."""
    demand_success(end, job.name, f"hpctl job describe {job.reference} {at.flags}")


def outcome(job: SlurmJob, end: JobEnded, at: SlurmWhere) -> JobOutcomeReport:
    """Return how waiting for a job ended."""
    return JobOutcomeReport(
        verb="wait",
        result="ended",
        cluster=at.cluster,
        user=job.user,
        job=job.name,
        uid=job.reference,
        state=end.state,
        elapsed_s=end.elapsed_s,
        diagnoses=end.diagnoses,
        next_steps=(f"hpctl job describe {job.reference} {at.flags}",),
    )


def _rhythm(clock: Clock) -> Iterator[float]:
    return rhythm(clock, steady_s=timeouts.SLURM_POLL_STEADY_S, spread=0.1)


def _see(job: SlurmJob, at: SlurmWhere, ports: Ports) -> SlurmJob:
    try:
        return ports.slurm_jobs.job(at.place, job)
    except NotFoundError as error:
        message = f"job `{job.name}` ({job.reference}) is not known to Slurm any more"
        raise NotFoundError(message, hint=f"hpctl job list {at.flags}") from error


def _settled(job: SlurmJob, stood_s: float) -> bool:
    return job.state is not JobState.FAILED or stood_s >= timeouts.JOB_SETTLE_S


def _observed(job: SlurmJob, clock: Clock, elapsed_s: float) -> JobObserved:
    return JobObserved(
        time=clock.now(),
        elapsed_s=elapsed_s,
        job=job.name,
        state=job.state,
        nodes=len(job.tasks) or job.nodes,
        pods={} if job.state.final else _counted(job),
        waiting_for=waiting_for(job),
        parts=job.parts if job.tasks else "nodes",
    )


def _counted(job: SlurmJob) -> dict[str, int]:
    if job.tasks:
        return dict(Counter(task.word for task in job.tasks))
    return {job.word: len(job.hosts)} if job.hosts else {}


def _ended(job: SlurmJob, at: SlurmWhere, ports: Ports) -> JobEnded:
    failure, diagnoses = judged(job, at, ports)
    ended = job.ended or ports.clock.now()
    return JobEnded(
        time=ports.clock.now(),
        elapsed_s=max(0.0, round((ended - job.submitted).total_seconds(), 1)),
        job=job.name,
        state=job.state,
        first_failure=failure,
        diagnoses=diagnoses,
    )
