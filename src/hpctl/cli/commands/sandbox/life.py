"""`hpctl sandbox up`, `status`, `list`, `env`, `run` and `down`: an account's life on this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.sandbox.group import NameOption, app, faults_of
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.report.sandbox import SandboxReport
    from hpctl.sandbox.control import SandboxStatus


@app.command()
def up(
    ctx: typer.Context,
    name: NameOption = "default",
    region: Annotated[
        str | None, typer.Option("--region", metavar="NAME", help="The AWS Region that it plays (else us-west-2).")
    ] = None,
    pace: Annotated[
        float | None, typer.Option("--pace", metavar="SECONDS", help="How long a cluster takes to be created (else 6).")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1 (else any that is free).")
    ] = None,
) -> None:
    """Start a sandbox in the background, or say that it is up."""
    from hpctl.render.notices import say
    from hpctl.sandbox import control
    from hpctl.sandbox.slurm.installed import lacking

    before = control.status(name)
    found = control.up(name, region, pace, port)
    was = "is up already" if before.running else "is up"
    option = "" if name == control.DEFAULT_NAME else f" --name {name}"
    lacks = f"\n\nits Slurm clusters: {words}" if (words := lacking()) else ""
    say(
        f"sandbox {name} {was}: {_endpoint(found)}\n\n"
        f'to use it in this shell:   eval "$(hpctl sandbox env{option})"\n'
        f"to use it for one command: hpctl sandbox run{option} -- hpctl cluster list\n"
        f"to stop it:                hpctl sandbox down{option}{lacks}",
        wiring.session(invocation(ctx)).terminal,
    )


@app.command()
def status(
    ctx: typer.Context, name: NameOption = "default", output: OutputOption = Output.TABLE, query: QueryOption = None
) -> None:
    """Tell whether a sandbox is up, where, with what faults."""
    from hpctl.sandbox import control
    from hpctl.sandbox.inject import faults

    found = control.status(name)
    _show(wiring.session(invocation(ctx)), _report(found, faults(name) if found.running else ()))


@app.command("list")
def list_sandboxes(ctx: typer.Context, output: OutputOption = Output.TABLE, query: QueryOption = None) -> None:
    """List the sandboxes that are up or keep something."""
    from hpctl.report.sandbox import SandboxList, SandboxRow
    from hpctl.sandbox import control

    rows = (_report(found, ()).model_dump(include=set(SandboxRow.model_fields)) for found in control.every())
    wiring.session(invocation(ctx)).show(SandboxList(sandboxes=tuple(map(SandboxRow.model_validate, rows))))


@app.command()
def env(ctx: typer.Context, name: NameOption = "default") -> None:
    """Print what aims this shell at a sandbox.

    As in: eval "$(hpctl sandbox env)"
    """
    from hpctl.render.terminal import write
    from hpctl.sandbox import control
    from hpctl.sandbox.environment import environment, shell_lines

    rows = shell_lines(environment(control.running(name)))
    write(wiring.session(invocation(ctx)).terminal.stdout, "".join(f"{row}\n" for row in rows))


@app.command(context_settings={"allow_interspersed_args": False})
def run(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="What to run; write -- before it.")],
    name: NameOption = "default",
) -> None:
    """Run a command aimed at a sandbox.

    Its exit code and its signals are its own.
    """
    from hpctl.errors import UsageError
    from hpctl.sandbox import control
    from hpctl.sandbox.environment import applied, environment

    variables = applied(environment(control.running(name)), os.environ)
    # Python ignores SIGPIPE, and what is ignored stays so in the command that takes this process over.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, variables)  # noqa: S606 - the user's own command, and no shell
    except OSError as error:
        message = f"`{command[0]}` cannot be run: {error.strerror}"
        raise UsageError(
            message, hint="write the command after --, as in: hpctl sandbox run -- aws --version"
        ) from error


@app.command()
def down(
    ctx: typer.Context,
    name: NameOption = "default",
    every: Annotated[bool, typer.Option("--all", help="Stop all sandboxes.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Forget all that it kept, too.")] = False,
) -> None:
    """Stop a sandbox, or delete it.

    What it kept is there again at the next `up`, unless it is deleted.
    """
    from hpctl.render.notices import say
    from hpctl.sandbox import control

    _refuse_name_and_all(ctx, every=every)
    terminal = wiring.session(invocation(ctx)).terminal
    names = [found.name for found in control.every()] if every else [name]
    if not names:
        say("there is no sandbox", terminal)
    for each in names:
        was = "is stopped" if control.down(each, delete=delete).pid else "was not running"
        kept = ", and all that it kept is deleted" if delete else ""
        say(f"sandbox {each} {was}{kept}", terminal)


def _refuse_name_and_all(ctx: typer.Context, *, every: bool) -> None:
    from hpctl.errors import UsageError

    source = ctx.get_parameter_source("name")
    if every and source is not None and source.name == "COMMANDLINE":
        raise UsageError("`--all` and `--name` do not go together", hint="leave one of them out")


def _show(session: wiring.Session, report: SandboxReport) -> None:
    from hpctl.render.layout import lines
    from hpctl.render.sandboxes import sandbox
    from hpctl.render.screen import Screen
    from hpctl.render.terminal import write

    if session.said.query is not None or session.said.output not in (Output.TABLE, Output.WIDE):
        session.show(report)
        return
    rows = lines(sandbox(report), Screen(None, colour=session.terminal.colour))
    write(session.terminal.stdout, "".join(f"{row}\n" for row in rows))


def _endpoint(found: SandboxStatus) -> str | None:
    return found.state.endpoint if found.state and found.running else None


def _report(found: SandboxStatus, faults: Iterable[Mapping[str, Any]]) -> SandboxReport:
    from datetime import datetime

    from hpctl.report.sandbox import SandboxReport
    from hpctl.sandbox.slurm.installed import lacking

    state = found.state
    return SandboxReport(
        name=found.name,
        status="running" if found.running else "stopped" if state else "absent",
        endpoint=_endpoint(found),
        pid=found.pid,
        region=state.region if state else None,
        account=state.account if state else None,
        pace_s=state.pace if state else None,
        started_at=datetime.fromisoformat(state.started_at) if state else None,
        home=state.home if state else None,
        slurm_lacks=lacking(),
        faults=faults_of(faults),
    )
