"""What the verbs that stay with a job on Slurm share: its end, and how one leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpctl.cli.commands.job.follow import FOR_EVER_S, detachable

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.slurm_jobs import SlurmJob
    from hpctl.report.job import JobEnded
    from hpctl.services.slurm_job.where import SlurmWhere


def wait_on_slurm(session: Session, at: SlurmWhere, job: SlurmJob, timeout: float | None) -> None:
    """Wait for the end of a job, show it, and raise what it means for the exit code; no timeout is for ever."""
    from hpctl.services.slurm_job.wait import demand_succeeded, outcome

    ended = ended_on_slurm(session, at, job, timeout)
    session.show(outcome(job, ended, at))
    demand_succeeded(ended, job, at)


def ended_on_slurm(session: Session, at: SlurmWhere, job: SlurmJob, timeout: float | None) -> JobEnded:
    """Wait for the end of a job and return it; Ctrl-C leaves the job alone."""
    from hpctl.render.job_progress import follow
    from hpctl.services.slurm_job.wait import until_ended

    limit = FOR_EVER_S if timeout is None else timeout
    resume = f"hpctl job wait {job.reference} {at.flags}"
    with detachable(job, at, f"wait {job.reference}"):
        steps = until_ended(job, at, session.ports, timeout_s=limit, resume=resume)
        ended = follow(steps, session.said.output, session.terminal)
    if ended is None:
        raise AssertionError  # the steps end with one, or raise
    return ended
