"""`hpctl job list|describe`: which jobs there are, and why one is where it is."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.commands.job.group import JobArgument, NamespaceOption, app, place
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption
from hpctl.errors import UsageError
from hpctl.render.output import Output


@app.command("list")
def list_(
    ctx: typer.Context,
    everywhere: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Jobs of every namespace.")] = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List jobs of every kind, however they were submitted."""
    from hpctl.services.job.look import list_jobs

    if everywhere and namespace:
        raise UsageError("give one of `--namespace` and `--all-namespaces`")
    session, at = place(ctx, cluster, namespace)
    session.show(list_jobs(at, None if everywhere else at.namespace, session.ports))


@app.command()
def describe(
    ctx: typer.Context,
    job: JobArgument,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Tell where a job is, what it waits for, and which rank failed first with what."""
    from hpctl.services.job.look import describe as look

    session, at = place(ctx, cluster, namespace)
    session.show(look(job, at, session.ports))
