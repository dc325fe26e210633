"""Results of checks as they come, area by area, and what is left to say at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.render.checks import check_area, check_area_wide, check_verdict
from hpctl.render.data import compact
from hpctl.render.layout import lines
from hpctl.render.output import CheckOutput
from hpctl.render.page import Piece
from hpctl.render.screen import Screen
from hpctl.render.show import show
from hpctl.render.terminal import Terminal, write
from hpctl.report.check import CheckReport, CheckResult, area_of

_CLEAR_LINE: Final = "\r\x1b[K"


class ResultTeller:
    """Tells results where somebody watches: areas in their order on a terminal, an object a line with `-o jsonl`.

    An area is told as soon as all of it and of those before it is known; until then stderr counts, where lines may be
    redrawn. In a pipe the report comes whole at the end, as any other report does, and looks the same.
    """

    def __init__(self, output: CheckOutput, query: str | None, terminal: Terminal) -> None:
        """Nothing was told yet; what a query asks for is told at the end alone."""
        self._output = output
        self._query = query
        self._terminal = terminal
        tables = output in (CheckOutput.TABLE, CheckOutput.WIDE) and query is None
        watched = terminal.stdout.isatty() and tables
        self._screen = Screen(terminal.width, colour=terminal.colour) if watched else None
        self._clear = _CLEAR_LINE if watched and terminal.live else ""
        self._known: dict[str, CheckResult] = {}
        self._expected = 0
        self._untold: dict[str, list[str]] = {}

    def expect(self, ids: tuple[str, ...]) -> None:
        """Learn which results will come, in catalogue order."""
        self._expected = len(ids)
        for check_id in ids:
            self._untold.setdefault(area_of(check_id), []).append(check_id)

    def tell(self, result: CheckResult) -> None:
        """Tell one result, or keep it until its area is known."""
        self._known[result.id] = result
        if self._output is CheckOutput.JSONL:
            write(self._terminal.stdout, compact(result.model_dump(mode="json")))
        elif self._screen:
            for area in self._complete():
                self._write(self._area(area), self._screen)
            self._count()

    def end(self, report: CheckReport) -> None:
        """Tell the rest: the verdict where each area was told, else the whole report."""
        if self._screen:
            self._write(check_verdict(report), self._screen)
        elif self._output is CheckOutput.JUNIT:
            from hpctl.render.junit import junit

            write(self._terminal.stdout, junit(report))
        elif self._output is not CheckOutput.JSONL:
            show(report, self._output.elsewhere, self._query, self._terminal)

    def _complete(self) -> Iterator[str]:
        """Yield the areas that can be told now: no earlier one waits."""
        for area, ids in tuple(self._untold.items()):
            if not self._known.keys() >= set(ids):
                return
            yield area

    def _area(self, area: str) -> Iterator[Piece]:
        results = [self._known[check_id] for check_id in self._untold.pop(area)]
        return check_area_wide(results) if self._output is CheckOutput.WIDE else check_area(results)

    def _count(self) -> None:
        if self._clear and self._untold:
            counted = f"{len(self._known)} of {self._expected} checks, waiting for {next(iter(self._untold))}"
            write(self._terminal.stderr, f"{self._clear}{counted}")

    def _write(self, pieces: Iterable[Piece], screen: Screen) -> None:
        if self._clear:
            write(self._terminal.stderr, self._clear)
        write(self._terminal.stdout, "".join(f"{row}\n" for row in lines(pieces, screen)))
