"""Which names an answer tells, for the shell to complete later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from hpctl.report.base import Report

Kind = Literal["clusters", "nodes", "jobs", "namespaces"]
Seen = tuple[Kind, str, str]
"""A kind of names, the cluster that it belongs to (empty for clusters themselves), and the name."""


TELLING: Final = frozenset({"Cluster", "ClusterList", "JobList", "JobOutcome", "Node", "NodeList", "Outcome"})
"""Kinds of reports that tell names."""

_OF_JOBS: Final = frozenset({"JobList", "JobOutcome"})


def names_in(report: Report) -> Iterator[Seen]:
    """Yield the names of what exists by this report."""
    yield from (_of_jobs(report) if report.kind in _OF_JOBS else _of_clusters(report))


def names_gone(report: Report) -> Iterator[Seen]:
    """Yield the names of what does not exist any more by this report."""
    if report.kind == "Outcome":
        from hpctl.report.cluster import OutcomeReport

        if isinstance(report, OutcomeReport) and report.verb == "delete":
            yield "clusters", "", report.cluster
    elif report.kind == "JobOutcome":
        from hpctl.report.job import JobOutcomeReport

        if isinstance(report, JobOutcomeReport) and report.verb == "delete":
            yield "jobs", report.cluster, report.job.rpartition("/")[2]


def _of_clusters(report: Report) -> Iterator[Seen]:
    from hpctl.report.cluster import ClusterListReport, ClusterReport, NodeListReport, NodeReport, OutcomeReport

    match report:
        case ClusterListReport(clusters=clusters):
            yield from (("clusters", "", one.name) for one in clusters)
        case ClusterReport(cluster=cluster):
            yield "clusters", "", cluster.name
        case OutcomeReport(cluster=name, verb=verb) if verb != "delete":
            yield "clusters", "", name
        case NodeListReport(cluster=name, nodes=nodes):
            yield from (("nodes", name, one.node_id) for one in nodes)
        case NodeReport(cluster=name, node=node):
            yield "nodes", name, node.node_id
        case _:
            return


def _of_jobs(report: Report) -> Iterator[Seen]:
    from hpctl.report.job import JobListReport, JobOutcomeReport

    if isinstance(report, JobListReport):
        for one in report.jobs:
            yield from _of_job(report.cluster, one.namespace, one.job)
    elif isinstance(report, JobOutcomeReport) and report.verb != "delete":
        yield from _of_job(report.cluster, report.namespace, report.job)


def _of_job(cluster: str, namespace: str | None, job: str) -> Iterator[Seen]:
    yield "jobs", cluster, job.rpartition("/")[2]
    if namespace:
        yield "namespaces", cluster, namespace
