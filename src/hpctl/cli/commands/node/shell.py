"""`hpctl node shell`: a terminal on a node."""

from __future__ import annotations

import shlex

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import NodeArgument, app
from hpctl.cli.options import ClusterOption, ProfileOption, RegionOption, VerboseOption, invocation
from hpctl.errors import UnconfirmedError


@app.command()
def shell(
    ctx: typer.Context,
    node: NodeArgument,
    cluster: ClusterOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Open a shell on a node, as root.

    Its exit code is this command's. Ctrl-C goes to the node, and what runs there follows changes of the window's size.
    """
    from hpctl.services.node_names import one_node, target

    session = wiring.session(invocation(ctx))
    if not (session.terminal.stdin.isatty() and session.terminal.stdout.isatty()):
        raise UnconfirmedError(
            "a shell needs a terminal, and standard input or output is none",
            hint=f"hpctl node exec {shlex.quote(node)} -- COMMAND",
        )
    found, one = one_node(session.cluster(cluster), node, session.ports.clusters)
    raise typer.Exit(session.ports.sessions.interact(target(found, one)))
