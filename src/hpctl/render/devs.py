"""Development pods: which there are, what became of one, and what was synced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hpctl.render.diagnoses import next_steps
from hpctl.render.page import WIDE, Aside, Column, Piece, Prose, Style, Styled, Table, Verbatim
from hpctl.render.words import age, counted, duration, known, moment, size
from hpctl.report.dev import DevListReport, DevOutcomeReport, DevRow, DevSyncReport

_STYLES: Final = {"Running": Style.GOOD, "Failed": Style.BAD, "Stopped": Style.PLAIN}
_MOST: Final = 10
"""Paths that are named; all of them stand in the JSON form."""


def dev_list(report: DevListReport, now: datetime) -> Iterator[Piece]:
    """Yield one row a pod."""
    if not report.pods:
        where = f"namespace {report.namespace}" if report.namespace else f"cluster {report.cluster}"
        yield Aside(f"no development pods in {where}")
        return
    columns = (
        Column("NAMESPACE", 0 if report.namespace is None else WIDE),
        Column("NAME"),
        Column("STATE"),
        Column("ACCELERATORS"),
        Column("IDLE STOP", drop=4),
        Column("AGE", drop=3, align=">"),
        Column("USER", drop=2),
        Column("NODE", drop=1),
        Column("FILES IN", WIDE),
        Column("IMAGE", WIDE),
        Column("STARTED", WIDE),
    )
    yield Table(columns, [_row(row, now) for row in report.pods])


def _row(row: DevRow, now: datetime) -> tuple[str | Styled, ...]:
    told = f"{row.state} ({row.reason})" if row.reason and row.reason != row.state else str(row.state)
    return (
        row.namespace,
        row.name,
        Styled(told, _STYLES.get(row.state, Style.WARN)),
        known(row.accelerators or row.instance_type),
        known(duration(row.idle_stop_s) if row.idle_stop_s else None),
        age(row.created, now),
        known(row.user or None),
        known(row.node),
        f"claim {row.claim}" if row.claim else "the pod",
        known(row.image),
        moment(row.started),
    )


def dev_outcome(report: DevOutcomeReport) -> Iterator[Piece]:
    """Yield what became of a pod, and what to type next."""
    where = f"in namespace {report.namespace} of cluster {report.cluster}"
    yield Prose(f"development pod {report.name} {where} {_became(report)}", style=Style.BOLD)
    for note in report.notes:
        yield Aside(f"note: {note}")
    if report.include:
        yield Prose("for `ssh`, scp, rsync and editors to find it, this is to be the first line of ~/.ssh/config:")
        yield Verbatim(report.include, indent=2)
    yield from next_steps(report.next_steps)


def _became(report: DevOutcomeReport) -> str:
    on = f" on {report.pod.node}" if report.pod and report.pod.node else ""
    match report.result:
        case "created" | "resumed" if report.pod and report.pod.state != "Running":
            return f"is {report.result}, and starts"
        case "created":
            return f"runs{on}"
        case "resumed":
            return f"runs again{on}"
        case "running":
            return f"runs already{on}" if on else "is on its way already"
        case "unchanged":
            return "was stopped already"
        case _:
            return f"is {report.result}"


def dev_sync(report: DevSyncReport) -> Iterator[Piece]:
    """Yield what was brought where, and what was left alone."""
    yield from _brought(f"sent to {report.name}", report.sent, report.sent_bytes)
    yield from _brought(f"fetched from {report.name}", report.fetched, report.fetched_bytes)
    if not (report.sent or report.fetched or report.removed):
        yield Prose(f"nothing to bring: `{report.folder}` and {report.name} have the same files, as far as one changed")
    yield from _named("deleted", report.removed, Style.PLAIN)
    yield from _named("changed on both sides, and left alone", report.conflicts, Style.BAD)
    yield from _named("deleted in the pod, and still here", report.deleted_there, Style.WARN)
    yield from _named("deleted here, and still in the pod", report.deleted_here, Style.WARN)
    for note in report.notes:
        yield Aside(f"note: {note}")
    yield from next_steps(report.next_steps)


def _brought(what: str, paths: Sequence[str], count: int) -> Iterator[Piece]:
    if paths:
        yield Prose(f"{what}: {counted(len(paths), 'file')}, {size(count)}")


def _named(what: str, paths: Sequence[str], style: Style) -> Iterator[Piece]:
    if not paths:
        return
    yield Prose(f"{what}:", style=style)
    for path in paths[:_MOST]:
        yield Prose(path, indent=2)
    if len(paths) > _MOST:
        yield Prose(f"and {len(paths) - _MOST} more", indent=2)
