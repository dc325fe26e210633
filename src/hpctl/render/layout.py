"""Pieces become lines: with `wrap` and `tables` the one place where width, colour and safe text are decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, assert_never

from hpctl.render.advice import can_be_pasted
from hpctl.render.page import Aside, Blank, Fields, Piece, Prose, Table, Verbatim, styled
from hpctl.render.safe import flat, safe_text
from hpctl.render.screen import Screen, cell_width
from hpctl.render.tables import table_lines
from hpctl.render.wrap import wrapped

_LONGEST_HANG: Final = 12  # under a longer lead, further lines would stand in a narrow gutter at the right
_SHORT_HANG: Final = 2
_LEAD: Final = re.compile(r"[a-z]{1,8}: ")
"""`note: `, `hint: `, `warning: ` and the like before a remark."""


def lines(pieces: Iterable[Piece], screen: Screen) -> Iterator[str]:
    """Yield the lines of all pieces, safe for a terminal, without line ends."""
    for piece in pieces:
        match piece:
            case Table():
                yield from table_lines(piece, screen)
            case Fields():
                yield from _fields(piece, screen)
            case Prose():
                first, further = _hang(piece)
                rows = wrapped(piece.text, screen.room(piece.indent), first=first, further=further)
                yield from _led(piece, rows, screen)
            case Verbatim():
                yield from _led(piece, _unwrapped(piece), screen)
            case Blank():
                yield ""
            case Aside():
                yield from aside_lines(piece.text, screen)
            case _:
                assert_never(piece)


def aside_lines(text: str, screen: Screen) -> Iterator[str]:
    """Yield a remark's lines; those that the screen would cut are broken at words, unless they can be pasted."""
    for line in safe_text(text).split("\n"):
        room = screen.width
        if room is None or cell_width(line) <= room or can_be_pasted(line):
            yield line
        else:
            lead = _LEAD.match(line)
            yield from wrapped(line, room, further=len(lead[0]) if lead else 0)


def _fields(fields: Fields, screen: Screen) -> Iterator[str]:
    width = max(len(label) for label, _ in fields.rows) + len(":  ")
    for label, value in fields.rows:
        cell = styled(value)
        head = f"{label}:".ljust(width)
        for text in wrapped(cell.text, screen.room(width)):
            yield (head + screen.paint(text, cell.style)).rstrip()
            head = " " * width


def _hang(piece: Prose | Verbatim) -> tuple[int, int]:
    """Return how far the first line and the further ones stand in."""
    taken = cell_width(flat(piece.lead)) + 1 if piece.lead else 0
    return taken, taken if taken <= _LONGEST_HANG else _SHORT_HANG


def _unwrapped(piece: Verbatim) -> list[str]:
    first, further = _hang(piece)
    head, *others = safe_text(piece.text).split("\n")
    return [" " * first + head, *(" " * further + line for line in others)]


def _led(piece: Prose | Verbatim, rows: Sequence[str], screen: Screen) -> Iterator[str]:
    """Yield the lines with the lead in its place; the style is the lead's, or that of every line without one."""
    margin, lead = " " * piece.indent, flat(piece.lead)
    for number, row in enumerate(rows):
        if not lead:
            yield margin + screen.paint(row, piece.style)
        elif number == 0:
            yield (margin + screen.paint(lead, piece.style) + row[cell_width(lead) :]).rstrip()
        else:
            yield (margin + row).rstrip()
