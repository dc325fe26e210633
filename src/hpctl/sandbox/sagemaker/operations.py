"""Operations: what DescribeClusterOperation tells of a scaling or of deep health checks.

A later scaling of a group supersedes an earlier one that has not come to its end there (AWS documentation); the
counts of the earlier one stay as they were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# AWS documentation.
KEPT = timedelta(days=14)
IN_PROGRESS, SUPERSEDED, DONE = "InProgress", "Superseded", "Done"
SCALING, DEEP_HEALTH_CHECK = "Scaling", "DeepHealthCheck"


@dataclass
class Part:
    """What a scaling does to one group."""

    original: Mapping[str, int]
    desired: Mapping[str, int]
    status: str = IN_PROGRESS

    def row(self, group: str) -> dict[str, Any]:
        """Return the entry of `ScalingDetails`."""
        counts = {"Original": dict(self.original), "Desired": dict(self.desired)}
        return {"InstanceGroupName": group, "Status": self.status, **counts}


@dataclass
class Operation:
    """An operation: `parts` are a scaling's groups, `checks` what StartClusterHealthCheck asked."""

    id: str
    kind: str
    at: datetime
    parts: dict[str, Part] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    checked: bool = False

    @property
    def status(self) -> str:
        """InProgress while one group is; Superseded when none is and one was."""
        if self.kind == DEEP_HEALTH_CHECK:
            return DONE if self.checked else IN_PROGRESS
        found = {part.status for part in self.parts.values()}
        return next((status for status in (IN_PROGRESS, SUPERSEDED) if status in found), DONE)

    def summary(self, arn: str) -> dict[str, Any]:
        """Return the `ClusterOperationSummary`."""
        return {
            "OperationId": self.id,
            "ClusterArn": arn,
            "Type": self.kind,
            "Status": self.status,
            "CreationTime": self.at,
        }

    def details(self, arn: str) -> dict[str, Any]:
        """Return the answer of DescribeClusterOperation."""
        return {
            **self.summary(arn),
            "ScalingDetails": [part.row(group) for group, part in self.parts.items()] or None,
            "DeepHealthCheckDetails": self.checks or None,
        }
