"""`hpctl gpus`: the accelerators of a cluster."""

from __future__ import annotations

import typer

from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
)
from hpctl.render.output import Output


def gpus(
    ctx: typer.Context,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show the accelerators of a cluster: how many it has, how many are free, and where."""
    from hpctl.cli.commands.job.group import place
    from hpctl.services.gpus import list_accelerators

    session, at = place(ctx, cluster, None)
    session.show(list_accelerators(at, session.ports))
