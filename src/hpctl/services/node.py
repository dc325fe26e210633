"""Look at the nodes of a cluster."""

from __future__ import annotations

from hpctl.facts.ports import Clusters
from hpctl.report.cluster import NodeListReport, NodeReport
from hpctl.services.diagnose import diagnose_node
from hpctl.services.node_names import node_id_of


def list_nodes(cluster: str, clusters: Clusters, *, instance_group: str | None = None) -> NodeListReport:
    """Return the nodes of a cluster, or of one of its instance groups."""
    return NodeListReport(cluster=cluster, nodes=tuple(clusters.nodes(cluster, instance_group=instance_group)))


def describe_node(cluster: str, name: str, clusters: Clusters) -> NodeReport:
    """Return one node with what is wrong with it; `NotFoundError` when there is none of that name."""
    node = clusters.node(cluster, node_id_of(cluster, name, clusters))
    found = diagnose_node(node, clusters.describe(cluster))
    return NodeReport(cluster=cluster, node=node, diagnoses=(found,) if found else ())
