"""`hpctl job logs`: what all ranks of a job print, together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli.commands.job.follow import show_logs
from hpctl.cli.commands.job.follow_slurm import show_slurm_logs
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
    RegionOption,
    VerboseOption,
)
from hpctl.errors import UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session


@app.command()
def logs(
    ctx: typer.Context,
    job: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    rank: Annotated[
        list[int] | None, typer.Option("--rank", min=0, metavar="RANK", help="Only this rank; again for more.")
    ] = None,
    container: Annotated[
        list[str] | None,
        typer.Option("--container", "-c", metavar="NAME", help="Only this container; again for more."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only later lines: than 45m ago, or than 2026-11-21T14:30:00Z."),
    ] = None,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, metavar="LINES", help="Begin with the last lines of each rank.")
    ] = None,
    previous: Annotated[bool, typer.Option("--previous", help="Of the containers before their last restart.")] = False,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="The time before each line.")] = False,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of these times, as Europe/Berlin (else UTC).")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The bytes as they are: no rank before a line, nothing made safe.")
    ] = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    output: OutputOption = Output.TABLE,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what all ranks print, together; no line is lost or doubled.

    Lines of one rank are in order, each with its rank before it. What is not there any more is marked. On Slurm these
    are the job's output files, and times those at which they were written last. Ctrl-C leaves the job alone.
    """
    from hpctl.cli import moments
    from hpctl.render.logs import LogStyle
    from hpctl.services.job.logs import LogWish

    _demand_lines(output, follow=follow, previous=previous)
    zone = moments.zone(timezone)
    session, at = place(ctx, cluster, namespace)
    wish = LogWish(
        follow=follow,
        ranks=frozenset(rank or ()),
        containers=frozenset(container or ()),
        previous=previous,
        since=_moment(since, session),
        tail=tail,
    )
    style = LogStyle(timestamps=timestamps or timezone is not None, timezone=zone, raw=raw, prefixed=not raw)
    if on_slurm(at):
        show_slurm_logs(session, at, found_on_slurm(session, at, job), wish, style)
    else:
        show_logs(session, at, found_on_eks(session, at, job), wish, style)


def _demand_lines(output: Output, *, follow: bool, previous: bool) -> None:
    if previous and follow:
        raise UsageError("`--previous` is over and cannot be followed", hint="leave `--follow` out")
    if output not in (Output.TABLE, Output.JSONL):
        raise UsageError(f"logs do not go with `-o {output}`: there is no end", hint="add `-o jsonl`, or leave it out")


def _moment(text: str | None, session: Session) -> datetime | None:
    """Return the moment that is meant, by this machine's clock."""
    from hpctl.cli import moments

    return None if text is None else moments.since(text, session.ports.clock.now())
