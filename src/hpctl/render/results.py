"""Results of checks as they come, and what is left to say at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hpctl.render.checks import check_count, check_result, check_result_wide
from hpctl.render.data import compact
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.page import Piece
from hpctl.render.screen import Screen
from hpctl.render.show import show
from hpctl.render.terminal import Terminal, write
from hpctl.report.check import CheckReport, CheckResult
from hpctl.terms import Outcome

_CLEAR_LINE: Final = "\r\x1b[K"


class ResultTeller:
    """Tells results one by one where somebody watches: lines on a terminal, an object a line with `-o jsonl`.

    What passed without a word is only counted, or the one failure among a hundred would scroll away; `-o wide` names
    it. In a pipe the report comes whole at the end, the worst first, as any other report does.
    """

    def __init__(self, output: Output, terminal: Terminal) -> None:
        """Nothing was told yet."""
        self._output = output
        self._terminal = terminal
        watched = terminal.stdout.isatty() and output in (Output.TABLE, Output.WIDE)
        self._screen = Screen(terminal.width, colour=terminal.colour) if watched else None
        self._clear = _CLEAR_LINE if watched and terminal.live else ""
        self._passed = 0

    def tell(self, result: CheckResult) -> None:
        """Tell one result."""
        if self._output is Output.JSONL:
            write(self._terminal.stdout, compact(result.model_dump(mode="json")))
        elif self._output is Output.WIDE:
            self._write(check_result_wide(result))
        elif result.outcome is Outcome.PASS and not result.findings:
            self._count()
        else:
            self._write(check_result(result))

    def end(self, report: CheckReport, query: str | None) -> None:
        """Tell the rest: the count where each result was told, else the whole report."""
        if self._screen:
            self._write(check_count(report))
        elif self._output is not Output.JSONL:
            show(report, self._output, query, self._terminal)

    def _count(self) -> None:
        self._passed += 1
        if self._clear:
            write(self._terminal.stderr, f"{self._clear}{self._passed} passed")

    def _write(self, pieces: Iterable[Piece]) -> None:
        if self._screen:
            write(self._terminal.stderr, self._clear)
            write(self._terminal.stdout, "".join(f"{row}\n" for row in lines(pieces, self._screen)))
