"""`hpctl node exec`: run a command on nodes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import AllOption, GroupOption, app
from hpctl.cli.commands.node.words import WithCommand, command_of
from hpctl.cli.durations import seconds
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    invocation,
)
from hpctl.errors import UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.render.terminal import Terminal
    from hpctl.services.node_execute import StreamsOf


@app.command("exec", cls=WithCommand)
def execute(
    ctx: typer.Context,
    node: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NODE]... -- COMMAND...", help="Nodes by any of their names, and what to run there."),
    ] = None,
    group: GroupOption = None,
    everywhere: AllOption = False,
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on, to one node.")] = False,
    prefix: Annotated[
        bool, typer.Option("--prefix/--no-prefix", help="The node before each line, where there are several.")
    ] = True,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", parser=seconds, metavar="DURATION", help="End the command after so long (90s, 45m)."),
    ] = None,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=256, metavar="N", help="Run on so many nodes at the same time.")
    ] = 16,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a command on nodes as root, all at the same time.

    No shell reads the words of the command: for one, `-- bash -c 'LINE'`. The exit code is the highest of all nodes;
    when every command succeeded but a node gave no answer, it says why. Ctrl-C ends the command on every node.
    """
    from hpctl.services.node_execute import Command, execute_on
    from hpctl.services.node_names import chosen_nodes

    session, words = wiring.session(invocation(ctx)), command_of(ctx)
    if not words:
        raise UsageError("there is no command to run", hint="write it behind `--`: hpctl node exec NODE... -- COMMAND")
    chosen = chosen_nodes(session.cluster(cluster), node or (), group, everywhere, session.ports.clusters)
    if stdin and len(chosen.nodes) > 1:
        raise UsageError("`--stdin` goes to one node alone", hint="name one, or leave `--stdin` out")
    kept = output not in (Output.TABLE, Output.WIDE) or session.said.query is not None
    streams = _kept(stdin) if kept else _printed(session.terminal, len(chosen.nodes), prefix, stdin)
    command = Command(words, timeout, at_once)
    report = execute_on(chosen, command, streams, session.ports.sessions, session.ports.clock)
    if kept:
        session.show(report)
    elif len(report.runs) > 1 or report.runs[0].error:
        session.show_beside(report)
    raise typer.Exit(report.exit_code)


def _kept(stdin: bool) -> StreamsOf:  # noqa: FBT001  a flag of the command line
    """Keep what nodes write for the report."""
    from hpctl.services.node_execute import Streams
    from hpctl.services.node_kept import Kept

    return lambda _node: Streams(sys.stdin.buffer if stdin else None, Kept(), Kept())


def _printed(terminal: Terminal, nodes: int, prefix: bool, stdin: bool) -> StreamsOf:  # noqa: FBT001  flags as well
    """Show what nodes write as it comes."""
    from hpctl.render.node_lines import NodePrinter, OnlyNodePrinter
    from hpctl.services.node_execute import Streams

    printer = NodePrinter(terminal, prefixed=prefix) if nodes > 1 else OnlyNodePrinter(terminal)
    return lambda node: Streams(sys.stdin.buffer if stdin else None, printer.stdout(node), printer.stderr(node))
