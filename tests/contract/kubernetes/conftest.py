"""The clusters and namespaces of the suite."""

from __future__ import annotations

from tests.contract.kubernetes.targets import cluster, reach, room, somebody, space

__all__ = ["cluster", "reach", "room", "somebody", "space"]
