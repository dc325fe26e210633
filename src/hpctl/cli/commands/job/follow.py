"""What the verbs that stay with a job share: its logs, its end, and how one leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hpctl.errors import InterruptedWaitError, Terminated, TerminatedWaitError

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.jobs import Job
    from hpctl.facts.slurm_jobs import SlurmJob
    from hpctl.render.logs import LogStyle
    from hpctl.report.job import JobEnded, JobStep
    from hpctl.services.job.logs import LogWish
    from hpctl.services.job.where import Where
    from hpctl.services.slurm_job.where import SlurmWhere

FOR_EVER_S = 10 * 365 * 86400.0
"""Trainings run for weeks: without a timeout nobody is to be in their way."""


def wait_for(session: Session, at: Where, job: Job, timeout: float | None) -> None:
    """Wait for the end of a job, show it, and raise what it means for the exit code; no timeout is for ever."""
    from hpctl.services.job.wait import demand_succeeded, outcome, until_ended

    ended = waited(session, at, job, until_ended, timeout)
    session.show(outcome(job, ended, at))
    demand_succeeded(ended, at)


def follow_to_the_end(session: Session, at: Where, job: Job, timeout: float | None) -> None:
    """Show the logs of a job until it has ended, and raise what its end means; stdout is the logs' alone."""
    from hpctl.render.logs import LogStyle
    from hpctl.services.job.logs import LogWish
    from hpctl.services.job.wait import demand_succeeded, outcome, until_ended

    show_logs(session, at, job, LogWish(follow=True), LogStyle())
    ended = waited(session, at, job, until_ended, timeout)
    session.show_to_machines(outcome(job, ended, at))
    demand_succeeded(ended, at)


def show_logs(session: Session, at: Where, job: Job, wish: LogWish, style: LogStyle) -> None:
    """Show the logs of a job as they come, until there are no more."""
    from hpctl.render.logs import show_logs as show
    from hpctl.services.job.logs import follow_logs

    with detachable(job, at, f"logs {job.reference} --follow"):
        show(follow_logs(job, at.eks, session.ports, wish), session.terminal, style, session.said.output)


def waited(
    session: Session,
    at: Where | SlurmWhere,
    job: Job | SlurmJob,
    until_ended: Callable[..., Iterator[JobStep]],
    timeout: float | None,
) -> JobEnded:
    """Show the steps of waiting until the job has ended, and return the end; Ctrl-C leaves the job alone."""
    from hpctl.render.job_progress import follow

    limit = FOR_EVER_S if timeout is None else timeout
    resume = f"hpctl job wait {job.reference} {at.flags}"
    with detachable(job, at, f"wait {job.reference}"):
        steps = until_ended(job, at, session.ports, timeout_s=limit, resume=resume)
        ended = follow(steps, session.said.output, session.terminal)
    if ended is None:
        raise AssertionError  # the steps end with one, or raise
    return ended


@contextmanager
def detachable(job: Job | SlurmJob, at: Where | SlurmWhere, verb: str) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM leave the job alone, and say how to return to it, by `verb`, and how to cancel it."""
    hint = (
        "the job goes on\n"
        f"to return: hpctl job {verb} {at.flags}\n"
        f"to cancel: hpctl job cancel {job.reference} {at.flags}"
    )
    try:
        yield
    except Terminated as end:
        raise TerminatedWaitError("stopped following", hint=hint) from end
    except KeyboardInterrupt as end:
        raise InterruptedWaitError("stopped following", hint=hint) from end
