"""Results of checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hpctl.render.advice import advice
from hpctl.render.page import WIDE, Blank, Column, Piece, Prose, Style, Table
from hpctl.render.words import known, listed
from hpctl.report.check import CheckListReport, CheckReport, CheckResult, Finding
from hpctl.terms import Outcome

_STYLES: Final = {
    Outcome.FAIL: Style.BAD,
    Outcome.UNKNOWN: Style.WARN,
    Outcome.WARN: Style.WARN,
    Outcome.SKIP: Style.DIM,
    Outcome.PASS: Style.GOOD,
}
"""Emphasis of the outcomes, in the order in which they are shown: what stops you first."""

_COUNTED: Final = {
    Outcome.FAIL: "failed",
    Outcome.UNKNOWN: "could not look",
    Outcome.WARN: "warned",
    Outcome.SKIP: "skipped",
    Outcome.PASS: "passed",
}
_INDENT: Final = 9  # under the title: the longest outcome, two spaces


def check_report(report: CheckReport) -> Iterator[Piece]:
    """Yield what did not pass, failures first, and the count: many checks pass, and `-o wide` names them."""
    yield from _results(_noisy(report))
    yield from _closing(report)


def check_report_wide(report: CheckReport) -> Iterator[Piece]:
    """Yield every check with its id, in the catalogue's order."""
    for result in report.results:
        yield from check_result_wide(result)
    yield from _closing(report)


def check_summary(report: CheckReport) -> Iterator[Piece]:
    """Yield what did not pass, and the count: the part of a plan that is about checks.

    Checks that were left out for one reason are named together: there the reason counts.
    """
    noisy = _noisy(report)
    skipped = [result for result in noisy if result.outcome is Outcome.SKIP]
    yield from _results(result for result in noisy if result.outcome not in {Outcome.SKIP, Outcome.PASS})
    for reason in dict.fromkeys(result.reason for result in skipped):
        yield from _left_out(reason, [result for result in skipped if result.reason == reason])
    yield from _results(result for result in noisy if result.outcome is Outcome.PASS)
    if noisy:
        yield Blank()
    yield Prose(f"checks: {_count(report)}")


def check_result(result: CheckResult) -> Iterator[Piece]:
    """Yield one result as it comes."""
    yield from _results((result,))


def check_result_wide(result: CheckResult) -> Iterator[Piece]:
    """Yield one result as it comes, with its id however it ended."""
    yield _headline(result, f"{result.title} ({result.id})")
    yield from _details(result)


def check_count(report: CheckReport) -> Iterator[Piece]:
    """Yield how many checks ended how: what is left to say when each result was told as it came."""
    yield from _closing(report)


def check_list(report: CheckListReport) -> Iterator[Piece]:
    """Yield one row a check."""
    yield Table(
        (
            Column("ID"),
            Column("SAYS WHEN IT PASSES", drop=1, least=20),
            Column("JUDGES", drop=3),
            Column("MUST HOLD", drop=2),
            Column("NEEDS", WIDE),
            Column("ASKS AWS", WIDE),
        ),
        [
            (one.id, one.title, one.judges, known(one.blocking), listed(one.needs), listed(one.reads))
            for one in report.checks
        ],
    )


def _worst_first(report: CheckReport) -> Sequence[CheckResult]:
    rank = {outcome: number for number, outcome in enumerate(_STYLES)}
    return sorted(report.results, key=lambda result: rank[result.outcome])


def _results(results: Iterable[CheckResult]) -> Iterator[Piece]:
    for result in results:
        well = result.outcome is Outcome.PASS
        yield _headline(result, result.title if well else f"{result.title} ({result.id})")
        yield from _details(result)


def _left_out(reason: str | None, results: Sequence[CheckResult]) -> Iterator[Piece]:
    if len(results) == 1:
        yield from _results(results)
        return
    lead = Outcome.SKIP.ljust(_INDENT - 1)
    yield Prose(f"{len(results)} checks: {reason}", lead=lead, style=_STYLES[Outcome.SKIP])
    yield Prose(", ".join(result.id for result in results), indent=_INDENT)


def _headline(result: CheckResult, title: str) -> Piece:
    return Prose(title, lead=result.outcome.ljust(_INDENT - 1), style=_STYLES[result.outcome])


def _details(result: CheckResult) -> Iterator[Piece]:
    if result.reason:
        yield Prose(result.reason, lead="reason:", style=Style.BOLD, indent=_INDENT)
    if result.hint:
        yield from advice(result.hint, lead="hint:", indent=_INDENT)
    for finding in result.findings:
        yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[Piece]:
    lead = "note:" if finding.level == "note" else "-"
    yield Prose(f"{finding.subject}: {finding.message}", lead=lead, style=Style.BOLD, indent=_INDENT)
    below = _INDENT + 2
    for evidence in finding.evidence:
        yield Prose(evidence, indent=below)
    if place := _place(finding):
        yield Prose(place, lead="at:", style=Style.BOLD, indent=below)
    if finding.remedy:
        yield from advice(finding.remedy, lead="fix:", indent=below)


def _place(finding: Finding) -> str:
    """Return `cluster.yaml:14:5 instance_groups[0].type`, or the part of it that is known."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in finding.path).removeprefix(".")
    return " ".join(filter(None, (finding.location, path)))


def _noisy(report: CheckReport) -> list[CheckResult]:
    return [result for result in _worst_first(report) if result.outcome is not Outcome.PASS or result.findings]


def _closing(report: CheckReport) -> Iterator[Piece]:
    if _noisy(report):
        yield Blank()
    yield Prose(f"{report.subject}: {_count(report)}")


def _count(report: CheckReport) -> str:
    counts = report.counts
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in _COUNTED.items() if counts[outcome]) or "none ran"
