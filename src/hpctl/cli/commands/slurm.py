"""`hpctl slurm`: Slurm's own view of a cluster, and its nodes taken out of work and put back."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.completion import nodes
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

app = typer.Typer(help="Look at Slurm's nodes, and take them out of work.", no_args_is_help=True, rich_markup_mode=None)

NodesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="NODE...", autocompletion=nodes, help="Nodes: names in Slurm (ip-10-1-0-5), instance ids, or group/0."
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why: Slurm keeps it beside the node, for everybody to see.")
]


@app.command()
def status(
    ctx: typer.Context,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show partitions and nodes, and why nodes take no jobs."""
    from hpctl.services.slurm.status import status as service

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"Slurm on cluster {name}"):
        report = service(name, session.ports)
    session.show(report)


@app.command()
def drain(
    ctx: typer.Context,
    node: NodesArgument,
    reason: ReasonOption,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Let nodes take no further jobs; what runs there goes on."""
    from hpctl.services.slurm.change import drain as service

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"Slurm on cluster {name}"):
        report = service(name, node, reason, session.ports)
    session.show(report)


@app.command()
def resume(
    ctx: typer.Context,
    node: NodesArgument,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Let nodes take jobs again."""
    from hpctl.services.slurm.change import resume as service

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"Slurm on cluster {name}"):
        report = service(name, node, session.ports)
    session.show(report)
