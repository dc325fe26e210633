"""What lives and is judged: clusters and nodes as the SageMaker API has them, and nodes as Kubernetes has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveCluster:
    """A HyperPod cluster that there is."""

    name: str


@dataclass(frozen=True, slots=True)
class LiveNode:
    """One node of a HyperPod cluster that there is; `node_id` is its instance's id."""

    cluster: str
    node_id: str

    @property
    def name(self) -> str:
        """How the node is named in a report's subject."""
        return f"{self.cluster}/{self.node_id}"


@dataclass(frozen=True, slots=True)
class ClusterOnSlurm:
    """A HyperPod cluster that there is, as its Slurm has it."""

    name: str


@dataclass(frozen=True, slots=True)
class NodeInside:
    """A node that runs, as it is from inside, over a session."""

    cluster: str
    node_id: str

    @property
    def name(self) -> str:
        """How the node is named in a report's subject."""
        return f"{self.cluster}/{self.node_id}"


@dataclass(frozen=True, slots=True)
class NodeOnEks:
    """The same node where EKS orchestrates: what Kubernetes has of it, in the EKS cluster of that name."""

    cluster: str
    node_id: str
    eks_cluster: str

    @property
    def name(self) -> str:
        """How the node is named in a report's subject."""
        return f"{self.cluster}/{self.node_id}"
