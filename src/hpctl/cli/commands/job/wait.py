"""`hpctl job wait`: until a job has ended."""

from __future__ import annotations

import typer

from hpctl.cli.commands.job.follow import wait_for
from hpctl.cli.commands.job.follow_slurm import wait_on_slurm
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
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, RegionOption, TimeoutOption, VerboseOption
from hpctl.render.output import Output


@app.command()
def wait(
    ctx: typer.Context,
    job: JobArgument,
    timeout: TimeoutOption = None,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    output: OutputOption = Output.TABLE,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Wait until a job has ended.

    The exit code is 0 when it succeeded, 100 when it failed, 103 when it was cancelled; 5 when the timeout was over
    before. `--timeout 0` asks once: 101 when it has not ended.
    """
    session, at = place(ctx, cluster, namespace)
    if on_slurm(at):
        wait_on_slurm(session, at, found_on_slurm(session, at, job), timeout)
        return
    wait_for(session, at, found_on_eks(session, at, job), timeout)
