"""`hpctl job exec`: run a command where a rank of a job runs."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

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
from hpctl.cli.options import ClusterOption, ProfileOption, RegionOption, VerboseOption
from hpctl.errors import UsageError

_ALONE: Final = "leave `--rank`, `--stdin` and `--tty` out"


@app.command("exec")
def execute(
    ctx: typer.Context,
    job: JobArgument,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run.")],
    rank: Annotated[
        int | None, typer.Option("--rank", min=0, metavar="RANK", help="Where: this rank's container (else 0).")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="In all ranks at the same time; each line with its rank before it.")
    ] = False,
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on.")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give the command a terminal.")] = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a command in the container of a rank, or beside it.

    On Slurm it is beside it. The command's exit code is this one's. With --all the exit code is that of the lowest
    rank with another one than 0.
    """
    from hpctl.render.ranks import RankPrinter
    from hpctl.services.job.execute import Streams
    from hpctl.services.job.execute import execute as carry_out
    from hpctl.services.job.execute_all import execute_on_all
    from hpctl.services.slurm_job import execute as beside

    if everywhere and (rank is not None or stdin or tty):
        raise UsageError("`--all` runs in every rank, without input and without a terminal", hint=_ALONE)
    session, at = place(ctx, cluster, namespace)
    out, words = session.terminal, tuple(command)
    ranks = RankPrinter(out)

    def apart(label: str) -> Streams:
        return Streams(None, ranks.stdout(label), ranks.stderr(label))

    streams = Streams(sys.stdin.buffer if stdin else None, out.stdout.buffer, out.stderr.buffer, tty=tty)
    if on_slurm(at):
        this = found_on_slurm(session, at, job)
        if everywhere:
            raise typer.Exit(beside.execute_on_all(this, words, at, session.ports, apart))
        raise typer.Exit(beside.execute(this, rank or 0, words, at, session.ports, streams))
    one = found_on_eks(session, at, job)
    if everywhere:
        raise typer.Exit(execute_on_all(one, words, at, session.ports, apart))
    raise typer.Exit(carry_out(one, rank or 0, words, at, session.ports, streams))
