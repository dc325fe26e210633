"""The clusters and namespaces of the suite."""

from __future__ import annotations

from tests.contract.kubernetes.targets import cluster, room, somebody, space

__all__ = ["cluster", "room", "somebody", "space"]
