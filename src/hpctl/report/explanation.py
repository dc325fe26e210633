"""What failures mean: of a text, of a log, of a live cluster."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.report.base import Part, Report


class FailureFacts(Part):
    """One known failure, as the catalog has it.

    `told_by_words` is false where nothing in a text tells of it: `example` is what is seen then. `page` is its place in
    hpctl's documentation; `checks` see the cause beforehand; `basis` is where its words come from.
    """

    failure: str
    area: str
    severity: str
    told_by_words: bool
    example: str
    cause: str
    remedy: str
    checks: tuple[str, ...] = ()
    basis: str
    page: str


class Evidence(Part):
    """Where something was said, and what."""

    place: str
    text: str
    time: datetime | None = None


class Explanation(Part):
    """Something that failed; `known` is null for words that no known failure has."""

    known: FailureFacts | None
    evidence: tuple[Evidence, ...] = ()


class NearFailure(Part):
    """A known failure whose words are like those of a text that none knows; `score` is from 0 to 1."""

    failure: str
    score: float
    example: str
    page: str


class ExplanationReport(Report):
    """What is behind a text, a log or the state of a cluster: the cause first, then what else was told.

    `past` is what failed before in something that is well now. `unread` says what could not be looked at, and why.
    `nearest` is filled where words are known to no row.
    """

    kind: Literal["Explanation"] = "Explanation"
    subject: str
    lines: int | None = None
    explanations: tuple[Explanation, ...] = ()
    past: tuple[Explanation, ...] = ()
    nearest: tuple[NearFailure, ...] = ()
    unread: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the ids of the known failures, the cause first."""
        return tuple(one.known.failure for one in self.explanations if one.known)


class CheckPageReport(Report):
    """Why a check is there (`text`), what it looks at, and the known failures whose cause it sees beforehand.

    `blocking` says whether it must hold: then that it could not look stops a command, too. `page` is its place in
    hpctl's documentation.
    """

    kind: Literal["CheckPage"] = "CheckPage"
    check: str
    title: str
    text: str
    judges: str
    blocking: bool
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    page: str

    def names(self) -> tuple[str, ...]:
        """Return the id."""
        return (self.check,)


class FailureListReport(Report):
    """Every known failure."""

    kind: Literal["FailureList"] = "FailureList"
    failures: tuple[FailureFacts, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids."""
        return tuple(row.failure for row in self.failures)
