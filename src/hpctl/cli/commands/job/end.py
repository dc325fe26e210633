"""`hpctl job cancel|delete`: end a job, and let it go."""

from __future__ import annotations

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.group import JobArgument, NamespaceOption, app, found, place
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    YesOption,
    invocation,
)
from hpctl.errors import NotFoundError
from hpctl.render.output import Output


@app.command()
def cancel(
    ctx: typer.Context,
    job: JobArgument,
    yes: YesOption = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """End the pods of a job and keep its record, which says `Cancelled`."""
    from hpctl.services.job.cancel import cancel as carry_out

    if not yes:
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, at, one = found(ctx, job, cluster, namespace)
    if not (yes or one.state.final):
        session.confirm(f"cancel {one.reference} in namespace {one.namespace}, which is {one.state}?")
    session.show(carry_out(one, at, session.ports))


@app.command()
def delete(
    ctx: typer.Context,
    job: JobArgument,
    yes: YesOption = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Delete a job, its pods and their logs, and all that was created with it."""
    from hpctl.services.job.cancel import delete as carry_out
    from hpctl.services.job.cancel import delete_left
    from hpctl.services.job.find import find

    if not yes:
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, at = place(ctx, cluster, namespace)
    try:
        one = find(job, at, session.ports.jobs)
    except NotFoundError as missing:
        session.show(delete_left(job, missing, at, session.ports))
        return
    if not yes:
        session.confirm(f"delete {one.reference} in namespace {one.namespace}, which is {one.state}, with its logs?")
    session.show(carry_out(one, at, session.ports))
