"""`hpctl skill`: tell a coding agent how to work with hpctl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hpctl.cli import wiring
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.cli.tree import first_line, leaves
from hpctl.render.output import Output

if TYPE_CHECKING:
    from typer._click import Command

    from hpctl.services.skill import CommandLine

app = typer.Typer(help="Tell a coding agent how to work with hpctl.", no_args_is_help=True, rich_markup_mode=None)

ONLY_LOOK: Final = frozenset(
    {
        "hpctl check-model",
        "hpctl cluster check",
        "hpctl cluster describe",
        "hpctl cluster events",
        "hpctl cluster export",
        "hpctl cluster list",
        "hpctl cluster plan",
        "hpctl cluster schema",
        "hpctl dev list",
        "hpctl doctor",
        "hpctl explain",
        "hpctl gpus",
        "hpctl help",
        "hpctl iam policy",
        "hpctl instances describe",
        "hpctl instances list",
        "hpctl job describe",
        "hpctl job list",
        "hpctl job logs",
        "hpctl job schema",
        "hpctl job wait",
        "hpctl lifecycle lint",
        "hpctl node describe",
        "hpctl node list",
        "hpctl node logs",
        "hpctl queue describe",
        "hpctl queue list",
        "hpctl quota show",
        "hpctl sandbox env",
        "hpctl sandbox list",
        "hpctl sandbox status",
        "hpctl sky check",
        "hpctl slurm status",
    }
)
"""Commands that an agent may use unasked (`doctor` without `--fix`); whatever is not named here changes something."""


@app.callback()
def skill() -> None:
    """Tell a coding agent how to work with hpctl."""


@app.command()
def install(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the agent looks for the skill.", show_default=True)
    ] = Path("~/.claude/skills/hyperpod"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that hpctl has not written.")] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Write SKILL.md for coding agents.

    It has workflows, commands, checks and known failures. Unasked it lets an agent only look; each change needs a plan
    and a person's consent. A SKILL.md of an older hpctl is replaced, one that somebody has changed is not.
    """
    from hpctl.services.skill import install as service

    place = folder.expanduser()
    report = service(wiring.skill_folder(place), place, command_lines(), force=force)
    wiring.session(invocation(ctx)).show(report)


def command_lines() -> Iterator[CommandLine]:
    """Yield every command as the skill lists it."""
    from hpctl.services.skill import CommandLine

    for words, command in leaves():
        line = " ".join(words)
        yield CommandLine(line, first_line(command), None if line in ONLY_LOOK else _shown_by(command))


def _shown_by(command: Command) -> str:
    options = {one.name for one in command.params}
    if "dry_run" in options:
        return "what `--dry-run` prints"
    if "yes" in options:
        return "the command itself, and what it would end"
    return "the command itself"
