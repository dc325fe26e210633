"""`hpctl cluster check|plan|create|delete`: one road from a wish to the world, with four places to stop."""

from __future__ import annotations

import shlex
import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

import typer

from hpctl import timeouts
from hpctl.cli import wiring
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.durations import seconds
from hpctl.cli.options import (
    AllowUnknownOption,
    DryRunOption,
    FileOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    VerboseOption,
    WaitOption,
    YesOption,
    invocation,
)
from hpctl.errors import ExitCode, HpctlError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@app.command()
def check(
    ctx: typer.Context,
    file: FileOption,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Judge a spec file: every check, nothing planned."""
    from hpctl.services.create import Judging, check_spec, demand_passed

    loaded = wiring.load(file, name, values)
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    report = check_spec(loaded, session.world, Judging(tuple(skip or ())))
    session.show(report)
    demand_passed(report, _blindness(allow_unknown))


@app.command()
def plan(
    ctx: typer.Context,
    file: FileOption,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 10 when there is something to do.")
    ] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Judge a spec file and show what `create` would do."""
    session, planned = _planned(ctx, wiring.load(file, name, values), skip)
    session.show(planned)
    _demand_possible(planned, allow_unknown)
    if detailed_exitcode and planned.actions:
        raise typer.Exit(ExitCode.CHANGES)


@app.command()
def create(
    ctx: typer.Context,
    file: FileOption,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Create a cluster and follow it until it is in service.

    The same command again goes on with the same cluster: it never makes two.
    """
    from hpctl.services import create as service

    loaded = wiring.load(file, name, values)
    if not (yes or dry_run):
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, planned = _planned(ctx, loaded, skip)
    if dry_run:
        session.show(planned)
        _demand_possible(planned, allow_unknown)
        return
    session.show_beside(planned)
    try:
        _demand_possible(planned, allow_unknown)
    except HpctlError:
        # A machine is told what stood in the way: the plan, with every finding, is all the answer there will be.
        session.show_to_machines(planned)
        raise
    if planned.actions and not yes:
        session.confirm(f"create cluster `{planned.cluster}` in account {planned.identity.account}?")
    steps: Iterator[Progress] = service.create(planned, session.ports)
    if wait:
        patience = service.usual_wait_s(loaded.spec) if timeout is None else timeout
        steps = chain(steps, service.follow(planned, session.ports, timeout_s=patience, resume=_resume(planned)))
    _carry_out(session, planned, "create", steps)


@app.command()
def delete(
    ctx: typer.Context,
    name: NameArgument,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Delete a cluster and follow it until it is gone.

    Says first what goes and what stays, and asks for the name.
    """
    from hpctl.services import delete as service

    session = wiring.session(invocation(ctx))
    if not (yes or dry_run):
        session.demand_somebody("--yes")
    planned = service.plan(name, session.world, session.ports)
    if dry_run:
        session.show(planned)
        return
    session.show_beside(planned)
    if planned.actions and not yes:
        service.demand_named(planned, session.ask(f"type the name of the cluster to delete it ({planned.cluster}): "))
    steps: Iterator[Progress] = service.delete(planned, session.ports)
    if wait:
        patience = timeouts.DELETE_WAIT_S if timeout is None else timeout
        steps = chain(steps, service.follow(planned, session.ports, timeout_s=patience, resume=_resume(planned)))
    _carry_out(session, planned, "delete", steps)


def _planned(ctx: typer.Context, loaded: Loaded, skip: list[str] | None) -> tuple[Session, PlanReport]:
    from hpctl.services import create as service

    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    judging = service.Judging(tuple(skip or ()))
    return session, service.plan(loaded, session.world, judging, run_id=uuid4().hex)


def _demand_possible(planned: PlanReport, allow_unknown: bool) -> None:  # noqa: FBT001  a flag of the command line
    from hpctl.services import create as service

    if planned.checks:
        service.demand_passed(planned.checks, _blindness(allow_unknown))
    service.demand_absent(planned)


def _blindness(allow_unknown: bool) -> Blindness:  # noqa: FBT001  a flag of the command line
    from hpctl.services.create import Blindness

    return Blindness.ALLOWED if allow_unknown else Blindness.REFUSED


def _carry_out(session: Session, planned: PlanReport, verb: Verb, steps: Iterator[Progress]) -> None:
    from hpctl.render.progress import follow
    from hpctl.services.outcome import Witness

    witness = Witness(steps)
    with wiring.resumable(_resume(planned)):
        follow(iter(witness), session.said.output, session.terminal)
    session.show(witness.outcome(planned, verb))


def _resume(planned: PlanReport) -> str:
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
