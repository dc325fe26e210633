"""What views are made of: a few kinds of pieces, without a width, a colour or a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

WIDE: Final = 99
"""The `drop` of a column that only `-o wide` shows."""


class Style(StrEnum):
    """Emphasis, as SGR parameters (ECMA-48, and xterm's 256 colours); it only ever repeats what the words say."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GOOD = "32"
    WARN = "38;5;130"  # orange, as dark as it is light: the yellow of many terminals is not seen on white
    BAD = "1;31"


@dataclass(frozen=True)
class Styled:
    """A table cell with emphasis."""

    text: str
    style: Style


Cell = str | Styled


def styled(cell: Cell) -> Styled:
    """Return the cell with its emphasis, none for a bare string."""
    return cell if isinstance(cell, Styled) else Styled(cell, Style.PLAIN)


@dataclass(frozen=True)
class Column:
    """A table column.

    `drop` 0 stays on every screen; of the others the highest goes first where the screen is narrow.
    `least` is the width down to which its cells may be wrapped; without it they never are. With `cut` they are cut
    there instead: for what is only to be recognised, and told whole by another command or form.
    """

    title: str
    drop: int = 0
    least: int | None = None
    align: Literal["<", ">"] = "<"
    cut: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a header, or without one."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    indent: int = 0
    header: bool = True


@dataclass(frozen=True)
class Fields:
    """Labels and values of one thing, aligned."""

    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Prose:
    """A sentence, wrapped to the screen; `lead` is the emphasised word before it, and further lines hang under it."""

    text: str
    lead: str = ""
    style: Style = Style.PLAIN
    indent: int = 0


@dataclass(frozen=True)
class Verbatim:
    """Lines that can be pasted: never wrapped."""

    text: str
    lead: str = ""
    style: Style = Style.PLAIN
    indent: int = 0


@dataclass(frozen=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True)
class Aside:
    """A remark that is no part of the answer: goes to stderr."""

    text: str


Piece = Table | Fields | Prose | Verbatim | Blank | Aside
