"""What a cluster was before an update: without it, nobody can tell this update's effects from older ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from hpctl.errors import AccessError, RefusedError
from hpctl.facts.ports import Clusters, Ports
from hpctl.facts.records import Cluster, InstanceGroup, Operation

RECENT = 100
"""Operations that are looked through: one page of the API."""


@dataclass(frozen=True)
class Baseline:
    """A cluster before an update is sent, and what the update asks of it.

    `groups` are those that the request lists, `counts` what it asks for, `deleted` what it lets go. `operations` are
    the ids of those that were there already, `newest_event` is the time of the last event before.
    """

    cluster: Cluster
    groups: frozenset[str]
    counts: Mapping[str, int]
    deleted: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    newest_event: datetime | None = None

    def group(self, name: str) -> InstanceGroup | None:
        """Return the group as it was."""
        return next((group for group in self.cluster.instance_groups if group.name == name), None)

    @property
    def shows(self) -> bool:
        """Whether the counts of the cluster will show that the update has begun."""
        before = {group.name: group.target_count for group in self.cluster.instance_groups}
        return bool(self.deleted) or any(before.get(name) != count for name, count in self.counts.items())


def before_update(request: Mapping[str, Any], ports: Ports) -> Baseline:
    """Look at the cluster that an UpdateCluster or UpdateClusterSoftware request names; call it before sending that.

    A request for software that lists no group is about all of them. Operations and events that cannot be read
    are left out: they will not be readable later either. Raises `NotFoundError` when there is no such cluster.
    """
    cluster = ports.clusters.describe(request["ClusterName"])
    listed = (*request.get("InstanceGroups", ()), *request.get("RestrictedInstanceGroups", ()))
    return Baseline(
        cluster=cluster,
        groups=frozenset(group["InstanceGroupName"] for group in listed),
        counts={group["InstanceGroupName"]: group["InstanceCount"] for group in listed if "InstanceCount" in group},
        deleted=frozenset(request.get("InstanceGroupsToDelete", ())),
        operations=frozenset(_operation_ids(cluster, ports.clusters)),
        newest_event=_newest_event(cluster, ports.clusters),
    )


def recent_operations(cluster: Cluster, clusters: Clusters) -> tuple[Operation, ...]:
    """Return the newest operations, newest first."""
    return tuple(islice(clusters.operations(cluster.arn), RECENT))


def _operation_ids(cluster: Cluster, clusters: Clusters) -> Iterator[str]:
    try:
        yield from (operation.operation_id for operation in recent_operations(cluster, clusters))
    except (AccessError, RefusedError):
        return


def _newest_event(cluster: Cluster, clusters: Clusters) -> datetime | None:
    if not cluster.continuous:
        return None
    try:
        newest = next(iter(clusters.events(cluster.arn)), None)
    except (AccessError, RefusedError):
        return None
    return newest.time if newest else None
