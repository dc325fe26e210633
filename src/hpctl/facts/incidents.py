"""What happens to clusters: faults told once, and what a cluster tells for the remedies of known failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from hpctl import timeouts
from hpctl.facts.records import Cluster, Event

ERROR: Final = "Error"
"""The level of an event that tells of a fault (SageMaker `ClusterEventLevel`)."""

UNDER_WAY: Final = "InProgress"
"""The status of an operation that goes on (SageMaker `ClusterOperationStatus`)."""

UNHEALTHY: Final = ("Failure", "Failed")
"""Node statuses that mean broken: the enum says the first, AWS's guides the second."""


def collapse(events: Iterable[Event]) -> Iterator[Event]:
    """Yield events, oldest first as they come, the second of two errors that tell of one fault left out."""
    last: dict[tuple[str | None, str | None], Event] = {}
    near = timedelta(seconds=timeouts.PAIRED_EVENTS_S)
    for event in events:
        if event.level == ERROR:
            place = (event.instance_group, event.node_id)
            before = last.get(place)
            last[place] = event
            if before is not None and event.time - before.time <= near:
                continue
        yield event


def remedy_values(cluster: Cluster, group_name: str | None) -> dict[str, str | None]:
    """Return what a cluster tells for the placeholders of remedies, None for what it does not."""
    group = next((one for one in cluster.instance_groups if one.name == group_name), None)
    return {
        "name": cluster.name,
        "cluster_id": cluster.cluster_id,
        "region": cluster.region,
        "eks_cluster": cluster.eks_cluster_arn.rpartition("/")[2] if cluster.eks_cluster_arn else None,
        "group": group_name,
        "role": group.execution_role.rpartition("/")[2] if group and group.execution_role else None,
        "instance_type": group.instance_type if group else None,
        "security_group": cluster.security_group_ids[0] if len(cluster.security_group_ids) == 1 else None,
    }
