"""`hpctl cluster events`: what happened to a cluster, and what happens."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption, invocation
from hpctl.errors import InterruptedWaitError, Terminated, TerminatedWaitError, UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from datetime import tzinfo

    from hpctl.cli.wiring import Session
    from hpctl.services.events import Selection


@app.command()
def events(
    ctx: typer.Context,
    name: NameArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones as they come.")] = False,
    node: Annotated[str | None, typer.Option("--node", metavar="ID", help="Only of this node.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Only of this instance group.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only later ones: than 45m ago, or than 2026-11-21T14:30:00Z."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of the times, as Europe/Berlin (else UTC).")
    ] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """List what happened to a cluster; explain failures.

    A cluster without `node_provisioning: Continuous` has no events: its statuses tell what they can.
    """
    from hpctl.cli import moments
    from hpctl.services.events import Selection, list_events
    from hpctl.services.zoned import zoned

    zone = moments.zone(timezone)
    session = wiring.session(invocation(ctx))
    moment = moments.since(since, session.ports.clock.now()) if since is not None else None
    selection = Selection(moment, group, node)
    if follow:
        _follow(session, name, selection, zone)
    else:
        with session.looking_at(f"the events of cluster {name}"):
            report = list_events(name, session.ports, selection)
        session.show(zoned(report, zone))


def _follow(session: Session, name: str, selection: Selection, zone: tzinfo) -> None:
    from hpctl.render.progress import check_streamable, stream
    from hpctl.services.follow import follow_events
    from hpctl.services.zoned import in_zone

    check_streamable(session.said.output)
    if session.said.query is not None:
        raise UsageError("`--query` does not go with `--follow`", hint="leave one of them out, or pipe `-o jsonl`")
    again = shlex.join(["hpctl", *sys.argv[1:]])
    hint = f"to go on following: {again}"
    try:
        steps = in_zone(follow_events(name, session.ports, selection, resume=again), zone)
        stream(steps, session.said.output, session.terminal)
    except Terminated as end:
        raise TerminatedWaitError("stopped following", hint=hint) from end
    except KeyboardInterrupt as end:
        raise InterruptedWaitError("stopped following", hint=hint) from end
