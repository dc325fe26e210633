"""End a job on Slurm and keep its output (cancel), or let it go with all that belongs to it (delete)."""

from __future__ import annotations

import re

from hpctl.errors import UnavailableError, UsageError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.job import JobOutcomeReport
from hpctl.services.slurm_job.find import demand_own
from hpctl.services.slurm_job.where import SlurmWhere


def cancel(job: SlurmJob, at: SlurmWhere, ports: Ports) -> JobOutcomeReport:
    """End a job; Slurm keeps its record for a while, and its output stays. One that has ended stays as it is.

    Raises `AccessError` for another user's job.
    """
    demand_own(job, at)
    if not job.state.final:
        ports.slurm_jobs.cancel(at.place, job)
    return JobOutcomeReport(
        verb="cancel",
        result="unchanged" if job.state.final else "cancelled",
        cluster=at.cluster,
        user=job.user,
        job=job.name,
        uid=job.reference,
        state=job.state if job.state.final else JobState.CANCELLED,
        next_steps=(f"hpctl job describe {job.reference} {at.flags}", f"hpctl job delete {job.reference} {at.flags}"),
    )


def delete(job: SlurmJob, at: SlurmWhere, ports: Ports) -> JobOutcomeReport:
    """End a job, and remove the folder that hpctl made for it, with its output.

    Raises:
        AccessError: it is another user's.
        UsageError: it is one task of an array, whose folder is that of all.
        UnavailableError: processes of it do not end; nothing is removed from under them.
    """
    demand_own(job, at)
    if job.array_task:
        raise _of_array(job, at)
    try:
        gone = ports.slurm_jobs.delete(at.place, job)
    except UnavailableError as error:
        error.hint = error.hint or f"the job is cancelled; run this again: hpctl job delete {job.reference} {at.flags}"
        raise
    notes = () if job.folder else ("it was not submitted by hpctl: its output stays, and Slurm keeps its record",)
    return JobOutcomeReport(
        verb="delete",
        result="deleted" if gone else "unchanged",
        cluster=at.cluster,
        user=job.user,
        job=job.name,
        uid=job.reference,
        state=None if gone or job.folder else job.state,
        notes=notes,
    )


def _of_array(task: SlurmJob, at: SlurmWhere) -> UsageError:
    number = re.split("[_+]", task.array_task)[0]
    hint = f"hpctl job delete {number} {at.flags}"
    if not task.state.final:
        hint = f"end this one alone: hpctl job cancel {task.reference} {at.flags}\nall of them: {hint}"
    return UsageError(f"{task.reference} is a part of job {number}, and is not deleted apart from it", hint=hint)
