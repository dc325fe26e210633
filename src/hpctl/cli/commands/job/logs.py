"""`hpctl job logs`: what all ranks of a job print, together."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Annotated

import typer

from hpctl.cli.commands.job.follow import show_logs
from hpctl.cli.commands.job.group import (
    JobArgument,
    NamespaceOption,
    SharedDirOption,
    UserOption,
    app,
    found_on_eks,
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

    Lines of one rank are in order, each with its rank before it. What the server does not have any more is marked.
    Ctrl-C leaves the job alone.
    """
    from hpctl.cli import moments
    from hpctl.render.logs import LogStyle
    from hpctl.services.job.logs import LogWish

    if output not in (Output.TABLE, Output.JSONL):
        raise UsageError(f"logs do not go with `-o {output}`: there is no end", hint="add `-o jsonl`, or leave it out")
    if previous and follow:
        raise UsageError("`--previous` is over and cannot be followed", hint="leave `--follow` out")
    zone = _zone(timezone)
    session, at = place(ctx, cluster, namespace)
    if on_slurm(at):
        raise UsageError("`hpctl job logs` of jobs on Slurm comes later")
    one = found_on_eks(session, at, job)
    wish = LogWish(
        follow=follow,
        ranks=frozenset(rank or ()),
        containers=frozenset(container or ()),
        previous=previous,
        since=moments.since(since, session.ports.clock.now()) if since is not None else None,
        tail=tail,
    )
    style = LogStyle(timestamps=timestamps or timezone is not None, timezone=zone, raw=raw, prefixed=not raw)
    show_logs(session, at, one, wish, style)


def _zone(name: str | None) -> tzinfo:
    """Return the zone; `UsageError` for one that this machine does not know."""
    from zoneinfo import ZoneInfo

    if name is None or name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"`--timezone {name}` is no time zone that this machine knows", hint="such as Europe/Berlin"
        ) from error
