"""Kueue's ClusterQueues and LocalQueues become rows (source: the CRDs of kueue.x-k8s.io, v1beta1 and v1beta2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hpctl.facts.cluster_queues import Quota, cluster_queue
from hpctl.facts.quantities import quantity
from hpctl.report.queues import QueueAmount, QueueRow, TeamQueue

Object = Mapping[str, Any]
Used = Mapping[tuple[str, str], Object]


def queue_row(found: Object, queues: Iterable[TeamQueue]) -> QueueRow:
    """Return a ClusterQueue with those of the queues that draw on it."""
    read, status = cluster_queue(found), found.get("status") or {}
    return QueueRow(
        name=read.name,
        cohort=read.cohort,
        pending=int(status.get("pendingWorkloads") or 0),
        admitted=int(status.get("admittedWorkloads") or 0),
        trouble=_trouble(found),
        amounts=tuple(_amounts(read.quotas, status)),
        queues=tuple(row for row in queues if row.cluster_queue == read.name),
    )


def team_queue(found: Object) -> TeamQueue:
    """Return a LocalQueue."""
    metadata, status = found["metadata"], found.get("status") or {}
    return TeamQueue(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        cluster_queue=str((found.get("spec") or {}).get("clusterQueue") or ""),
        pending=int(status.get("pendingWorkloads") or 0),
        admitted=int(status.get("admittedWorkloads") or 0),
        trouble=_trouble(found),
    )


def conditions(found: Object) -> dict[str, Object]:
    """Return an object's conditions by type: their order says nothing."""
    return {str(row.get("type")): row for row in (found.get("status") or {}).get("conditions") or ()}


def _trouble(found: Object) -> str:
    policy = str((found.get("spec") or {}).get("stopPolicy") or "None")
    if policy != "None":
        return "stopped, and its jobs put back" if policy == "HoldAndDrain" else "stopped for new jobs"
    active = conditions(found).get("Active")
    if active is None:
        return "Kueue has said nothing of it yet"
    return "" if active.get("status") == "True" else str(active.get("message") or active.get("reason") or "not active")


def _amounts(quotas: Iterable[Quota], status: Object) -> Iterator[QueueAmount]:
    used, reserved = _by_flavor(status.get("flavorsUsage")), _by_flavor(status.get("flavorsReservation"))
    for one in quotas:
        key = (one.flavor, one.resource)
        held = reserved.get(key, {})
        yield QueueAmount(
            flavor=one.flavor,
            resource=one.resource,
            quota=one.nominal,
            used=quantity(used.get(key, {}).get("total", 0)),
            reserved=quantity(held.get("total", 0)),
            borrowed=quantity(held.get("borrowed", 0)),
            may_borrow=one.may_borrow,
            may_lend=one.may_lend,
        )


def _by_flavor(rows: Iterable[Object] | None) -> Used:
    return {(str(one["name"]), str(row["name"])): row for one in rows or () for row in one.get("resources") or ()}
