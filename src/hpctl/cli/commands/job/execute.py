"""`hpctl job exec`: run a command where a rank of a job runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hpctl.cli.commands.job.group import JobArgument, NamespaceOption, app, found
from hpctl.cli.options import ClusterOption, ProfileOption, RegionOption, VerboseOption


@app.command("exec")
def execute(
    ctx: typer.Context,
    job: JobArgument,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run.")],
    rank: Annotated[int, typer.Option("--rank", min=0, metavar="RANK", help="Where: this rank's container.")] = 0,
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on.")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give the command a terminal.")] = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a command in the container of a rank; its exit code is this command's."""
    from hpctl.services.job.execute import Streams
    from hpctl.services.job.execute import execute as carry_out

    session, at, one = found(ctx, job, cluster, namespace)
    out = session.terminal
    streams = Streams(sys.stdin.buffer if stdin else None, out.stdout.buffer, out.stderr.buffer, tty=tty)
    raise typer.Exit(carry_out(one, rank, tuple(command), at, session.ports, streams))
