"""`hpctl cluster list|describe|schema`: what is, and what a spec may say."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption, invocation
from hpctl.render.output import Output


@app.command("list")
def list_(
    ctx: typer.Context,
    contains: Annotated[str | None, typer.Option("--contains", help="Only names with this in them.")] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List the clusters of the Region, newest first."""
    from hpctl.services.cluster import list_clusters

    session = wiring.session(invocation(ctx))
    with session.looking_at(f"the clusters in {session.ports.region}"):
        report = list_clusters(session.ports.region, session.ports.clusters, name_contains=contains)
    session.show(report)


@app.command()
def describe(
    ctx: typer.Context,
    name: NameArgument,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show a cluster, what is wrong with it, what to do next."""
    from hpctl.services.cluster import describe as describe_cluster

    session = wiring.session(invocation(ctx))
    with session.looking_at(f"cluster {name}"):
        report = describe_cluster(name, session.ports.region, session.ports.clusters)
    session.show(report)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the spec file, for editors."""
    import json

    from hpctl.render.terminal import Terminal, write
    from hpctl.spec.json_schema import cluster_schema

    write(Terminal.current().stdout, json.dumps(cluster_schema(), indent=2) + "\n")
