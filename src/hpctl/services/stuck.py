"""Why a deletion does not get on: what HyperPod says at the nodes that do not end."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Node
from hpctl.report.progress import Remarked
from hpctl.services.diagnose import diagnose_deletion

NODES_ASKED = 5
"""Nodes without a message in the list that are asked for one by one."""


class Stuckness:
    """Notices that no node ends any more, and looks for the reason until one is found."""

    def __init__(self, ports: Ports) -> None:
        """Nothing was seen yet."""
        self._ports = ports
        self._nodes: int | None = None
        self._since_s = 0.0
        self._explained = False

    def explained(self, cluster: Cluster, elapsed_s: float) -> Iterator[Remarked]:
        """Yield a remark for each reason, when the deletion is stuck and was not explained before."""
        nodes = sum(group.current_count for group in cluster.instance_groups)
        if nodes != self._nodes:
            self._nodes, self._since_s = nodes, elapsed_s
        if self._explained or elapsed_s - self._since_s < timeouts.STUCK_S:
            return
        self._since_s = elapsed_s  # without a reason, the next look is as long away
        for why in diagnose_deletion(cluster, self._telling_nodes(cluster)):
            self._explained = True
            yield Remarked(
                time=self._ports.clock.now(),
                message=f"deleting cluster `{cluster.name}` is stuck: {why.subject}: {why.message}",
                cause=why.cause,
                hint=why.remedy,
            )

    def _telling_nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """Return the nodes with their messages; none where they cannot be read, for the waiting does not need them."""
        clusters = self._ports.clusters
        try:
            nodes = tuple(clusters.nodes(cluster.arn))
            if any(node.message for node in nodes):
                return nodes
            return tuple(clusters.node(cluster.arn, node.node_id) for node in nodes[:NODES_ASKED])
        except (AccessError, NotFoundError, RefusedError, UnavailableError):
            return ()
