"""`hpctl dev exec`: a shell, or a command, in a development pod."""

from __future__ import annotations

import sys

import typer

from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.commands.node.words import WithCommand, command_of
from hpctl.cli.options import ClusterOption, ProfileOption, RegionOption, VerboseOption
from hpctl.errors import UnconfirmedError


@app.command("exec", cls=WithCommand, epilog="-- COMMAND... is what to run; without it, a shell.")
def execute(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a command in a development pod, or open a shell.

    Its exit code is this command's. It begins in the working directory, and has a terminal where this has one.
    """
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.shell import in_folder
    from hpctl.services.job.execute import Streams

    session, at = place(ctx, cluster, namespace)
    command, out = command_of(ctx), session.terminal
    tty = out.stdin.isatty() and out.stdout.isatty()
    if not (command or tty):
        raise UnconfirmedError(
            "a shell needs a terminal, and standard input or output is none",
            hint=f"hpctl dev exec {name} {at.flags} -- COMMAND",
        )
    pod = inside(name, at, session.ports)
    streams = Streams(sys.stdin.buffer, out.stdout.buffer, out.stderr.buffer, tty=tty)
    raise typer.Exit(pod.execute(in_folder(command), streams))
