"""Accelerators: how many a cluster has, and how many are free."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Style, Styled, Table
from hpctl.render.words import known
from hpctl.report.gpus import AcceleratorListReport


def accelerator_list(report: AcceleratorListReport) -> Iterator[Piece]:
    """Yield the kinds, then the nodes that have them, with what keeps pods off."""
    for notice in report.notices:
        yield Aside(notice)
    if not report.accelerators:
        yield Aside(f"no node of cluster {report.cluster} has accelerators")
        return
    yield _kinds(report)
    yield Blank()
    yield _nodes(report)


def _kinds(report: AcceleratorListReport) -> Table:
    return Table(
        (
            Column("ACCELERATOR"),
            Column("REQUESTABLE PER NODE"),
            Column("TOTAL", align=">"),
            Column("FREE", align=">"),
            Column("USED", WIDE, align=">"),
            Column("NODES", WIDE, align=">"),
        ),
        [
            (
                row.accelerator,
                ", ".join(map(str, row.requestable)) or "none",
                str(row.total),
                str(row.free),
                str(row.used),
                str(row.nodes),
            )
            for row in report.accelerators
        ],
    )


def _nodes(report: AcceleratorListReport) -> Table:
    return Table(
        (
            Column("NODE"),
            Column("ACCELERATOR", drop=2),
            Column("TOTAL", align=">"),
            Column("FREE", align=">"),
            Column("EFA FREE", drop=1, align=">"),
            Column("HEALTH", least=12),
            Column("TYPE", WIDE),
            Column("GROUP", WIDE),
            Column("RESOURCE", WIDE),
        ),
        [
            (
                row.node,
                row.accelerator,
                str(row.total),
                str(row.free),
                f"{row.efa_free} of {row.efa}" if row.efa else "-",
                Styled(row.trouble, Style.WARN) if row.trouble else Styled("Healthy", Style.GOOD),
                known(row.instance_type),
                known(row.instance_group),
                row.resource,
            )
            for row in report.nodes
        ],
    )
