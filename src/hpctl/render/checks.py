"""Results of checks: by area, with a verdict for each and one for all of them."""

from __future__ import annotations

from collections import Counter
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
_LEAD: Final = 8  # the longest outcome, and a space
_AREA: Final = 10  # the longest area, and a space
_BELOW: Final = 2  # results under the verdict of their area


def check_report(report: CheckReport) -> Iterator[Piece]:
    """Yield what needs attention by area, failures first, and the verdict: many checks pass, `-o wide` names them."""
    for results in report.areas.values():
        yield from check_area(results)
    yield from check_verdict(report)


def check_report_wide(report: CheckReport) -> Iterator[Piece]:
    """Yield every check with its id by area, in the catalogue's order."""
    for results in report.areas.values():
        yield from check_area_wide(results)
    yield from check_verdict(report)


def check_area(results: Sequence[CheckResult]) -> Iterator[Piece]:
    """Yield the verdict of one area, and below it what needs attention."""
    yield _verdict_of(results)
    yield from _attention(results, _BELOW)


def check_area_wide(results: Sequence[CheckResult]) -> Iterator[Piece]:
    """Yield the verdict of one area, and below it every check with its id."""
    yield _verdict_of(results)
    for result in results:
        yield _headline(result, f"{result.title} ({result.id})", _BELOW)
        yield from _details(result, _BELOW + _LEAD + 1)


def check_verdict(report: CheckReport) -> Iterator[Piece]:
    """Yield whether what was judged is well, in one line: what is left to say when each area was told."""
    if any(result.outcome is not Outcome.PASS or result.findings for result in report.results):
        yield Blank()
    yield Prose(f"{report.subject}: {_word(report)}{_count(report.results)}")


def check_summary(report: CheckReport) -> Iterator[Piece]:
    """Yield what did not pass, and the count: the part of a plan that is about checks."""
    noisy = list(_attention(report.results, 0))
    yield from noisy
    if noisy:
        yield Blank()
    yield Prose(f"checks: {_count(report.results)}")


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


def details(result: CheckResult) -> Iterator[Piece]:
    """Yield everything that there is to say of a result below its title."""
    yield from _details(result, 0)


def _verdict_of(results: Sequence[CheckResult]) -> Piece:
    found = {result.outcome for result in results}
    # An area of which nothing was looked at has no verdict; one that was looked at in part has that of the part.
    worst = next(outcome for outcome in _STYLES if outcome in (found - {Outcome.SKIP} or found))
    return Prose(_count(results), lead=results[0].area.ljust(_AREA - 1), style=_STYLES[worst])


def _word(report: CheckReport) -> str:
    found = report.counts
    if found[Outcome.FAIL]:
        return "not ready: "
    if report.blind:
        return "not known: "
    if found[Outcome.UNKNOWN] or found[Outcome.WARN]:
        return "nothing stops it: "
    return "nothing wrong: " if found[Outcome.PASS] else ""


def _attention(results: Sequence[CheckResult], indent: int) -> Iterator[Piece]:
    """Yield what is not a pass without a word, the worst first; what was left out for one reason is named together."""
    by_outcome = {outcome: [one for one in results if one.outcome is outcome] for outcome in _STYLES}
    for outcome, ended in by_outcome.items():
        if outcome is Outcome.SKIP:
            for reason in dict.fromkeys(result.reason for result in ended):
                yield from _left_out(reason, [result for result in ended if result.reason == reason], indent)
        elif outcome is Outcome.PASS:
            yield from _told([result for result in ended if result.findings], indent)
        else:
            yield from _told(ended, indent)


def _told(results: Iterable[CheckResult], indent: int) -> Iterator[Piece]:
    for result in results:
        well = result.outcome is Outcome.PASS
        yield _headline(result, result.title if well else f"{result.title} ({result.id})", indent)
        yield from _details(result, indent + _LEAD + 1)


def _left_out(reason: str | None, results: Sequence[CheckResult], indent: int) -> Iterator[Piece]:
    if len(results) == 1:
        yield from _told(results, indent)
        return
    lead = Outcome.SKIP.ljust(_LEAD)
    yield Prose(f"{len(results)} checks: {reason}", lead=lead, style=_STYLES[Outcome.SKIP], indent=indent)
    yield Prose(", ".join(result.id for result in results), indent=indent + _LEAD + 1)


def _headline(result: CheckResult, title: str, indent: int) -> Piece:
    return Prose(title, lead=result.outcome.ljust(_LEAD), style=_STYLES[result.outcome], indent=indent)


def _details(result: CheckResult, inside: int) -> Iterator[Piece]:
    if result.reason:
        yield Prose(result.reason, lead="reason:", style=Style.BOLD, indent=inside)
    if result.hint:
        yield from advice(result.hint, lead="hint:", indent=inside)
    for finding in result.findings:
        yield from _finding(finding, inside)


def _finding(finding: Finding, indent: int) -> Iterator[Piece]:
    lead = "note:" if finding.level == "note" else "-"
    yield Prose(f"{finding.subject}: {finding.message}", lead=lead, style=Style.BOLD, indent=indent)
    below = indent + 2
    for evidence in finding.evidence:
        yield Prose(evidence, indent=below)
    if place := place_of(finding):
        yield Prose(place, lead="at:", style=Style.BOLD, indent=below)
    if finding.remedy:
        yield from advice(finding.remedy, lead="fix:", indent=below)


def place_of(finding: Finding) -> str:
    """Return `cluster.yaml:14:5 instance_groups[0].type`, or the part of it that is known."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in finding.path).removeprefix(".")
    return " ".join(filter(None, (finding.location, path)))


def _count(results: Iterable[CheckResult]) -> str:
    counts = Counter(result.outcome for result in results)
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in _COUNTED.items() if counts[outcome]) or "none ran"
