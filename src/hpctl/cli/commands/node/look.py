"""`hpctl node list` and `hpctl node describe`: the nodes of a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import NodeArgument, app
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


@app.command("list")
def list_(
    ctx: typer.Context,
    cluster: ClusterOption = None,
    group: Annotated[str | None, typer.Option("--group", help="Only nodes of this instance group.")] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List the nodes of a cluster."""
    from hpctl.services.node import list_nodes

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"the nodes of cluster {name}"):
        report = list_nodes(name, session.ports.clusters, instance_group=group)
    session.show(report)


@app.command()
def describe(
    ctx: typer.Context,
    node: NodeArgument,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Tell what a node is and what is wrong with it."""
    from hpctl.services.node import describe_node

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"node {node} of cluster {name}"):
        report = describe_node(name, node, session.ports.clusters)
    session.show(report)
