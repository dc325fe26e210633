"""One event of a cluster, as ListClusterEvents and DescribeClusterEvent tell it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hpctl.sandbox.sagemaker.cluster import Cluster

# AWS keeps about so many of the newest.
KEPT = 500


@dataclass(frozen=True)
class Event:
    """One event: when, about what, and what only DescribeClusterEvent tells (`metadata`, an EventMetadata)."""

    at: datetime
    description: str
    resource_type: str = "Cluster"
    group: str | None = None
    instance_id: str | None = None
    level: str = "Info"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    operation: str | None = None

    def id(self, cluster: Cluster) -> str:
        """Return the EventId: the same event has the same id whenever it is asked for."""
        # Two nodes without an instance may be told of at one moment: their logical ids tell them apart.
        node = self.metadata.get("Instance", {}).get("NodeLogicalId")
        text = f"{self.at.isoformat()} {self.group} {self.instance_id or node} {self.description}"
        return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, cluster.arn), text))

    def summary(self, cluster: Cluster) -> dict[str, Any]:
        """Return the `ClusterEventSummary`."""
        return {
            "EventId": self.id(cluster),
            "ClusterArn": cluster.arn,
            "ClusterName": cluster.name,
            "InstanceGroupName": self.group,
            "InstanceId": self.instance_id,
            "ResourceType": self.resource_type,
            "EventTime": self.at,
            "Description": self.description,
            "EventLevel": self.level,
            "OperationId": self.operation,
        }

    def details(self, cluster: Cluster) -> dict[str, Any]:
        """Return the `ClusterEventDetail`."""
        return {**self.summary(cluster), "EventDetails": {"EventMetadata": dict(self.metadata) or None}}
