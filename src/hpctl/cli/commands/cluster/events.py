"""`hpctl cluster events`: what happened to a cluster."""

from __future__ import annotations

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption, invocation
from hpctl.render.output import Output


@app.command()
def events(
    ctx: typer.Context,
    name: NameArgument,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List what happened to a cluster; explain failures."""
    from hpctl.services.events import list_events

    session = wiring.session(invocation(ctx))
    session.show(list_events(name, session.ports.clusters))
