"""Queues: their quota, what is used of it, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Style, Styled, Table
from hpctl.render.words import known
from hpctl.report.queues import QueueListReport, QueueReport, QueueRow

_GIB: Final = 1024.0**3
_IN_BYTES: Final = ("memory", "ephemeral-storage")


def queue_list(report: QueueListReport) -> Iterator[Piece]:
    """Yield the quota of every queue, then the queues that jobs name."""
    for notice in report.notices:
        yield Aside(notice)
    if not report.queues:
        yield Aside(f"cluster {report.cluster} has no cluster queues")
        return
    yield _amounts(report.queues)
    yield Blank()
    yield _teams(report.queues)


def queue(report: QueueReport) -> Iterator[Piece]:
    """Yield the same of one queue, then what waits in it."""
    for notice in report.notices:
        yield Aside(notice)
    yield _amounts((report.queue,))
    yield Blank()
    yield _teams((report.queue,))
    yield Blank()
    yield _waiting(report) if report.waiting else Aside(f"nothing waits in {report.queue.name}")


def _amounts(rows: Iterable[QueueRow]) -> Table:
    return Table(
        (
            Column("CLUSTER QUEUE"),
            Column("FLAVOR", drop=1),
            Column("RESOURCE"),
            Column("QUOTA", align=">"),
            Column("USED", align=">"),
            Column("BORROWED", align=">"),
            Column("RESERVED", WIDE, align=">"),
            Column("MAY BORROW", WIDE, align=">"),
            Column("MAY LEND", WIDE, align=">"),
            Column("COHORT", WIDE),
        ),
        [
            (
                row.name,
                one.flavor,
                _short(one.resource),
                *(_amount(one.resource, value) for value in (one.quota, one.used, one.borrowed, one.reserved)),
                _limit(one.resource, one.may_borrow),
                _limit(one.resource, one.may_lend),
                known(row.cohort),
            )
            for row in rows
            for one in row.amounts
        ],
    )


def _short(resource: str) -> str:
    """`gpu` of nvidia.com/gpu: the owner's name takes the room of a column at 80 columns, and says nothing here."""
    return resource.rpartition("/")[2]


def _amount(resource: str, value: float) -> str:
    if resource in _IN_BYTES:
        return f"{value / _GIB:.4g} GiB"
    return known(round(value, 3))


def _limit(resource: str, value: float | None) -> str:
    return "no limit" if value is None else _amount(resource, value)


def _teams(rows: Iterable[QueueRow]) -> Table:
    return Table(
        (
            Column("NAMESPACE"),
            Column("QUEUE"),
            Column("ADMITTED", align=">"),
            Column("PENDING", align=">"),
            Column("STATE", least=12),
            Column("CLUSTER QUEUE", WIDE),
        ),
        [
            (
                one.namespace,
                one.name,
                str(one.admitted),
                str(one.pending),
                Styled(said, Style.WARN) if (said := row.trouble or one.trouble) else Styled("Active", Style.GOOD),
                row.name,
            )
            for row in rows
            for one in row.queues
        ],
    )


def _waiting(report: QueueReport) -> Table:
    return Table(
        (
            Column("#", align=">"),
            Column("JOB"),
            Column("PRIORITY", align=">"),
            Column("REASON", least=20),
            Column("NAMESPACE", WIDE),
            Column("QUEUE", WIDE),
            Column("CLASS", WIDE),
        ),
        [
            (
                str(row.position),
                row.job,
                str(row.priority),
                row.reason,
                row.namespace,
                row.queue,
                known(row.priority_class),
            )
            for row in report.waiting
        ],
    )
