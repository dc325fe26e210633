"""Results of checks as they come, and what is left to say at the end."""

from __future__ import annotations

from collections.abc import Iterable

from hpctl.render.checks import check_count, check_result, check_result_wide
from hpctl.render.data import compact
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.screen import Screen
from hpctl.render.show import show
from hpctl.render.terminal import Terminal, write
from hpctl.report.check import CheckReport, CheckResult


class ResultTeller:
    """Tells results one by one where somebody watches: lines on a terminal, an object a line with `-o jsonl`.

    In a pipe the report comes whole at the end, the worst first, as any other report does.
    """

    def __init__(self, output: Output, terminal: Terminal) -> None:
        """Nothing was told yet."""
        self._output = output
        self._terminal = terminal
        watched = terminal.stdout.isatty() and output in (Output.TABLE, Output.WIDE)
        self._screen = Screen(terminal.width, colour=terminal.colour) if watched else None

    def tell(self, result: CheckResult) -> None:
        """Tell one result."""
        if self._output is Output.JSONL:
            write(self._terminal.stdout, compact(result.model_dump(mode="json")))
        elif self._screen:
            view = check_result_wide if self._output is Output.WIDE else check_result
            self._write(lines(view(result), self._screen))

    def end(self, report: CheckReport, query: str | None) -> None:
        """Tell the rest: the count where each result was told, else the whole report."""
        if self._screen:
            self._write(lines(check_count(report), self._screen))
        elif self._output is not Output.JSONL:
            show(report, self._output, query, self._terminal)

    def _write(self, rows: Iterable[str]) -> None:
        write(self._terminal.stdout, "".join(f"{row}\n" for row in rows))
