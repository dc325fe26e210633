"""`hpctl cluster check|plan`: judge a spec, and say what it would take."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.carry import blindness
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.commands.cluster.wished import DeleteGroupOption
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
    delete_group: DeleteGroupOption = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Save the plan, for create or update --plan FILE.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 10 when there is something to do.")
    ] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what creating or updating would do.

    Where the cluster exists, every field that differs, and what changing it means.
    """
    from hpctl.services.create import Judging
    from hpctl.services.update import demand_possible, plan_either

    loaded = wiring.load(file, name, values)
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    judging = Judging(tuple(skip or ()))
    groups = tuple(delete_group or ())
    planned = plan_either(loaded, session.world, judging, run_id=uuid4().hex, delete_groups=groups)
    session.show(planned)
    demand_possible(planned, blindness(allow_unknown))
    if out:
        wiring.write_plan(out, planned.model_dump_json(indent=2) + "\n")
    if detailed_exitcode and planned.actions:
        raise typer.Exit(ExitCode.CHANGES)
