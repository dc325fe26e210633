"""What the verbs that stay with a job on Slurm share: its end, and how one leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpctl.cli.commands.job.follow import detachable, waited

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.slurm_jobs import SlurmJob
    from hpctl.render.logs import LogStyle
    from hpctl.services.job.log_tape import LogWish
    from hpctl.services.slurm_job.where import SlurmWhere


def wait_on_slurm(session: Session, at: SlurmWhere, job: SlurmJob, timeout: float | None) -> None:
    """Wait for the end of a job, show it, and raise what it means for the exit code; no timeout is for ever."""
    from hpctl.services.slurm_job.wait import demand_succeeded, outcome, until_ended

    ended = waited(session, at, job, until_ended, timeout)
    session.show(outcome(job, ended, at))
    demand_succeeded(ended, job, at)


def follow_on_slurm(session: Session, at: SlurmWhere, job: SlurmJob, timeout: float | None) -> None:
    """Show the logs of a job until it has ended, and raise what its end means; stdout is the logs' alone."""
    from hpctl.render.logs import LogStyle
    from hpctl.services.job.log_tape import LogWish
    from hpctl.services.slurm_job.wait import demand_succeeded, outcome, until_ended

    show_slurm_logs(session, at, job, LogWish(follow=True), LogStyle())
    ended = waited(session, at, job, until_ended, timeout)
    session.show_to_machines(outcome(job, ended, at))
    demand_succeeded(ended, job, at)


def show_slurm_logs(session: Session, at: SlurmWhere, job: SlurmJob, wish: LogWish, style: LogStyle) -> None:
    """Show the logs of a job as they come, until there are no more."""
    from hpctl.render.logs import show_logs as show
    from hpctl.services.slurm_job.logs import follow_logs

    with detachable(job, at, f"logs {job.reference} --follow"):
        show(follow_logs(job, at.place, session.ports, wish), session.terminal, style, session.said.output)
