"""The part of the World that is asked on nodes: Slurm on its controller, and single nodes from inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import TypeVar

from hpctl.facts.inside import Inside
from hpctl.facts.ports import Ports
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Target
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition

T = TypeVar("T")


class SlurmWorld(ABC):
    """Answers to questions that take a session, each asked once."""

    def slurm_controller(self, cluster: str) -> Target:
        """Return the node of a HyperPod cluster on Slurm that is its controller; raises what `controller_of` does."""
        ports = self._ports
        ask = (cluster, ports.clusters, ports.storage, ports.sessions)
        return self._once(("slurm-controller", cluster), lambda: controller_of(*ask))

    def slurm_nodes(self, cluster: str) -> tuple[SlurmNode, ...]:
        """Return the nodes of a cluster as its Slurm has them; raises what `Slurm` and sessions do."""
        ask = self.slurm_controller(cluster)
        return self._once(("slurm-nodes", cluster), lambda: self._ports.slurm.nodes(ask))

    def slurm_partitions(self, cluster: str) -> tuple[SlurmPartition, ...]:
        """Return the partitions of a cluster's Slurm."""
        ask = self.slurm_controller(cluster)
        return self._once(("slurm-partitions", cluster), lambda: self._ports.slurm.partitions(ask))

    def inside(self, cluster_id: str, node: Node) -> Inside:
        """Return what a node says of itself; raises what sessions raise."""
        target = Target(cluster_id, node.instance_group, node.node_id)
        return self._once(("inside", str(target)), lambda: self._ports.probes.look(target))

    @property
    @abstractmethod
    def _ports(self) -> Ports: ...

    @abstractmethod
    def _once(self, key: Hashable, ask: Callable[[], T]) -> T: ...
