"""`hpctl job list|describe`: which jobs there are, and why one is where it is."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.commands.job.group import JobArgument, NamespaceOption, SharedDirOption, UserOption, app, on_slurm, place
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption
from hpctl.errors import UsageError
from hpctl.render.output import Output


@app.command("list")
def list_(
    ctx: typer.Context,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Jobs of every namespace.")] = False,
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
    """List jobs of every kind, however submitted.

    On Slurm those of all users.
    """
    from hpctl.services.job.look import list_jobs
    from hpctl.services.slurm_job.look import list_jobs as list_on_slurm

    if all_namespaces and namespace:
        raise UsageError("give one of `--namespace` and `--all-namespaces`")
    session, at = place(ctx, cluster, namespace)
    with session.looking_at(f"the jobs of cluster {at.cluster}"):
        if on_slurm(at):
            report = list_on_slurm(at, session.ports)
        else:
            report = list_jobs(at, None if all_namespaces else at.namespace, session.ports)
    session.show(report)


@app.command()
def describe(
    ctx: typer.Context,
    job: JobArgument,
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
    """Tell how a job is, what it waits for, what failed first."""
    from hpctl.services.job.look import describe as look
    from hpctl.services.slurm_job.look import describe as look_on_slurm

    session, at = place(ctx, cluster, namespace)
    with session.looking_at(f"job {job} on cluster {at.cluster}"):
        report = look_on_slurm(job, at, session.ports) if on_slurm(at) else look(job, at, session.ports)
    session.show(report)
