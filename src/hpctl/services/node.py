"""Look at the nodes of a cluster."""

from __future__ import annotations

from typing import Final

from hpctl.facts.ports import Clusters
from hpctl.report.cluster import NodeListReport, NodeReport
from hpctl.services.diagnose import diagnose_node
from hpctl.services.node_names import one_node

_INSTANCE: Final = "i-"
"""An instance id, which AWS takes as it is."""


def list_nodes(cluster: str, clusters: Clusters, *, instance_group: str | None = None) -> NodeListReport:
    """Return the nodes of a cluster, or of one of its instance groups."""
    return NodeListReport(cluster=cluster, nodes=tuple(clusters.nodes(cluster, instance_group=instance_group)))


def describe_node(cluster: str, node_id: str, clusters: Clusters) -> NodeReport:
    """Return one node, by any of its names, with what is wrong with it; `NotFoundError` when there is none."""
    if not node_id.startswith(_INSTANCE):
        _, listed = one_node(cluster, node_id, clusters)
        node_id = listed.node_id
    node = clusters.node(cluster, node_id)
    found = diagnose_node(node, clusters.describe(cluster))
    return NodeReport(cluster=cluster, node=node, diagnoses=(found,) if found else ())
