"""Which view shows which report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hpctl.render import checks, clusters, instances, nodes, plans, sandboxes
from hpctl.render.output import Output
from hpctl.render.page import Piece
from hpctl.report.base import Report
from hpctl.report.check import CheckReport
from hpctl.report.cluster import (
    ClusterListReport,
    ClusterReport,
    EventListReport,
    NodeListReport,
    NodeReport,
    OutcomeReport,
)
from hpctl.report.instance import InstanceTypeListReport, InstanceTypeReport
from hpctl.report.plan import PlanReport
from hpctl.report.sandbox import SandboxReport


def pieces(report: Report, output: Output, now: datetime) -> Iterator[Piece]:
    """Return what a person is shown of `report`; `LookupError` for a report that nobody drew a view for."""
    if output is Output.WIDE and (wide := _wide(report)):
        return wide
    for view in (_cluster_view(report, now), _change_view(report), _fact_view(report)):
        if view is not None:
            return view
    raise LookupError(type(report).__name__)


def _wide(report: Report) -> Iterator[Piece] | None:
    """Return the view of a report whose wide form is more than further columns."""
    match report:
        case CheckReport():
            return checks.check_report_wide(report)
        case InstanceTypeReport():
            return instances.instance_type_wide(report)
        case _:
            return None


def _cluster_view(report: Report, now: datetime) -> Iterator[Piece] | None:
    match report:
        case ClusterListReport():
            return clusters.cluster_list(report, now)
        case ClusterReport():
            return clusters.cluster(report)
        case EventListReport():
            return clusters.event_list(report)
        case NodeListReport():
            return nodes.node_list(report, now)
        case NodeReport():
            return nodes.node(report)
        case _:
            return None


def _change_view(report: Report) -> Iterator[Piece] | None:
    match report:
        case PlanReport():
            return plans.plan(report)
        case CheckReport():
            return checks.check_report(report)
        case OutcomeReport():
            return clusters.outcome(report)
        case _:
            return None


def _fact_view(report: Report) -> Iterator[Piece] | None:
    match report:
        case InstanceTypeListReport():
            return instances.instance_type_list(report)
        case InstanceTypeReport():
            return instances.instance_type(report)
        case SandboxReport():
            return sandboxes.sandbox(report)
        case _:
            return None
