"""Nodes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hpctl.render.diagnoses import problems
from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Fields, Piece, Prose, Style, Styled, Table
from hpctl.render.words import age, known, moment, status
from hpctl.report.cluster import NodeListReport, NodeReport

_HEALTHY = "Running"


def node_list(report: NodeListReport, now: datetime) -> Iterator[Piece]:
    """Yield one row a node, then what the service says about the ones that do not run."""
    if not report.nodes:
        yield Aside(f"no nodes in cluster {report.cluster}")
        return
    yield Table(
        (
            Column("NODE"),
            Column("GROUP", drop=2),
            Column("TYPE", drop=3),
            Column("STATUS"),
            Column("AGE", drop=4),
            Column("ZONE", WIDE),
            Column("IP", WIDE),
            Column("LOGICAL ID", WIDE),
            Column("LAUNCHED", WIDE),
        ),
        [
            (
                node.node_id,
                node.instance_group,
                node.instance_type,
                status(node.status),
                age(node.launched_at, now),
                known(node.zone_id or node.zone),
                known(node.private_ip),
                known(node.logical_id),
                moment(node.launched_at),
            )
            for node in report.nodes
        ],
    )
    yield from _messages(report)


def _messages(report: NodeListReport) -> Iterator[Piece]:
    troubled = [node for node in report.nodes if node.message and node.status != _HEALTHY]
    if troubled:
        yield Blank()
    for node in troubled:
        yield Prose(f"{node.status}: {node.message}", lead=f"! {node.node_id}", style=Style.BAD)


def node(report: NodeReport) -> Iterator[Piece]:
    """Yield everything about one node, and what is wrong with it."""
    yield Fields(tuple(_facts(report)))
    yield from problems(report.diagnoses)


def _facts(report: NodeReport) -> Iterator[tuple[str, Cell]]:
    one = report.node
    yield "Node", Styled(one.node_id, Style.BOLD)
    yield "Cluster", report.cluster
    yield "Status", status(one.status)
    if one.message:
        yield "Message", one.message
    yield "Instance group", one.instance_group
    yield "Type", one.instance_type
    yield "Zone", f"{known(one.zone)} ({one.zone_id})" if one.zone_id else known(one.zone)
    yield "Private IP", known(one.private_ip)
    yield "Private DNS", known(one.private_dns_name)
    yield "Launched", moment(one.launched_at)
    yield "Logical id", known(one.logical_id)
    yield "Threads per core", known(one.threads_per_core)
    yield "Image", known(one.image_id)
    yield "Lifecycle script", known(one.lifecycle_script)
