"""What the verbs that change a cluster share: planning, demands on the plan, and carrying it out."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from hpctl.cli import wiring
from hpctl.cli.durations import seconds
from hpctl.cli.options import invocation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from hpctl.cli.wiring import Session
    from hpctl.report.plan import PlanReport
    from hpctl.report.progress import Progress
    from hpctl.services.create import Blindness
    from hpctl.spec.load import Loaded

    Verb = Literal["create", "delete"]

TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", parser=seconds, metavar="DURATION", help="Stop waiting after so long (90s, 45m, 2h)."),
]


def decided(ctx: typer.Context, loaded: Loaded, skip: list[str] | None) -> tuple[Session, PlanReport]:
    """Return the session and the plan for a loaded spec."""
    from hpctl.services import create as service

    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    judging = service.Judging(tuple(skip or ()))
    return session, service.plan(loaded, session.world, judging, run_id=uuid4().hex)


def demand_possible(planned: PlanReport, allow_unknown: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Raise what stands in the way of carrying the plan out: failed checks, a cluster of another spec."""
    from hpctl.services import create as service

    if planned.checks:
        service.demand_passed(planned.checks, blindness(allow_unknown))
    service.demand_absent(planned)


def blindness(allow_unknown: bool) -> Blindness:  # noqa: FBT001  a flag of the command line
    """Return what `--allow-unknown` says about checks that could not look."""
    from hpctl.services.create import Blindness

    return Blindness.ALLOWED if allow_unknown else Blindness.REFUSED


def carry_out(session: Session, planned: PlanReport, verb: Verb, steps: Iterator[Progress]) -> None:
    """Let the steps happen, show each, and say how it ended."""
    from hpctl.render.progress import follow
    from hpctl.services.outcome import Witness

    witness = Witness(steps)
    with wiring.resumable(resume(planned)):
        follow(iter(witness), session.said.output, session.terminal)
    session.show(witness.outcome(planned, verb))


def resume(planned: PlanReport) -> str:
    """Return this command as it was typed, without the patience that may have run out."""
    if "-" in sys.argv:  # what came through stdin is gone
        return shlex.join(["hpctl", "cluster", "describe", planned.cluster])
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word == "--timeout":
            next(words, None)
        elif not word.startswith("--timeout="):
            kept.append(word)
    return shlex.join(["hpctl", *kept])
