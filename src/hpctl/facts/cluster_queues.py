"""Kueue's ClusterQueues: what each may use at most.

Sources: the CRDs of kueue.x-k8s.io, v1beta1 and v1beta2 (`cohort` became `cohortName`); Kueue's documentation
("ClusterQueue", borrowingLimit and lendingLimit).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hpctl.facts.quantities import quantity


@dataclass(frozen=True, slots=True)
class Quota:
    """One resource of one flavor, in Kubernetes' base units; `may_borrow` and `may_lend` are None without a limit."""

    flavor: str
    resource: str
    nominal: float
    may_borrow: float | None = None
    may_lend: float | None = None

    @property
    def lendable(self) -> float:
        """What of it other queues of the cohort can get while nobody here uses it."""
        return self.nominal if self.may_lend is None else min(self.nominal, self.may_lend)


@dataclass(frozen=True, slots=True)
class ClusterQueue:
    """A quota, and the cohort in which queues lend and borrow (empty: none)."""

    name: str
    cohort: str
    quotas: tuple[Quota, ...]


def cluster_queue(found: Mapping[str, Any]) -> ClusterQueue:
    """Return a ClusterQueue as read from Kubernetes."""
    spec = found.get("spec") or {}
    cohort = str(spec.get("cohortName") or spec.get("cohort") or "")
    return ClusterQueue(str(found["metadata"]["name"]), cohort, tuple(_quotas(spec)))


def most(queue: ClusterQueue, all_queues: Iterable[ClusterQueue]) -> dict[str, float]:
    """Return how much of each resource a queue's jobs can ever have together: quota, and what it may borrow.

    A cohort's quota of its own (Kueue's object Cohort) is not in it.
    """
    others = [one for one in all_queues if one.name != queue.name and one.cohort == queue.cohort]
    total: dict[str, float] = {}
    for quota in queue.quotas:
        borrowed = _borrowed(quota, others) if queue.cohort else 0.0
        total[quota.resource] = total.get(quota.resource, 0.0) + quota.nominal + borrowed
    return total


def _borrowed(quota: Quota, others: Iterable[ClusterQueue]) -> float:
    key = (quota.flavor, quota.resource)
    there = sum(row.lendable for one in others for row in one.quotas if (row.flavor, row.resource) == key)
    return there if quota.may_borrow is None else min(there, quota.may_borrow)


def _quotas(spec: Mapping[str, Any]) -> Iterator[Quota]:
    for group in spec.get("resourceGroups") or ():
        for flavor in group.get("flavors") or ():
            for row in flavor.get("resources") or ():
                limits = (_limit(row.get("borrowingLimit")), _limit(row.get("lendingLimit")))
                yield Quota(str(flavor["name"]), str(row["name"]), quantity(row.get("nominalQuota", 0)), *limits)


def _limit(told: str | float | None) -> float | None:
    return None if told is None else quantity(told)
