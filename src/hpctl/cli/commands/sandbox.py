"""`hpctl sandbox`: an AWS account on this machine, with HyperPod clusters that live, for any AWS client."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hpctl.sandbox.control import SandboxStatus

app = typer.Typer(
    name="sandbox",
    help="An AWS account on this machine, for any AWS client: start, look, use, stop.",
    no_args_is_help=True,
)


class StatusFormat(StrEnum):
    """How `status` answers."""

    TABLE = "table"
    JSON = "json"


Name = Annotated[str, typer.Option("--name", help="Which sandbox; several can run side by side.")]
Output = Annotated[StatusFormat, typer.Option("--output", "-o", help="The form of the answer.")]


@app.command()
def up(
    name: Name = "default",
    region: Annotated[str | None, typer.Option(help="The AWS Region that it plays. [default: us-west-2]")] = None,
    pace: Annotated[float | None, typer.Option(help="Seconds of a whole cluster creation. [default: 6]")] = None,
    port: Annotated[int | None, typer.Option(help="The port on 127.0.0.1. [default: any free one]")] = None,
) -> None:
    """Start a sandbox in the background, or say that it is up."""
    from hpctl.sandbox import control

    before = control.status(name)
    found = control.up(name, region, pace, port)
    was = "is up already" if before.running else "is up"
    typer.echo(f"Sandbox {name} {was} at {_endpoint(found)} (process {found.pid}).\n", err=True)
    option = "" if name == "default" else f" --name {name}"
    typer.echo("Use it in this shell, for one command, and stop it:", err=True)
    typer.echo(f'  eval "$(hpctl sandbox env{option})"', err=True)
    typer.echo(f"  hpctl sandbox run{option} -- aws sagemaker list-clusters", err=True)
    typer.echo(f"  hpctl sandbox down{option}", err=True)


@app.command()
def status(name: Name = "default", output: Output = StatusFormat.TABLE) -> None:
    """Say whether a sandbox runs, and where."""
    from hpctl.sandbox import control

    row = _row(control.status(name))
    if output is StatusFormat.JSON:
        typer.echo(json.dumps({"schema_version": 1, **row}, indent=2))
        return
    width = max(map(len, row))
    for key, value in row.items():
        typer.echo(f"{key.upper().replace('_', ' '):<{width}}  {'-' if value is None else value}")


@app.command()
def env(name: Name = "default") -> None:
    """Print what aims this shell at a sandbox, for `eval`."""
    from hpctl.sandbox import control
    from hpctl.sandbox.environment import environment, shell_lines

    for line in shell_lines(environment(control.running(name))):
        typer.echo(line)


@app.command(context_settings={"allow_interspersed_args": False})
def run(
    command: Annotated[list[str], typer.Argument(metavar="-- CMD…", help="What to run.")], name: Name = "default"
) -> None:
    """Run a command in a sandbox's environment: its exit code and its signals are its own."""
    from hpctl.errors import UsageError
    from hpctl.sandbox import control
    from hpctl.sandbox.environment import applied, environment

    variables = applied(environment(control.running(name)), os.environ)
    try:
        os.execvpe(command[0], command, variables)  # noqa: S606 - running the user's command is the purpose
    except FileNotFoundError as error:
        message = f"there is no command `{command[0]}`"
        raise UsageError(message, hint="look for it in PATH") from error


@app.command()
def down(
    name: Name = "default",
    delete: Annotated[bool, typer.Option("--delete", help="Forget all that it kept, too.")] = False,
) -> None:
    """Stop a sandbox; what it kept is there again at the next `up`, unless it is deleted."""
    from hpctl.sandbox import control

    before = control.down(name, delete=delete)
    was = "was not running" if before.pid is None else "is stopped"
    typer.echo(f"Sandbox {name} {was}{', and all that it kept is deleted' if delete else ''}.", err=True)


def _endpoint(found: SandboxStatus) -> str:
    return found.state.endpoint if found.state else ""


def _row(found: SandboxStatus) -> dict[str, object]:
    about = asdict(found.state) if found.state else {}
    words = {True: "running", False: "stopped" if about else "absent"}
    kept = {key: about.get(key) for key in ("region", "account", "pace", "started_at", "home")}
    endpoint = _endpoint(found) if found.running else None
    return {"name": found.name, "status": words[found.running], "endpoint": endpoint, "pid": found.pid, **kept}
