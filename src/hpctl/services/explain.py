"""Say what a text or a log tells of: the cause, its line, the fix, and the check that sees it beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from hpctl.catalog.failures import KnownFailure, failure, fill, known_failures
from hpctl.catalog.likeness import nearest_failures
from hpctl.catalog.log_reading import read_log
from hpctl.catalog.matching import Sighting, in_order, sightings
from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError
from hpctl.report.explanation import (
    Evidence,
    Explanation,
    ExplanationReport,
    FailureFacts,
    FailureListReport,
    NearFailure,
)

_PAGE: Final = "docs/reference/failures/{}.md"
_CLUSTER: Final = re.compile(
    r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}|arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:cluster/[a-z0-9]{12}"
)
"""Names and ARNs of clusters (botocore 1.44.5 sagemaker service model, `ClusterNameOrArn`)."""

_SHORT: Final = 20_000
"""Bytes up to which a log may be a message that was broken into lines."""


def names_cluster(what: str) -> bool:
    """Whether this could be a cluster's name or ARN: one word of letters, digits and hyphens."""
    return _CLUSTER.fullmatch(what) is not None


def explain_text(text: str, subject: str = "the text") -> ExplanationReport:
    """Return what a text tells of; the nearest known failures where it tells of none."""
    found = sightings(text)
    return _report(subject, text.count("\n") + 1, found, text)


def explain_log(chunks: Iterable[bytes], subject: str) -> ExplanationReport:
    """Return what a log tells of, however long it is."""
    coming, begun = iter(chunks), b""
    for chunk in coming:
        begun += chunk
        if len(begun) > _SHORT:
            break
    else:
        return explain_text(begun.decode("utf-8", "replace").removesuffix("\n"), subject)
    reading = read_log(chain((begun,), coming))
    return _report(subject, reading.lines, reading.sightings, "\n".join(reading.last))


def explain_failure(failure_id: str) -> ExplanationReport:
    """Return what is known of a failure by its id; `NotFoundError` when nobody knows of it."""
    row = failure(failure_id)
    if row is None:
        close = nearest(failure_id, (one.id for one in known_failures()))
        hint = "\n".join(f"hpctl explain --id {one}" for one in close) or "hpctl explain --list"
        raise NotFoundError(f"there is no known failure `{failure_id}`", hint=hint)
    return ExplanationReport(subject=failure_id, explanations=(Explanation(known=facts(row)),))


def list_failures() -> FailureListReport:
    """Return every known failure."""
    return FailureListReport(failures=tuple(map(facts, known_failures())))


def demand_known(report: ExplanationReport) -> None:
    """Raise `NotFoundError` when nothing that is known was found; the report has been shown already."""
    if not report.names():
        raise NotFoundError(
            f"no known failure has the words of {report.subject}",
            hint="all that there are: hpctl explain --list\nby what is seen: docs/troubleshooting.md",
        )


def facts(row: KnownFailure, values: Mapping[str, str | None] | None = None) -> FailureFacts:
    """Return a known failure for a report; `values` fill the remedy's placeholders."""
    return FailureFacts(
        failure=row.id,
        area=row.area,
        severity=row.severity.value,
        told_by_words=bool(row.words),
        example=row.example,
        cause=row.cause,
        remedy=fill(row.remedy, values or {}),
        checks=row.checks,
        basis=row.basis,
        page=_PAGE.format(row.id),
    )


def near(text: str) -> tuple[NearFailure, ...]:
    """Return the known failures that a text is most like, with how like it is."""
    return tuple(
        NearFailure(
            failure=one.failure.id, score=one.score, example=one.failure.example, page=_PAGE.format(one.failure.id)
        )
        for one in nearest_failures(text)
    )


def _report(subject: str, lines: int, found: Iterable[Sighting], text: str) -> ExplanationReport:
    ordered = in_order(found)
    return ExplanationReport(
        subject=subject,
        lines=lines,
        explanations=tuple(_explanation(one) for one in ordered),
        nearest=() if ordered else near(text),
    )


def _explanation(one: Sighting) -> Explanation:
    return Explanation(known=facts(one.failure), evidence=(Evidence(place=f"line {one.line}", text=one.text.strip()),))
