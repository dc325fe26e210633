"""`hpctl job submit` where Slurm orchestrates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hpctl.cli import wiring
from hpctl.cli.commands.job.follow_slurm import follow_on_slurm, wait_on_slurm
from hpctl.errors import HpctlError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.services.create import Blindness, Judging
    from hpctl.services.job.prepare import Asked
    from hpctl.services.slurm_job.prepare import PreparedOnSlurm
    from hpctl.services.slurm_job.where import SlurmWhere
    from hpctl.spec.job_wish import LoadedJob


class After(StrEnum):
    """What the command does once the job is there; `show` is a dry run, that lets it not come so far."""

    SHOW = "show"
    RETURN = "return"
    WAIT = "wait"
    FOLLOW = "follow"


@dataclass(frozen=True)
class Ready:
    """A job that was read, and how it is to be judged and submitted."""

    loaded: LoadedJob
    asked: Asked
    judging: Judging
    blind: Blindness


def submit_on_slurm(session: Session, at: SlurmWhere, ready: Ready, after: After, timeout: float | None) -> None:
    """Judge and show a job, and submit it as `after` says."""
    from hpctl.services.slurm_job.prepare import prepare_on_slurm

    world, files = session.world, wiring.local_files()
    with session.looking_at(f"what the job needs on cluster {at.cluster}"):
        prepared = prepare_on_slurm(ready.loaded, at, ready.asked, world, session.ports, files, ready.judging)
    if after is After.SHOW:
        _show_plan(session, at, prepared, ready.blind)
        return
    _submit(session, at, prepared, ready.blind, after, timeout)


def _show_plan(session: Session, at: SlurmWhere, prepared: PreparedOnSlurm, blind: Blindness) -> None:
    """Show what would be submitted: the script on stdout for people and pipes, the report for machines."""
    from hpctl.render.terminal import write
    from hpctl.services.slurm_job.prepare import demand_possible
    from hpctl.services.slurm_job.submit import ask_slurm

    if session.said.output is Output.TABLE and session.said.query is None:
        session.show_beside(prepared.report)
        write(session.terminal.stdout, prepared.report.script or "")
    else:
        session.show(prepared.report)
    session.say(ask_slurm(demand_possible(prepared, blind), at, session.ports))


def _submit(
    session: Session, at: SlurmWhere, prepared: PreparedOnSlurm, blind: Blindness, after: After, timeout: float | None
) -> None:
    from hpctl.services.slurm_job.find import find
    from hpctl.services.slurm_job.prepare import demand_possible
    from hpctl.services.slurm_job.submit import submit

    session.show_beside(prepared.report)
    try:
        wish = demand_possible(prepared, blind)
    except HpctlError:
        session.show_to_machines(prepared.report)
        raise
    outcome = submit(wish, at, session.ports)
    if after is After.RETURN:
        session.show(outcome)
        return
    session.show_beside(outcome)
    stay = follow_on_slurm if after is After.FOLLOW else wait_on_slurm
    stay(session, at, find(outcome.uid, at, session.ports.slurm_jobs), timeout)
