"""How a command ended on nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from hpctl.render.page import Piece, Prose
from hpctl.render.safe import one_line
from hpctl.report.node_run import NodeRun, NodeRunListReport

_WORDS: Final = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timed-out": "ran out of time",
    "no-answer": "gave no answer",
}


def node_run_list(report: NodeRunListReport) -> Iterator[Piece]:
    """Yield how many nodes ended how, then each one on which the command did not succeed."""
    yield Prose(_counts(report))
    bad = [run for run in report.runs if run.result != "succeeded"]
    yield from (Prose(_what(run), lead=f"{run.node}:", indent=2) for run in bad)
    yield from (Prose(one_line(hint), lead="hint:") for hint in dict.fromkeys(_hints(bad)))


def _counts(report: NodeRunListReport) -> str:
    counts: Counter[str] = Counter(run.result for run in report.runs)
    said = ", ".join(f"{counts[result]} {words}" for result, words in _WORDS.items() if counts[result])
    many = len(report.runs)
    return f"{many} node{'s' if many > 1 else ''}: {said}"


def _what(run: NodeRun) -> str:
    return f"exit code {run.exit_code}" if run.error is None else one_line(run.error.message)


def _hints(runs: list[NodeRun]) -> Iterator[str]:
    yield from (run.error.hint for run in runs if run.error and run.error.hint)
