"""`hpctl node logs`: what CloudWatch keeps of a node."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import NodeArgument, app
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, RegionOption, VerboseOption, invocation
from hpctl.cli.typed import as_typed
from hpctl.errors import InterruptedWaitError, Terminated, TerminatedWaitError, UsageError
from hpctl.render.output import Output


class LogOf(StrEnum):
    """Who writes a log."""

    LIFECYCLE = "lifecycle"
    HEALTH_AGENT = "health-agent"
    DEEP_HEALTH_CHECK = "deep-health-check"


@app.command()
def logs(
    ctx: typer.Context,
    node: NodeArgument,
    source: Annotated[
        list[LogOf] | None, typer.Option("--source", help="Only this log; again for more (else all).")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines as they come.")] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only later lines: than 45m ago, or than 2026-11-21T14:30:00Z."),
    ] = None,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, max=10_000, metavar="LINES", help="Begin with the last lines.")
    ] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="The time before each line.")] = False,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what CloudWatch keeps of a node.

    That is of its lifecycle scripts, its health agent and deep health checks. A log that is missing is said, with why
    that may be.
    """
    from hpctl.cli import moments
    from hpctl.render.logs import LogStyle, show_logs
    from hpctl.services.node_logs import NodeLogWish, Source, read

    if output not in (Output.TABLE, Output.JSONL):
        raise UsageError(f"logs do not go with `-o {output}`: there is no end", hint="add `-o jsonl`, or leave it out")
    session = wiring.session(invocation(ctx))
    moment = moments.since(since, session.ports.clock.now()) if since is not None else None
    wish = NodeLogWish(tuple(Source(one) for one in dict.fromkeys(source or ())), moment, tail, follow)
    steps = read(session.cluster(cluster), node, wish, session.ports)
    try:
        show_logs(steps, session.terminal, LogStyle(timestamps=timestamps), output)
    except KeyboardInterrupt as end:
        kind = TerminatedWaitError if isinstance(end, Terminated) else InterruptedWaitError
        raise kind("stopped reading", hint=f"to read again: {as_typed()}") from end
