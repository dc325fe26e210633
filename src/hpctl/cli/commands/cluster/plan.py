"""`hpctl cluster check|plan`: judge a spec, and say what it would take."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.carry import blindness, decided, demand_possible
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.options import (
    AllowUnknownOption,
    FileOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    VerboseOption,
    invocation,
)
from hpctl.errors import ExitCode
from hpctl.render.output import Output


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
    demand_passed(report, blindness(allow_unknown))


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
    session, planned = decided(ctx, wiring.load(file, name, values), skip)
    session.show(planned)
    demand_possible(planned, allow_unknown)
    if detailed_exitcode and planned.actions:
        raise typer.Exit(ExitCode.CHANGES)
