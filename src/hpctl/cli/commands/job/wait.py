"""`hpctl job wait`: until a job has ended."""

from __future__ import annotations

import typer

from hpctl.cli.commands.job.follow import wait_for
from hpctl.cli.commands.job.group import JobArgument, NamespaceOption, app, found
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, RegionOption, TimeoutOption, VerboseOption
from hpctl.render.output import Output


@app.command()
def wait(
    ctx: typer.Context,
    job: JobArgument,
    timeout: TimeoutOption = None,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Wait until a job has ended.

    The exit code is 0 when it succeeded, 100 when it failed, 103 when it was cancelled; 5 when the timeout was over
    before. `--timeout 0` asks once: 101 when it has not ended.
    """
    session, at, one = found(ctx, job, cluster, namespace)
    wait_for(session, at, one, timeout)
