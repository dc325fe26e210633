"""What is wrong with a command line itself, told in the form that the line asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Final, cast

import typer
from typer.core import TyperGroup

from hpctl.cli.invocation import Invocation
from hpctl.errors import UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from typer._click import Context

_FLAGS: Final = ("-o", "--output")
_OBJECTS: Final = {"json": Output.JSON, "jsonl": Output.JSONL}
_WRONG: Final = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])
"""Typer's error of usage: of its parts only the parameter's has a public name."""


class Grammar(TyperGroup):
    """The whole command line. Typer tells its errors as text; where an object was asked for they are hpctl's own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: object
    ) -> Context:
        """Read what stands before the first noun."""
        with _as_asked(extra.get("obj")):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Context) -> object:
        """Read the rest, and run it."""
        with _as_asked(ctx.obj):
            return super().invoke(ctx)


def asked_form(words: Sequence[str]) -> Output | None:
    """Return the kind of object that a command line asks for, whatever else is wrong with it; else None."""
    own = list(takewhile(lambda word: word != "--", words))
    said = [value for flag, value in pairwise(own) if flag in _FLAGS]
    said += [word.partition("=")[2] for word in own if word.startswith("--output=")]
    said += [word.removeprefix("-o") for word in own if word.startswith("-o")]
    return next((_OBJECTS[value] for value in said if value in _OBJECTS), None)


@contextmanager
def _as_asked(said: object) -> Iterator[None]:
    try:
        yield
    except _WRONG as wrong:
        form = asked_form(sys.argv[1:])
        if form is None or not isinstance(said, Invocation):
            raise
        said.output = form
        place = wrong.ctx.command_path if wrong.ctx else "hpctl"
        raise UsageError(wrong.format_message(), hint=f"{place} --help") from wrong
