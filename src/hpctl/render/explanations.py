"""Failures explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.render.diagnoses import why_and_fix
from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Prose, Style, Table
from hpctl.render.words import counted, known, listed, moment
from hpctl.report.explanation import (
    CheckPageReport,
    Evidence,
    Explanation,
    ExplanationReport,
    FailureListReport,
    NearFailure,
)

_STYLES: Final = {"blocks": Style.BAD, "degrades": Style.WARN, "noise": Style.DIM}


def explanation(report: ExplanationReport) -> Iterator[Piece]:
    """Yield the cause with its evidence, what else was told, and what could not be looked at."""
    read = f" ({counted(report.lines, 'line')} read)" if report.lines and report.lines > 1 else ""
    if not report.explanations:
        yield Prose(f"{report.subject}{read}: {_nothing(report)}")
    for number, one in enumerate(report.explanations):
        if number:
            yield Blank()
        yield from _one(one, f"{report.subject}{read}: " if number == 0 else "also: ")
    if report.past:
        yield Blank()
        yield Prose(f"past, and over: {counted(len(report.past), 'failure')}")
        yield from _past(report.past)
    yield from _near(report.nearest)
    yield from _unread(report.unread)


def explanation_wide(report: ExplanationReport) -> Iterator[Piece]:
    """Yield the same with everything that the catalog knows of what was found."""
    yield from explanation(report)
    for one in report.explanations:
        if one.known:
            yield Blank()
            yield Prose(f"{one.known.failure}: area {one.known.area}, known from: {one.known.basis}")


def failure_list(report: FailureListReport) -> Iterator[Piece]:
    """Yield one row a known failure."""
    yield Table(
        (
            Column("ID"),
            Column("SEVERITY", drop=1),
            Column("AREA", WIDE),
            Column("BY", drop=2),
            Column("SEEN AS", least=30, cut=True),
            Column("CAUSE", WIDE, least=30),
        ),
        [
            (row.failure, row.severity, row.area, "words" if row.told_by_words else "state", row.example, row.cause)
            for row in report.failures
        ],
    )
    yield Aside("BY: `words` in a message or log tell of it, or only the `state` of things does")


def check_page(report: CheckPageReport) -> Iterator[Piece]:
    """Yield why a check is there, what it looks at, and what it sees beforehand."""
    yield Prose(f"{report.check}: {report.title}", style=Style.BOLD)
    for paragraph in report.text.split("\n\n"):
        yield Blank()
        yield Prose(" ".join(paragraph.split()))
    yield Blank()
    facts = {
        "judges:": report.judges,
        "must hold:": known(report.blocking),
        "needs:": listed(report.needs),
        "asks AWS:": listed(report.reads),
        "sees beforehand:": listed(report.failures),
        "page:": report.page,
    }
    for lead, fact in facts.items():
        yield Prose(fact, lead=lead, style=Style.BOLD)


def _nothing(report: ExplanationReport) -> str:
    if report.lines is not None:
        return "no known failure has these words"
    return "nothing is wrong in what could be read" if report.unread else "nothing is wrong"


def _one(one: Explanation, lead: str) -> Iterator[Piece]:
    known = one.known
    style = _STYLES.get(known.severity, Style.PLAIN) if known else Style.BAD
    yield Prose(f"{lead}{known.failure if known else 'no known failure has these words'}", style=style)
    for evidence in one.evidence:
        yield from _evidence(evidence)
    if known is None:
        return
    if not one.evidence:
        yield Prose(known.example, lead="seen as:", style=Style.BOLD, indent=2)
    yield from why_and_fix(known.cause, known.remedy, indent=2)
    if known.checks:
        yield Prose(", ".join(f"`{check}`" for check in known.checks), lead="checks:", style=Style.BOLD, indent=2)
    yield Prose(known.page, lead="page:", style=Style.BOLD, indent=2)


def _evidence(evidence: Evidence) -> Iterator[Piece]:
    time = f", {moment(evidence.time)}" if evidence.time else ""
    yield Prose(evidence.text, lead=f"{evidence.place}{time}:", indent=2)


def _past(past: Iterable[Explanation]) -> Iterator[Piece]:
    for one in past:
        yield Prose(one.known.failure if one.known else "no known failure has these words", lead="-", indent=2)
        for evidence in one.evidence[:1]:
            yield from _evidence(evidence)


def _near(nearest: Iterable[NearFailure]) -> Iterator[Piece]:
    rows = [(f"{one.score:.2f}", one.failure, one.example) for one in nearest]
    if rows:
        yield Blank()
        yield Prose("nearest, and not the same (1.00 would be the same words):")
        columns = (Column("SCORE", align=">"), Column("FAILURE"), Column("SEEN AS", least=30))
        yield Table(columns, rows, indent=2)


def _unread(unread: Iterable[str]) -> Iterator[Piece]:
    rows = tuple(unread)
    if rows:
        yield Blank()
        yield Prose("could not be read:", style=Style.WARN)
        for row in rows:
            yield Prose(row, lead="-", indent=2)
