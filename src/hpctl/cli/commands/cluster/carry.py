"""What the verbs that change a cluster share: a claim on it, consent to the plan, and carrying it out."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from hpctl.cli.typed import as_typed
from hpctl.errors import HpctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hpctl.cli.wiring import Session
    from hpctl.plan.journal import Deed, Purpose
    from hpctl.report.cluster import OutcomeReport
    from hpctl.report.plan import PlanReport
    from hpctl.report.progress import Progress
    from hpctl.services.lock import Claim


@dataclass(frozen=True)
class Consent:
    """What the command line says before a plan is carried out, and what a person is asked otherwise."""

    question: str
    yes: bool
    dry_run: bool


def agreed(session: Session, planned: PlanReport, consent: Consent, demand: Callable[[], None] = lambda: None) -> bool:
    """Show the plan, let `demand` raise what stands in its way, and ask; False for a dry run.

    A machine that is refused is told what stood in the way: the plan, with every finding, is all the answer there is.
    """
    if consent.dry_run:
        session.show(planned)
        demand()
        return False
    session.show_beside(planned)
    try:
        demand()
    except HpctlError:
        session.show_to_machines(planned)
        raise
    if planned.actions and not consent.yes:
        session.confirm(consent.question)
    return True


def hold(ctx: typer.Context, session: Session, name: str, purpose: Purpose) -> Claim:
    """Hold the lock on a cluster until the command ends, and say whose work this takes over or goes on with."""
    from hpctl.render.notices import say
    from hpctl.services.lock import claimed

    claimed_until_the_end = claimed(name, purpose, session.world.identity(), session.ports, new_run_id=uuid4().hex)
    claim: Claim = ctx.with_resource(claimed_until_the_end)
    for notice in claim.notices():
        say(f"note: {notice}", session.terminal)
    return claim


def unclaimed() -> Claim:
    """Return what stands for a claim where nothing is done: no lock is taken, nobody's work is gone on with."""
    from hpctl.services.lock import Claim

    return Claim(uuid4().hex)


def carry_out(
    session: Session,
    planned: PlanReport,
    purpose: Deed,
    steps: Iterator[Progress],
    *,
    cancel: str | None = None,
    conclude: Callable[[OutcomeReport], OutcomeReport] = lambda outcome: outcome,
) -> None:
    """Let the steps happen, show and record each, and say how it ended.

    `cancel` is the command that undoes what was begun; `conclude` adds to the outcome what only the end shows.
    """
    from hpctl.render.progress import follow
    from hpctl.services.outcome import Witness
    from hpctl.services.record import farewell, recorded

    witness = Witness(recorded(steps, planned, purpose, session.ports))
    try:
        follow(iter(witness), session.said.output, session.terminal)
        outcome = conclude(witness.outcome(planned, purpose))
    except KeyboardInterrupt as end:
        raise farewell(end, planned, session.ports, resume=resume(planned), cancel=cancel) from end
    session.show(outcome)


def resume(planned: PlanReport) -> str:
    """Return this command as it was typed, without the patience that may have run out."""
    if "-" in sys.argv:  # what came through stdin is gone
        return shlex.join(["hpctl", "cluster", "describe", planned.cluster])
    return as_typed()
