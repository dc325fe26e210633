"""`hpctl gpus`: the accelerators of a cluster."""

from __future__ import annotations

import typer

from hpctl.cli import wiring
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    invocation,
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
    """Show a cluster's accelerators: how many, how many free."""
    from hpctl.services.accelerators import accelerators_of

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"the accelerators of cluster {name}"):
        report = accelerators_of(name, session.ports)
    session.show(report)
