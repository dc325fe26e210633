"""`hpctl help`: a command's help, and topics that no command has for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.errors import UsageError
from hpctl.render.terminal import Terminal, write

if TYPE_CHECKING:
    from typer._click import Command

    from hpctl.render.page import Piece


def help(  # noqa: A001  the command's own name
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC | COMMAND...]", help="For example exit-codes, or job submit.")
    ] = None,
) -> None:
    """Tell about a topic, or what --help tells."""
    from hpctl.cli.topics import TOPICS

    asked = words or []
    if not asked:
        _tell(_all_topics())
    elif asked[0] in TOPICS and len(asked) == 1:
        _tell(_topic(asked[0]))
    else:
        _command(asked)


def _all_topics() -> Iterator[Piece]:
    from hpctl.cli.topics import TOPICS
    from hpctl.render.page import Blank, Column, Prose, Table

    yield Prose("Topics, for `hpctl help TOPIC`:")
    yield Blank()
    yield Table((Column("TOPIC"), Column("ABOUT", least=20)), [(name, one.title) for name, one in TOPICS.items()])
    yield Blank()
    yield Prose("Of a command: `hpctl help COMMAND`, or COMMAND --help. All commands: hpctl --help")


def _topic(name: str) -> Iterator[Piece]:
    from hpctl.cli.topics import TOPICS
    from hpctl.render.page import Blank, Column, Prose, Table

    topic = TOPICS[name]
    for text in topic.about:
        yield Prose(text)
        yield Blank()
    yield Table((Column("NAME", least=20), Column("MEANING", least=20)), topic.rows())


def _tell(pieces: Iterator[Piece]) -> None:
    from hpctl.render.layout import lines
    from hpctl.render.screen import Screen

    terminal = Terminal.current()
    width = terminal.width if terminal.stdout.isatty() else None
    screen = Screen(width, colour=terminal.colour, every_column=False)
    write(terminal.stdout, "".join(f"{row}\n" for row in lines(pieces, screen)))


def _command(words: list[str]) -> None:
    from hpctl.cli.app import command_tree

    context = typer.Context(typer.main.get_command(command_tree()), info_name="hpctl")
    for place, word in enumerate(words):
        children: dict[str, Command] = getattr(context.command, "commands", {})
        if word not in children:
            raise _unknown(words, place, children)
        context = typer.Context(children[word], info_name=word, parent=context)
    write(Terminal.current().stdout, f"{context.get_help()}\n")


def _unknown(words: list[str], place: int, children: dict[str, Command]) -> UsageError:
    from hpctl.catalog.nearest import nearest
    from hpctl.cli.topics import TOPICS

    before, known = words[:place], [*children, *(() if place else TOPICS)]
    near = nearest(words[place], known)
    listed = "hpctl help lists the topics, hpctl --help the commands"
    hint = f"hpctl help {' '.join([*before, near[0]])}" if near else listed
    return UsageError(f"there is no topic or command `{' '.join(words)}`", hint=hint)
