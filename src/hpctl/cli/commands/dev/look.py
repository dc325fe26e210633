"""`hpctl dev list`: which development pods there are."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.commands.dev.group import app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption
from hpctl.errors import UsageError
from hpctl.render.output import Output


@app.command("list")
def list_(
    ctx: typer.Context,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Those of every namespace.")] = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List development pods, the stopped ones included."""
    from hpctl.services.dev.look import list_pods

    if all_namespaces and namespace:
        raise UsageError("give one of `--namespace` and `--all-namespaces`")
    session, at = place(ctx, cluster, namespace)
    with session.looking_at(f"the development pods of cluster {at.cluster}"):
        report = list_pods(at, None if all_namespaces else at.namespace, session.ports)
    session.show(report)
