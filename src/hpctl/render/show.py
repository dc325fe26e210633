"""A report on stdout, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from hpctl.render import data
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.page import Aside, Piece
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen
from hpctl.render.selected import selected
from hpctl.render.terminal import Terminal, write
from hpctl.render.views import pieces
from hpctl.report.base import Report


def show(report: Report, output: Output, query: str | None, terminal: Terminal, *, now: datetime | None = None) -> None:
    """Write `report` to stdout. Ages are counted to `now`, else to the current time.

    Raises `UsageError` for a query that does not go with the output form, is no JMESPath expression or does
    not fit the report, and lets `BrokenPipeError` through when the reader has gone.
    """
    data.check_query(query, output)
    match output:
        case Output.TABLE | Output.WIDE if query is not None:
            _show_pieces(selected(_answer(report, query)), output, terminal)
        case Output.TABLE | Output.WIDE:
            _show_pieces(pieces(report, output, now or datetime.now(UTC)), output, terminal)
        case Output.NAME:
            write(terminal.stdout, "".join(f"{one_line(name)}\n" for name in report.names()))
        case Output.JSON:
            write(terminal.stdout, data.pretty(_answer(report, query)))
        case Output.YAML:
            write(terminal.stdout, data.yaml(_answer(report, query)))
        case Output.JSONL:
            write(terminal.stdout, data.compact(_answer(report, None)))


def _answer(report: Report, query: str | None) -> object:
    answer = report.model_dump(mode="json")
    return answer if query is None else data.ask(query, answer)


def _show_pieces(view: Iterable[Piece], output: Output, terminal: Terminal) -> None:
    width = terminal.width if terminal.stdout.isatty() else None
    screen = Screen(width, colour=terminal.colour, every_column=output is Output.WIDE)
    answer: list[Piece] = []
    asides: list[Piece] = []
    for piece in view:
        (asides if isinstance(piece, Aside) else answer).append(piece)
    _write_lines(terminal.stdout, lines(answer, screen))
    _write_lines(terminal.stderr, lines(asides, screen))


def _write_lines(stream: TextIO, rows: Iterable[str]) -> None:
    text = "".join(f"{row}\n" for row in rows)
    if text:
        write(stream, text)
