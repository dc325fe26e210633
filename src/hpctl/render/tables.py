"""Tables become lines: which columns fit, how wide they are, what is wrapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from hpctl.render.page import WIDE, Column, Style, Styled, Table, styled
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen, cell_width, cut
from hpctl.render.wrap import wrapped

_GAP: Final = "  "


def table_lines(table: Table, screen: Screen) -> Iterator[str]:
    """Yield a header, if any, and the rows. A narrow screen loses the columns that matter least, never the first."""
    rows = [[Styled(one_line(cell.text), cell.style) for cell in map(styled, row)] for row in table.rows]
    widths = [
        max([cell_width(column.title), *(cell_width(row[index].text) for row in rows)])
        for index, column in enumerate(table.columns)
    ]
    room = screen.room(table.indent)
    chosen = _chosen(table.columns, widths, room, screen)
    columns = [table.columns[index] for index in chosen]
    final = _shrunk(columns, [widths[index] for index in chosen], room)
    header = [[Styled(column.title, Style.BOLD) for column in table.columns]] if table.header else []
    for row in (*header, *rows):
        for line in _row([row[index] for index in chosen], final, columns, screen):
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


def _shrunk(columns: Sequence[Column], widths: Sequence[int], room: int | None) -> list[int]:
    final = list(widths)
    for index, column in enumerate(columns):
        if room is not None and column.least is not None:
            excess = max(_total(final) - room, 0)
            final[index] = max(min(final[index], column.least), final[index] - excess)
    return final


def _total(widths: Iterable[int]) -> int:
    each = list(widths)
    return sum(each) + len(_GAP) * (len(each) - 1)


def _row(cells: Sequence[Styled], widths: Sequence[int], columns: Sequence[Column], screen: Screen) -> Iterator[str]:
    stacks = [_stack(cell.text, width, column) for cell, width, column in zip(cells, widths, columns, strict=True)]
    for texts in zip_longest(*stacks, fillvalue=""):
        padded = [
            _padded(Styled(text, cell.style), width, column, screen)
            for text, cell, width, column in zip(texts, cells, widths, columns, strict=True)
        ]
        yield _GAP.join(padded).rstrip()


def _stack(text: str, width: int, column: Column) -> list[str]:
    if column.cut:
        return [cut(text, width)]
    return wrapped(text, width if column.least else None)


def _padded(cell: Styled, width: int, column: Column, screen: Screen) -> str:
    space = " " * (width - cell_width(cell.text))
    painted = screen.paint(cell.text, cell.style)
    return space + painted if column.align == ">" else painted + space
