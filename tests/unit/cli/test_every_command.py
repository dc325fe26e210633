"""What every command has in common, looked up in the command tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import typer

from hpctl.cli.app import command_tree
from hpctl.render.output import CheckOutput, Output

if TYPE_CHECKING:
    from typer._click import Command

NO_REPORT = {
    "cluster export": "writes a spec file",
    "cluster schema": "is JSON always",
    "dev exec": "passes on what a program prints",
    "dev proxy": "passes on bytes",
    "dev ssh": "is a terminal",
    "eks-token": "speaks the form that kubectl reads",
    "help": "is for people, as `--help` is",
    "iam policy": "is JSON always",
    "job exec": "passes on what a program prints",
    "job schema": "is JSON always",
    "node proxy": "passes on bytes",
    "node shell": "is a terminal",
    "quickstart": "is told to people",
    "sandbox down": "has nothing to answer",
    "sandbox env": "is evaluated by a shell",
    "sandbox run": "passes on what a program prints",
    "sandbox up": "has nothing to answer",
}
"""Commands that answer with something else than a report, and what."""


def commands() -> dict[str, Command]:
    """Return every command by what is typed after `hpctl`."""
    return dict(_below(typer.main.get_command(command_tree()), ()))


def _below(command: Command, words: tuple[str, ...]) -> Iterator[tuple[str, Command]]:
    children: dict[str, Command] | None = getattr(command, "commands", None)
    if children is None:
        yield " ".join(words), command
        return
    for name, child in children.items():
        yield from _below(child, (*words, name))


COMMANDS = commands()
STREAMS = {"job logs", "job wait", "node logs"}
"""What tells line by line as it comes, so that there is no whole to select from."""


@pytest.mark.scorecard(1, 2, 3)
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NO_REPORT.keys()))
def test_a_command_that_answers_with_a_report_offers_every_form_of_it(name: str) -> None:
    options: dict[str, Any] = {str(one.name): one for one in COMMANDS[name].params}
    assert options["output"].type_descriptor.annotation in (Output, CheckOutput)
    assert {one.value for one in CheckOutput} >= {one.value for one in Output}
    assert ("query" in options) is (name not in STREAMS)


def test_what_answers_otherwise_exists_and_offers_no_form() -> None:
    assert {name for name in NO_REPORT if "output" in {one.name for one in COMMANDS[name].params}} == set()


ROW = 78
"""Columns of a terminal of 80 that help is written in; a list of commands has six of them for itself."""


def test_what_a_command_does_is_told_whole_in_the_list_of_its_group() -> None:
    groups: dict[str, list[tuple[str, Command]]] = {}
    for name, command in COMMANDS.items():
        group, _, own = name.rpartition(" ")
        groups.setdefault(group, []).append((own, command))
    longest = {group: max(len(own) for own, _ in there) for group, there in groups.items()}
    cut = [
        f"{group} {own}".strip()
        for group, there in groups.items()
        for own, command in there
        if command.get_short_help_str(ROW - 6 - longest[group]).endswith("...")
    ]
    assert cut == []
