"""Service quotas."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Style, Styled, Table, Verbatim
from hpctl.render.words import known
from hpctl.report.quota import QuotaFacts, QuotaListReport


def quota_list(report: QuotaListReport) -> Iterator[Piece]:
    """Yield one row a quota, and below them the commands that ask for what is lacking."""
    if not report.quotas:
        yield Aside("no quotas")
        return
    yield Table(
        (
            Column("QUOTA", least=24),
            Column("NEEDED", align=">"),
            Column("USED", align=">"),
            Column("LIMIT", align=">"),
            Column("PENDING", drop=1, align=">"),
            Column("FITS"),
            Column("CODE", WIDE),
            Column("CASE", WIDE),
        ),
        [
            (
                row.quota,
                str(row.needed),
                str(row.used),
                known(row.limit),
                known(row.pending),
                _fits(row),
                known(row.code),
                known(row.pending_case),
            )
            for row in report.quotas
        ],
    )
    commands = dict.fromkeys(row.request for row in report.quotas if row.request)
    if commands:
        yield Blank()
    for command in commands:
        yield Verbatim(command, lead="fix:", style=Style.BOLD)


def _fits(row: QuotaFacts) -> Styled:
    if row.fits is None:
        return Styled("unknown", Style.WARN)
    if not row.needed:
        return Styled("-", Style.PLAIN)
    return Styled("yes", Style.GOOD) if row.fits else Styled("no", Style.BAD)
