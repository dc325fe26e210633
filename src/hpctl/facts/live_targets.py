"""What lives and is judged through the SageMaker API alone, whoever orchestrates it."""

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
