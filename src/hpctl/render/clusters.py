"""Clusters and their events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hpctl.render.diagnoses import next_steps, problems
from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Fields, Piece, Prose, Style, Styled, Table
from hpctl.render.words import LEVELS, age, duration, known, listed, moment, status
from hpctl.report.cluster import ClusterListReport, ClusterReport, EventListReport, OutcomeReport

_ORCHESTRATORS = {"eks": "EKS", "slurm": "Slurm"}


def cluster_list(report: ClusterListReport, now: datetime) -> Iterator[Piece]:
    """Yield one row a cluster."""
    if not report.clusters:
        yield Aside(f"no clusters in {report.region}")
        return
    yield Table(
        (Column("NAME"), Column("STATUS"), Column("AGE", drop=1), Column("CREATED", WIDE), Column("ARN", WIDE)),
        [
            (row.name, status(row.status), age(row.created_at, now), moment(row.created_at), row.arn)
            for row in report.clusters
        ],
    )


def cluster(report: ClusterReport) -> Iterator[Piece]:
    """Yield the cluster, its groups and nodes, what is wrong and what comes next."""
    yield Fields(tuple(_facts(report)))
    yield from _groups(report)
    if report.nodes_by_status:
        yield Blank()
        yield Prose(f"nodes: {listed(f'{count} {state}' for state, count in report.nodes_by_status.items())}")
    if not report.diagnoses:
        yield Blank()
        yield Prose("no known problems")
    yield from problems(report.diagnoses)
    yield from next_steps(report.next_steps)


def _facts(report: ClusterReport) -> Iterator[tuple[str, Cell]]:
    live = report.cluster
    yield "Name", Styled(live.name, Style.BOLD)
    yield "Status", status(live.status)
    if live.failure_message:
        yield "Failure", Styled(live.failure_message, Style.BAD)
    yield "ARN", live.arn
    yield "Region", report.region
    yield "Orchestrator", orchestrator(live.orchestrator)
    if live.eks_cluster_arn:
        yield "EKS cluster", live.eks_cluster_arn
    yield "Created", moment(live.created_at)
    yield "Node recovery", known(live.node_recovery)
    yield "Provisioning", known(live.node_provisioning)
    yield "Subnets", listed(live.subnet_ids)
    yield "Security groups", listed(live.security_group_ids)


def _groups(report: ClusterReport) -> Iterator[Piece]:
    if not report.cluster.instance_groups:
        return
    yield Blank()
    yield Table(
        (
            Column("INSTANCE GROUP"),
            Column("TYPE"),
            Column("STATUS", drop=3),
            Column("CURRENT", align=">"),
            Column("TARGET", align=">"),
            Column("SLURM", drop=2 if any(group.slurm_node_type for group in report.cluster.instance_groups) else WIDE),
            Column("THREADS", WIDE, align=">"),
            Column("ROLE", WIDE),
            Column("SUBNETS", WIDE),
        ),
        [
            (
                group.name,
                group.instance_type,
                status(group.status),
                Styled(str(group.current_count), Style.PLAIN if group.settled else Style.WARN),
                str(group.target_count),
                known(group.slurm_node_type),
                known(group.threads_per_core),
                known(group.execution_role),
                listed(group.subnet_ids),
            )
            for group in report.cluster.instance_groups
        ],
    )


def orchestrator(value: str) -> str:
    """Return the orchestrator by its proper name."""
    return _ORCHESTRATORS.get(value, value)


def event_list(report: EventListReport) -> Iterator[Piece]:
    """Yield one row an event, and what the known ones mean."""
    if report.note:
        yield Aside(f"note: {report.note}")
    if not report.events:
        yield Aside(f"no events of cluster {report.cluster}{_asked(report)}")
    else:
        yield Table(
            (
                Column("TIME"),
                Column("LEVEL"),
                Column("GROUP", drop=1),
                Column("NODE", WIDE),
                Column("RESOURCE", WIDE),
                Column("DESCRIPTION", least=30),
                Column("ID", WIDE),
            ),
            [
                (
                    moment(event.time),
                    Styled(event.level, LEVELS.get(event.level, Style.PLAIN)),
                    known(event.instance_group),
                    known(event.node_id),
                    event.resource_type,
                    ": ".join(filter(None, (event.description, event.failure_message))),
                    event.event_id,
                )
                for event in report.events
            ],
        )
    yield from problems(report.diagnoses)


def _asked(report: EventListReport) -> str:
    group = f" in group {report.instance_group}" if report.instance_group else ""
    node = f" of node {report.node_id}" if report.node_id else ""
    return f"{group}{node}{f' since {moment(report.since)}' if report.since else ''}"


def outcome(report: OutcomeReport) -> Iterator[Piece]:
    """Yield how it ended, and what comes next."""
    name = f"cluster `{report.cluster}`"
    sentence = {
        ("create", "done"): f"{name} is in service",
        ("create", "started"): f"{name} is being created",
        ("create", "unchanged"): f"{name} is there already, as asked: nothing to do",
        ("update", "done"): f"{name} is what was asked for",
        ("update", "started"): f"{name} is being updated",
        ("update", "unchanged"): f"{name} is what was asked for already: nothing to do",
        ("update-software", "done"): f"{name} has its new software",
        ("update-software", "started"): f"the software of {name} is being updated",
        ("update-software", "unchanged"): f"{name} has this software already: nothing to do",
        ("reboot", "done"): f"the nodes of {name} are back",
        ("reboot", "started"): f"nodes of {name} are being rebooted",
        ("reboot", "unchanged"): f"no node of {name} was rebooted",
        ("replace", "done"): f"the nodes of {name} are replaced",
        ("replace", "started"): f"nodes of {name} are being replaced",
        ("replace", "unchanged"): f"no node of {name} was replaced",
        ("delete", "done"): f"{name} is gone",
        ("delete", "started"): f"{name} is being deleted",
        ("delete", "unchanged"): f"{name} is being deleted already: nothing to do",
    }[report.verb, report.result]
    yield Prose(sentence if report.elapsed_s is None else f"{sentence}, after {duration(report.elapsed_s)}")
    if report.arn and report.verb == "create":  # what is gone needs no name for further calls
        yield Prose(report.arn, lead="ARN:", style=Style.BOLD)
    if report.left_behind:
        yield Blank()
        yield Prose("left behind in the account:", style=Style.WARN)
    for thing in report.left_behind:
        yield Prose(thing, lead="-", indent=2)
    yield from next_steps(report.next_steps)
