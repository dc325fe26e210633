"""Rebooting and replacing nodes, as a port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

MOST_AT_ONCE: Final = 25
"""Nodes that one request takes (SageMaker BatchRebootClusterNodes, BatchReplaceClusterNodes)."""

IN_USE: Final = "InstanceIdInUse"
"""SageMaker's code for a node on which another operation is in progress."""


@dataclass(frozen=True, slots=True)
class NodeRefusal:
    """A node that the request did not take; `code` is SageMaker's, such as `InvalidInstanceStatus`."""

    node_id: str
    code: str
    message: str


class NodeCare(Protocol):
    """SageMaker's batch operations on nodes; raises what the ports of `facts.ports` raise.

    Each takes the request as it is sent, and returns the nodes that were refused: the others are on their way.
    """

    def reboot(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        """Send BatchRebootClusterNodes."""
        ...

    def replace(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        """Send BatchReplaceClusterNodes."""
        ...
