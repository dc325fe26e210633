"""The page of commands, from the command tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

from hpctl.cli.app import command_tree
from tools.pages.markdown import anchor, code, fence, page, prose, sections, table

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter

INTRODUCTION = """\
`hpctl COMMAND --help` tells the same in the terminal. Data goes to stdout; questions, progress, notes and errors go
to stderr. When stdin, stdout or stderr is no terminal, nothing asks: the command ends with
[exit code](exit-codes.md) 8 and names the option that is missing."""

_WORDS = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER"}
USUAL = "hpctl cluster list"
"""A command that has every shared option."""

SHARED = ("output", "query", "profile", "region", "verbose", "help")
SHARED_TEXT = """\
Commands that answer with a [report](reports.md) take these, and `--profile`, `--region` and `--verbose` may
also stand before the command's name. They are not repeated below."""


def commands() -> str:
    """Return the page."""
    found = tuple(_leaves())
    shared = tuple(_options(next(one for one in found if one.command_path == USUAL), ()))
    own = {one.command_path: tuple(_options(one, shared)) for one in found}
    many = ("Options of many commands", iter((SHARED_TEXT, table(("option", "meaning"), shared))))
    details = sections([many, *((one.command_path, _details(one, own[one.command_path])) for one in found)])
    return page(
        "Commands", "the command tree", INTRODUCTION, table(("command", "what it does"), map(_line, found)), details
    )


def paths() -> frozenset[str]:
    """Return every command as it is typed, without `hpctl`."""
    return frozenset(one.command_path.removeprefix("hpctl ") for one in _leaves())


def _leaves() -> Iterator[Context]:
    yield from leaves_below(context_of(typer.main.get_command(command_tree()), "hpctl", None))


def leaves_below(context: Context) -> Iterator[Context]:
    """Yield every command below a noun, or the command itself."""
    children: dict[str, Command] | None = getattr(context.command, "commands", None)
    if children is None:
        yield context
        return
    for name, child in children.items():
        yield from leaves_below(context_of(child, name, context))


def context_of(command: Command, name: str, parent: Context | None) -> Context:
    """Return the context in which a command knows what is typed to get to it."""
    return command.context_class(command, info_name=name, parent=parent, **command.context_settings)


def _line(context: Context) -> tuple[str, str]:
    first = prose(context.command.help).partition("\n")[0]
    return f"[{code(context.command_path)}](#{anchor(context.command_path)})", first


def _details(context: Context, own: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield prose(context.command.help)
    yield fence(" ".join((context.command_path, *usage_of(context))))
    if own:
        yield table(("option", "meaning"), own)


def usage_of(context: Context) -> Iterator[str]:
    """Yield what follows the command's name: required options, `[OPTIONS]`, arguments."""
    for one in parameters_of(context):
        if one.param_type_name == "option" and one.required:
            yield _option(one, context)[0].strip("`").rpartition(", ")[2]
    yield "[OPTIONS]"
    for one in parameters_of(context):
        if one.param_type_name == "argument":
            yield _option(one, context)[0].strip("`")


def _options(context: Context, told: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Yield the rows of a command's parameters that are not `told` already: its own, and all where none is."""
    for one in parameters_of(context):
        row = _option(one, context)
        if row not in told and (told or one.name in SHARED):
            yield row


def _option(one: Parameter, context: Context) -> tuple[str, str]:
    left, right = option_of(one, context)
    return code(left), right


def option_of(one: Parameter, context: Context) -> tuple[str, str]:
    """Return how a parameter is written, and what it means; both empty for one that is hidden."""
    left, right = one.get_help_record(context) or ("", "")
    return re.sub(r" <([a-z]+)[^|>]*>$", _placeholder(one), left), right.replace("  [", " [")


def _placeholder(one: Parameter) -> Callable[[re.Match[str]], str]:
    """An argument's name says enough; Typer's `<str>` of an option is made a word like the others."""
    return lambda found: "" if one.param_type_name == "argument" else f" {_WORDS[found[1]]}"


def parameters_of(context: Context) -> list[Parameter]:
    """Return the parameters of a command, `--help` too."""
    return context.command.get_params(context)
