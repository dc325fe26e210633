"""Pieces become lines: the one place where widths, wrapping, colour and safe text are decided."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Fields, Piece, Prose, Style, Styled, Table, Verbatim
from hpctl.render.safe import one_line, safe_text

_GAP: Final = "  "
_QUOTED: Final = re.compile("`[^`]*`")
_TIE: Final = "\0"  # cannot occur in safe text


@dataclass(frozen=True)
class Screen:
    """Where the lines go; `width` None is a pipe, where nothing is wrapped and no column is dropped."""

    width: int | None
    colour: bool
    every_column: bool = False

    def room(self, taken: int) -> int | None:
        """Return the columns left beside `taken` ones, None without a limit."""
        return None if self.width is None else max(self.width - taken, 1)

    def paint(self, text: str, style: Style) -> str:
        """Return `text` with emphasis, if the screen takes it."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style and text else text


def lines(pieces: Iterable[Piece], screen: Screen) -> Iterator[str]:
    """Yield the lines of all pieces, safe for a terminal, without line ends."""
    for piece in pieces:
        match piece:
            case Table():
                yield from _table(piece, screen)
            case Fields():
                yield from _fields(piece, screen)
            case Prose():
                yield from _hanging(piece, screen, _wrapped(piece.text, screen.room(_taken(piece))))
            case Verbatim():
                yield from _hanging(piece, screen, safe_text(piece.text).splitlines() or [""])
            case Blank():
                yield ""
            case Aside():
                yield safe_text(piece.text)


def cell_width(text: str) -> int:
    """Return the columns that `text` takes on a screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _taken(piece: Prose | Verbatim) -> int:
    return piece.indent + (cell_width(_lead(piece)) + 1 if piece.lead else 0)


def _lead(piece: Prose | Verbatim) -> str:
    """Return the lead safe and in one line, with the spaces that align it."""
    return safe_text(re.sub(r"[\n\t]", " ", piece.lead))


def _hanging(piece: Prose | Verbatim, screen: Screen, body: Sequence[str]) -> Iterator[str]:
    lead = _lead(piece)
    for number, text in enumerate(body):
        if piece.lead:
            head = f"{screen.paint(lead, piece.style)} " if number == 0 else " " * (_taken(piece) - piece.indent)
            yield f"{' ' * piece.indent}{head}{text}".rstrip()
        else:
            yield " " * piece.indent + screen.paint(text, piece.style)


def _wrapped(text: str, width: int | None) -> list[str]:
    """Return safe lines; what stands in backticks is never broken, and no id, ARN or other word is."""
    folded = [one_line(line) for line in text.splitlines()] or [""]
    if width is None:
        return folded
    kept = (_QUOTED.sub(lambda quoted: quoted[0].replace(" ", _TIE), line) for line in folded)
    parts = (textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""] for line in kept)
    return [line.replace(_TIE, " ") for part in parts for line in part]


def _fields(fields: Fields, screen: Screen) -> Iterator[str]:
    label_width = max(len(label) for label, _ in fields.rows) + 1
    for label, value in fields.rows:
        cell = _styled(value)
        head = f"{label}:".ljust(label_width) + _GAP
        for text in _wrapped(cell.text, screen.room(len(head))):
            yield (head + screen.paint(text, cell.style)).rstrip()
            head = " " * len(head)


def _table(table: Table, screen: Screen) -> Iterator[str]:
    rows = [[Styled(one_line(cell.text), cell.style) for cell in map(_styled, row)] for row in table.rows]
    widths = [
        max([len(column.title), *(cell_width(row[index].text) for row in rows)])
        for index, column in enumerate(table.columns)
    ]
    room = screen.room(table.indent)
    chosen = _chosen(table.columns, widths, room, screen)
    widths = _shrunk(table.columns, widths, chosen, room)
    header = [Styled(column.title, Style.BOLD) for column in table.columns]
    for row in (header, *rows):
        for line in _row([row[index] for index in chosen], [widths[index] for index in chosen], table, chosen, screen):
            yield " " * table.indent + line


def _chosen(columns: Sequence[Column], widths: Sequence[int], room: int | None, screen: Screen) -> list[int]:
    if screen.every_column:
        return list(range(len(columns)))
    chosen = [index for index, column in enumerate(columns) if column.drop < WIDE]
    while room is not None and _total(min(widths[i], columns[i].least or widths[i]) for i in chosen) > room:
        victim = max(chosen, key=lambda index: columns[index].drop)
        if columns[victim].drop == 0:
            break
        chosen.remove(victim)
    return chosen


def _shrunk(columns: Sequence[Column], widths: Sequence[int], chosen: Sequence[int], room: int | None) -> list[int]:
    narrow = list(widths)
    for index in chosen:
        least = columns[index].least
        if room is not None and least is not None:
            excess = _total(narrow[i] for i in chosen) - room
            narrow[index] = max(min(narrow[index], least), narrow[index] - max(excess, 0))
    return narrow


def _total(widths: Iterable[int]) -> int:
    each = list(widths)
    return sum(each) + len(_GAP) * (len(each) - 1)


def _row(
    cells: Sequence[Styled], widths: Sequence[int], table: Table, chosen: Sequence[int], screen: Screen
) -> Iterator[str]:
    stacks = [_wrapped(cell.text, width) for cell, width in zip(cells, widths, strict=True)]
    for texts in zip_longest(*stacks, fillvalue=""):
        padded = (
            _padded(text, width, table.columns[index].align, cell.style, screen)
            for text, width, index, cell in zip(texts, widths, chosen, cells, strict=True)
        )
        yield _GAP.join(padded).rstrip()


def _padded(text: str, width: int, align: str, style: Style, screen: Screen) -> str:
    space = " " * (width - cell_width(text))
    painted = screen.paint(text, style)
    return space + painted if align == ">" else painted + space


def _styled(cell: Cell) -> Styled:
    return cell if isinstance(cell, Styled) else Styled(cell, Style.PLAIN)
