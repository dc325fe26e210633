"""Follow nodes that are rebooted or replaced, until they run and take work again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl import timeouts
from hpctl.errors import ClusterFailedError
from hpctl.facts.incidents import UNHEALTHY
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Node
from hpctl.plan.node_care import Care, Cared
from hpctl.report.progress import Progress, Remarked
from hpctl.services.node_ready import Readiness
from hpctl.services.polling import Lookout, Waiting, finished, observed, polls

_RUNNING: Final = "Running"


def until_back(waiting: Waiting, ports: Ports, care: Care, cared: Cared) -> Iterator[Progress]:
    """Yield steps until each node takes work again; of replaced ones, until another instance does in its place.

    What Slurm or Kubernetes does not say, or what only a person can change there, is remarked and not waited for.

    Raises `ClusterFailedError` when one fails, `WaitTimeoutError` when time runs out.
    """
    lookout = Lookout(waiting.resume)
    ward, readiness = _Ward(care, cared), Readiness(cared, ports)
    for elapsed_s in polls(waiting, ports.clock, late="still without these nodes"):
        cluster = lookout.look(lambda: ports.clusters.describe(waiting.asked))
        nodes = lookout.look(lambda: tuple(ports.clusters.nodes(waiting.asked)))
        if cluster is None or nodes is None:
            continue
        missing = ward.see(cluster, nodes, elapsed_s) or readiness.missing(ward.mine(nodes), elapsed_s)
        yield observed(cluster, ports.clock, elapsed_s, missing)
        if not missing:
            yield from (Remarked(time=ports.clock.now(), message=message) for message in readiness.remarks)
            yield finished(cluster.status, waiting.cluster, ports.clock, elapsed_s)
            return
        ward.demand_possible(nodes)


class _Ward:
    """The nodes that are waited for, and which of them were seen to have left the state they were in."""

    def __init__(self, care: Care, cared: Cared) -> None:
        """Nothing was seen yet."""
        self._care = care
        self._cared = cared
        self._before = {node.node_id: node.status for node in cared.nodes}
        self._left: set[str] = set()

    def see(self, cluster: Cluster, nodes: Iterable[Node], elapsed_s: float) -> str:
        """Return in words what is still missing, empty when nothing is."""
        there = {node.node_id: node for node in nodes}
        self._left |= {one for one, status in self._before.items() if one not in there or there[one].status != status}
        if self._care == "reboot":
            late = [self._until_rebooted(one, there.get(one), elapsed_s) for one in self._before]
        else:
            staying = [there[one] for one in self._before if one in there]
            late = [f"`{node.node_id}` to leave (it is `{node.status}`)" for node in staying]
            late = late or list(self._until_whole(cluster, there.values()))
        return ", ".join(filter(None, late))

    def mine(self, nodes: Iterable[Node]) -> list[Node]:
        """Return the nodes that were rebooted, or that came for others; of a run gone on with, only what it knows."""
        if self._care == "reboot":
            return [node for node in nodes if node.node_id in self._before]
        return [] if self._cared.gone else list(self._new(nodes))

    def _until_rebooted(self, node_id: str, node: Node | None, elapsed_s: float) -> str:
        if node is None:
            return f"`{node_id}` to be listed again"
        if node.status != _RUNNING:
            return f"`{node_id}` to run (it is `{node.status}`)"
        # A reboot that was over between two looks shows nowhere.
        begun = node_id in self._left or elapsed_s > timeouts.SETTLE_S
        return "" if begun else f"the reboot of `{node_id}` to begin"

    def _until_whole(self, cluster: Cluster, nodes: Iterable[Node]) -> Iterator[str]:
        """Yield what the groups of replaced nodes lack: which instance takes whose place is not always told."""
        rows = tuple(nodes)
        for node in self._new(rows):
            if node.status != _RUNNING:
                yield f"`{node.node_id}` to run (it is `{node.status}`)"
        for group in cluster.instance_groups:
            count = sum(node.instance_group == group.name for node in rows)
            if self._is_concerned(group.name) and count < group.target_count:
                yield f"new instances of `{group.name}` ({count}/{group.target_count})"

    def _new(self, nodes: Iterable[Node]) -> Iterator[Node]:
        for node in nodes:
            if self._is_concerned(node.instance_group) and node.node_id not in {*self._cared.others, *self._before}:
                yield node

    def _is_concerned(self, group: str) -> bool:
        """Of nodes that were gone when this command began, nobody knows any more which group they were in."""
        return bool(self._cared.gone) or any(node.instance_group == group for node in self._cared.nodes)

    def demand_possible(self, nodes: Iterable[Node]) -> None:
        """Raise what says that a node does not come back by itself: it has failed since."""
        rows = tuple(nodes)
        mine = self._new(rows) if self._care == "replace" else (node for node in rows if node.node_id in self._left)
        for node in mine:
            if node.status in UNHEALTHY and node.status != self._before.get(node.node_id):
                raise ClusterFailedError(
                    f"node `{node.node_id}` has failed (`{node.status}`)",
                    cause=node.message,
                    hint=f"hpctl explain {self._cared.cluster.name} --node {node.node_id}",
                )
