"""What a query chose, for people: columns of one's own choice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hpctl.render.page import Aside, Column, Fields, Piece, Table
from hpctl.render.safe import one_line


def selected(found: object) -> Iterator[Piece]:
    """Yield what a query found.

    A list of objects is a table under their members' names, a list of lists one without a header; one object is its
    members, line by line. Of anything else each value is a line. What is nested deeper is JSON.
    """
    rows: list[Any] = found if isinstance(found, list) else [] if found is None else [found]
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if not rows:
        yield Aside("the query found nothing")
    elif isinstance(found, dict) and names:
        yield Fields([(one_line(name), _text(value)) for name, value in found.items()])
    elif names and all(isinstance(row, dict) for row in rows):
        yield _table(names, [[row.get(name) for name in names] for row in rows])
    elif all(isinstance(row, list) and row for row in rows):
        widest = max(map(len, rows))
        yield _table([""] * widest, [row + [None] * (widest - len(row)) for row in rows])
    else:
        yield _table([""], [[row] for row in rows])


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    columns = [
        Column(one_line(title), align=">" if all(_is_number(row[index]) for row in rows) else "<")
        for index, title in enumerate(titles)
    ]
    return Table(tuple(columns), [[_text(value) for value in row] for row in rows], header=any(titles))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
