"""The command tree, walked: every command with what is typed to get to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typer._click import Command


def leaves() -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield every command with its words, in the order of `--help`."""
    from hpctl.cli.app import command_tree

    yield from _below(typer.main.get_command(command_tree()), ("hpctl",))


def first_line(command: Command) -> str:
    """Return the first line of a command's help."""
    return (command.help or "").strip().partition("\n")[0]


def _below(command: Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Command]]:
    children: dict[str, Command] | None = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from _below(child, (*words, name))
