"""Whether nodes that run take work again: what Slurm, or Kubernetes, says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from hpctl import timeouts
from hpctl.errors import HpctlError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.ports import Ports
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Target
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_meaning import is_held, meaning, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode, slurm_name
from hpctl.facts.slurm_reasons import action_of
from hpctl.plan.node_care import Cared
from hpctl.services.connect import eks_cluster_of
from hpctl.services.node_jobs import kubernetes_name
from hpctl.services.polling import Lookout
from hpctl.terms import SlurmNodeType

_HEALTH: Final = "sagemaker.amazonaws.com/node-health-status"
_SCHEDULABLE: Final = "Schedulable"
_CONTROLLER_MISSED: Final = 10
"""Looks in a row at a Slurm whose controller was rebooted itself: about a minute."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What is waited for, and, where that does not come by itself, a sentence for the person who can bring it about."""

    what: str
    remark: str = ""


class Readiness:
    """Asks the orchestrator of a cluster about nodes; what only a person can change is told, and not waited for."""

    def __init__(self, cared: Cared, ports: Ports) -> None:
        """Nothing was asked yet."""
        self._cared, self._ports = cared, ports
        head = any(node.instance_group in cared.controllers for node in cared.nodes)
        self._lookout = Lookout("", patience=_CONTROLLER_MISSED if head else timeouts.LOOKS_MISSED)
        self._held_since_s: dict[str, float] = {}
        self.remarks: tuple[str, ...] = ()
        """What the last look showed that nobody waits for."""

    def missing(self, nodes: Sequence[Node], elapsed_s: float) -> str:
        """Return in words what nodes lack that run; empty when they take work, and when that cannot be seen."""
        if self._cared.gone:
            self.remarks = ("which of the nodes are new is not known any more, nor whether they take work",)
        if not nodes:
            return ""
        look = self._in_kubernetes if self._cared.cluster.eks_cluster_arn else self._in_slurm
        try:
            lacks = self._lookout.look(partial(look, nodes))
        except HpctlError as error:
            self.remarks = (f"whether these nodes take work again cannot be seen: {error.message}",)
            return ""
        if lacks is None:
            return "their orchestrator to answer"
        self._held_since_s = {lack.what: self._held_since_s.get(lack.what, elapsed_s) for lack in lacks if lack.remark}
        lasting = [one for one, since_s in self._held_since_s.items() if elapsed_s - since_s >= timeouts.SETTLE_S]
        self.remarks = tuple(lack.remark for lack in lacks if lack.what in lasting)
        return ", ".join(lack.what for lack in lacks if lack.what not in lasting)

    def _in_kubernetes(self, nodes: Sequence[Node]) -> list[Lack]:
        eks = self._ports.eks.describe(eks_cluster_of(self._cared.cluster))
        rows = {row.name: row for row in self._ports.kubernetes.nodes(eks)}
        lacks = [of_kubernetes(node, rows.get(kubernetes_name(node))) for node in nodes]
        return [lack for lack in lacks if lack]

    def _in_slurm(self, nodes: Sequence[Node]) -> list[Lack]:
        cluster, ports = self._cared.cluster, self._ports
        rows = {row.name: row for row in ports.slurm.nodes(self._controller())}
        compute = {one.name for one in cluster.instance_groups if one.slurm_node_type == SlurmNodeType.COMPUTE}
        found = []
        for node in nodes:
            row = rows.get(slurm_name(node) or "")
            if row or node.instance_group in compute:
                found.append(of_slurm(node, row, cluster.name))
        return [lack for lack in found if lack]

    def _controller(self) -> Target:
        ports = self._ports
        return controller_of(self._cared.cluster.arn, ports.clusters, ports.storage, ports.sessions)


def of_kubernetes(node: Node, row: KubernetesNode | None) -> Lack | None:
    """Return what keeps pods from a node."""
    if row is None:
        return Lack(f"`{node.node_id}` to join Kubernetes")
    if not row.ready:
        return Lack(f"`{node.node_id}` to be ready in Kubernetes")
    health = row.labels.get(_HEALTH, _SCHEDULABLE)
    if health != _SCHEDULABLE:
        return Lack(f"`{node.node_id}` to take pods (HyperPod says `{health}`)")
    if row.unschedulable:
        remark = f"`{row.name}` is cordoned and takes no pods; to let it: kubectl uncordon {row.name}"
        return Lack(f"`{node.node_id}` to take pods (it is cordoned)", remark)
    return None


def of_slurm(node: Node, row: SlurmNode | None, cluster: str) -> Lack | None:
    """Return what keeps jobs from a node; what HyperPod does of itself is no matter of a person's."""
    if row is None:
        return Lack(f"`{node.node_id}` to join Slurm")
    if takes_jobs(row):
        return None
    what = f"`{node.node_id}` to take jobs (in Slurm: {meaning(row)})"
    if not is_held(row) or row.has("NOT_RESPONDING") or action_of(row.reason):
        return Lack(what)
    why = f": {row.reason}" if row.reason else ""
    remedy = f"hpctl slurm resume {row.name} --cluster {cluster}"
    return Lack(what, f"`{row.name}` takes no jobs ({meaning(row)}{why}); to let it: {remedy}")
