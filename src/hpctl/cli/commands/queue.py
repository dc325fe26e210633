"""`hpctl queue list|describe`: the queues by which teams share a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.group import NamespaceOption
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

app = typer.Typer(help="See the queues by which teams share a cluster.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    ctx: typer.Context,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List queues: quota, used, borrowed, pending.

    A namespace matters only to who may not see the others.
    """
    from hpctl.services.queue.look import list_queues

    session = wiring.session(invocation(ctx))
    session.show(list_queues(session.cluster(cluster), namespace, session.ports))


@app.command()
def describe(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="QUEUE", help="Cluster queue, queue, or NAMESPACE/QUEUE.")],
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Tell what waits in a queue, in order, and why."""
    from hpctl.services.queue.look import describe_queue

    session = wiring.session(invocation(ctx))
    session.show(describe_queue(name, session.cluster(cluster), namespace, session.ports))
