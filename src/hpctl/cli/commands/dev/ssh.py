"""`hpctl dev ssh` and `hpctl dev proxy`: OpenSSH to a development pod."""

from __future__ import annotations

from pathlib import Path

import typer

from hpctl.cli import wiring, wiring_dev
from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.commands.node.words import WithCommand, command_of
from hpctl.cli.options import ClusterOption, ProfileOption, RegionOption, VerboseOption


@app.command(cls=WithCommand, epilog="-- COMMAND... is given to ssh; without it, a shell.")
def ssh(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Enter a development pod with the ssh of this machine.

    The exit code is that of ssh. With one line in ~/.ssh/config, which hpctl dev up tells, ssh NAME, scp, rsync
    and editors find it as well.
    """
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.ssh import alias_of, open_door, write_entry

    session, at = place(ctx, cluster, namespace)
    pod, files = inside(name, at, session.ports), wiring_dev.ssh_files()
    write_entry(pod, open_door(pod, files), wiring.program_for_ssh(session), files)
    alias = alias_of(name, at)
    argv = ("ssh", "-F", files.config(alias), alias, *(("--", *command_of(ctx)) if command_of(ctx) else ()))
    raise typer.Exit(wiring.run_program(argv, Path.cwd()))


@app.command()
def proxy(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Connect a development pod's sshd, as ssh's ProxyCommand.

    Its bytes are standard input and output.
    """
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.ssh import tunnel
    from hpctl.services.node_tunnel import join

    session, at = place(ctx, cluster, namespace)
    with tunnel(inside(name, at, session.ports), wiring_dev.ssh_files()) as far:
        join(wiring.standard_streams(), far)
