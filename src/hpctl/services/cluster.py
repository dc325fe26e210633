"""Look at clusters: list them, describe one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from hpctl.errors import NotFoundError
from hpctl.facts.incidents import ERROR, UNHEALTHY, collapse
from hpctl.facts.ports import Clusters
from hpctl.facts.records import Cluster, Event, Node
from hpctl.report.cluster import ClusterListReport, ClusterReport
from hpctl.services.diagnose import diagnose
from hpctl.services.events import in_full
from hpctl.terms import ClusterStatus

RECENT_EVENTS = 100
"""Events that a description looks through for errors: one page of the API."""

ERRORS_EXPLAINED = 5
"""Error events that a description asks the full text of."""


def list_clusters(region: str, clusters: Clusters, *, name_contains: str | None = None) -> ClusterListReport:
    """Return the clusters of the Region, newest first."""
    return ClusterListReport(region=region, clusters=tuple(clusters.summaries(name_contains=name_contains)))


def describe(name: str, region: str, clusters: Clusters) -> ClusterReport:
    """Return one cluster with what is wrong with it; `NotFoundError` when there is none of that name."""
    with ThreadPoolExecutor(2, thread_name_prefix="describe") as pool:
        listing = pool.submit(lambda: tuple(clusters.nodes(name)))
        cluster = clusters.describe(name)
        nodes = listing.result()
    told = _with_messages(cluster, nodes, clusters)
    return ClusterReport(
        region=region,
        cluster=cluster,
        nodes_by_status=dict(Counter(node.status for node in nodes)),
        diagnoses=diagnose(cluster, told, _errors(cluster, nodes, clusters)),
        next_steps=tuple(next_steps(cluster)),
    )


def next_steps(cluster: Cluster) -> Iterator[str]:
    """Yield the commands that a person is likely to want next."""
    match cluster.status:
        case ClusterStatus.FAILED:
            yield f"hpctl cluster delete {cluster.name}"
        case ClusterStatus.DELETING:
            yield "hpctl cluster list"
        case _:
            yield f"hpctl node list --cluster {cluster.name}"
    if cluster.continuous:
        yield f"hpctl cluster events {cluster.name}"
    if cluster.status == ClusterStatus.IN_SERVICE and cluster.eks_cluster_arn:
        yield f"hpctl cluster connect {cluster.name}"


def _with_messages(cluster: Cluster, nodes: Iterable[Node], clusters: Clusters) -> tuple[Node, ...]:
    broken = islice((node for node in nodes if node.status in UNHEALTHY), ERRORS_EXPLAINED)
    return tuple(_in_full(cluster.name, node, clusters) if node.message is None else node for node in broken)


def _in_full(name: str, node: Node, clusters: Clusters) -> Node:
    try:
        return clusters.node(name, node.node_id)
    except NotFoundError:  # a failed node may vanish between two attempts
        return node


def _errors(cluster: Cluster, nodes: tuple[Node, ...], clusters: Clusters) -> Iterator[Event]:
    settled = all(group.settled for group in cluster.instance_groups)
    well = settled and all(node.status not in UNHEALTHY for node in nodes)
    if well or not cluster.continuous:
        return
    recent = islice(clusters.events(cluster.name), RECENT_EVENTS)
    errors = (event for event in collapse(reversed(tuple(recent))) if event.level == ERROR)
    yield from in_full(cluster.name, tuple(errors)[-ERRORS_EXPLAINED:], clusters)
