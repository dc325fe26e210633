"""Slurm's partitions and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Piece, Prose, Style, Styled, Table
from hpctl.render.safe import one_line
from hpctl.render.words import known, listed, moment
from hpctl.report.slurm import SlurmChangeReport, SlurmNodeFacts, SlurmStatusReport

_NODE_COLUMNS = (
    Column("NODE"),
    Column("ID", drop=3),
    Column("GROUP", drop=4),
    Column("STATE", least=16),
    Column("JOBS", drop=2, align=">"),
    Column("PARTITIONS", drop=5),
    Column("SLURM'S WORD", WIDE),
    Column("TYPE", WIDE),
    Column("GRES", WIDE),
    Column("WHOSE JOBS", WIDE),
)


def slurm_status(report: SlurmStatusReport) -> Iterator[Piece]:
    """Yield partitions, nodes, and the reasons of those that take no jobs."""
    yield Aside(f"Slurm {known(report.version)} on {report.cluster}, as {report.controller} sees it")
    if report.partitions:
        yield _partitions(report)
        yield Blank()
    if not report.nodes:
        yield Aside("no nodes in Slurm")
        return
    yield Table(_NODE_COLUMNS, [_row(node) for node in report.nodes])
    yield from _reasons(report.nodes)
    missing = [f"{name} runs, and Slurm does not know it" for name in report.unknown]
    yield from _notes((*missing, *report.remarks))


def slurm_change(report: SlurmChangeReport) -> Iterator[Piece]:
    """Yield the nodes as they are now, and which of them were so already."""
    yield Table(_NODE_COLUMNS, [_row(node) for node in report.nodes])
    yield from _reasons(report.nodes)
    done = "drained" if report.verb == "drain" else "in work"
    yield from _notes((*(f"{name} was {done} already" for name in report.unchanged), *report.remarks))


def _partitions(report: SlurmStatusReport) -> Table:
    return Table(
        (
            Column("PARTITION"),
            Column("STATE", drop=3),
            Column("NODES", align=">"),
            Column("FREE", align=">"),
            Column("BUSY", align=">"),
            Column("AWAY", align=">"),
            Column("TIME LIMIT", drop=2),
        ),
        [
            (
                f"{row.name} (default)" if row.default else row.name,
                Styled(row.state, Style.GOOD if row.state == "UP" else Style.WARN),
                str(row.nodes),
                str(row.free),
                str(row.busy),
                Styled(str(row.away), Style.WARN if row.away else Style.PLAIN),
                known(row.max_time),
            )
            for row in report.partitions
        ],
    )


def _row(node: SlurmNodeFacts) -> tuple[Cell, ...]:
    return (
        node.name,
        known(node.node_id),
        known(node.instance_group),
        Styled(node.meaning, Style.GOOD if node.takes_jobs else Style.WARN),
        str(len(node.jobs)) if node.jobs else "-",
        listed(node.partitions),
        node.state,
        known(node.instance_type),
        known(node.gres),
        listed(f"{job.job_id} ({job.user})" for job in node.jobs),
    )


def _reasons(nodes: Iterable[SlurmNodeFacts]) -> Iterator[Piece]:
    told = [node for node in nodes if node.reason]
    if told:
        yield Blank()
    for node in told:
        who = f" ({node.reason_by}, {moment(node.reason_at)})" if node.reason_by else ""
        yield Prose(f"{one_line(node.reason or '')}{who}", lead=f"! {node.name}", style=Style.WARN)


def _notes(notes: Iterable[str]) -> Iterator[Piece]:
    rows = tuple(notes)
    if rows:
        yield Blank()
    for row in rows:
        yield Prose(row, lead="note:", style=Style.WARN)
