"""Labels of nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Prose, Style, Styled, Table
from hpctl.render.words import counted, known
from hpctl.report.labels import NodeLabelRow, NodeLabelsReport

_SIGNS: Final = {"add": "+", "change": "~", "remove": "-"}
_STYLES: Final = {"add": Style.GOOD, "change": Style.WARN, "remove": Style.BAD}


def node_labels(report: NodeLabelsReport) -> Iterator[Piece]:
    """Yield who does it where, then one row a node, then what it comes to."""
    if not report.nodes:
        yield Aside(f"cluster {report.cluster} has no nodes")
        return
    caller = report.identity
    who = f"account {caller.account}, region {caller.region}, {caller.arn.rpartition(':')[2]}"
    yield Prose(f"{who}, cluster {report.cluster}, label {report.label}")
    yield Blank()
    yield Table(
        (Column(""), Column("NODE"), Column("LABEL"), Column("WHY", least=20), Column("TYPE", WIDE)),
        [_row(row) for row in report.nodes],
    )
    yield Blank()
    yield Prose(_summary(report))


def _row(row: NodeLabelRow) -> tuple[Styled | str, ...]:
    value = f"{row.before} -> {row.after}" if row.change == "change" else known(row.after or row.before)
    sign = Styled(_SIGNS.get(row.change, ""), _STYLES.get(row.change, Style.PLAIN))
    return sign, row.node, value, row.reason, known(row.instance_type)


def _summary(report: NodeLabelsReport) -> str:
    count = counted(len(report.names()), "label")
    match report.result:
        case "planned":
            return f"{count} to change"
        case "done":
            return f"{count} changed"
        case _:
            return "nothing to change"
