"""`hpctl job cancel|delete`: end a job, and let it go."""

from __future__ import annotations

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.group import (
    JobArgument,
    NamespaceOption,
    SharedDirOption,
    UserOption,
    app,
    found_on_eks,
    found_on_slurm,
    on_slurm,
    place,
)
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
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """End the pods or processes of a job; keep its record.

    The record says `Cancelled`.
    """
    from hpctl.services.job.cancel import cancel as carry_out
    from hpctl.services.slurm_job.ending import cancel as cancel_on_slurm

    if not yes:
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, at = place(ctx, cluster, namespace)
    if on_slurm(at):
        this = found_on_slurm(session, at, job)
        if not (yes or this.state.final):
            session.confirm(f"cancel job {this.reference} ({this.name}), which is {this.state}?")
        session.show(cancel_on_slurm(this, at, session.ports))
        return
    one = found_on_eks(session, at, job)
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
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Delete a job and all that was created with it.

    That is its pods or its folder too, with their logs.
    """
    from hpctl.services.job.cancel import delete as carry_out
    from hpctl.services.job.cancel import delete_left
    from hpctl.services.slurm_job.ending import delete as delete_on_slurm

    if not yes:
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, at = place(ctx, cluster, namespace)
    if on_slurm(at):
        this = found_on_slurm(session, at, job)
        if not yes:
            session.confirm(f"delete job {this.reference} ({this.name}), which is {this.state}, with its output?")
        session.show(delete_on_slurm(this, at, session.ports))
        return
    try:
        one = found_on_eks(session, at, job)
    except NotFoundError as missing:
        session.show(delete_left(job, missing, at, session.ports))
        return
    if not yes:
        session.confirm(f"delete {one.reference} in namespace {one.namespace}, which is {one.state}, with its logs?")
    session.show(carry_out(one, at, session.ports))
