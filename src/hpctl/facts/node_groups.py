"""The managed node groups of EKS clusters, as a port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class NodeGroups(Protocol):
    """What EKS tells of managed node groups; raises what the ports of `facts.ports` raise."""

    def roles(self, cluster: str) -> Mapping[str, str]:
        """Return the ARN of the nodes' role of every node group, by the group's name."""
        ...
