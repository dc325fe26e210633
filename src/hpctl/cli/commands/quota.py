"""`hpctl quota`: what the account may have, and what it has of that."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import (
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    VerboseOption,
    invocation,
)
from hpctl.render.output import Output

app = typer.Typer(help="Look at service quotas.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def quota() -> None:
    """Look at service quotas."""


@app.command()
def show(
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Quotas that this spec needs (- is stdin).")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Quotas of this instance type (repeatable).")
    ] = None,
    name: NameOption = None,
    values: SetOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show quotas: needed, used, the limit, waiting increases.

    Ends with exit code 20 when a quota does not cover what the spec needs.
    """
    from hpctl.services.quota import demand_fits, show_quotas

    spec = wiring.load(file, name, values).spec if file else None
    session = wiring.session(invocation(ctx), region_of_spec=spec.region if spec else None)
    with session.looking_at("service quotas"):
        report = show_quotas(session.world, spec, types or ())
    session.show(report)
    demand_fits(report)
