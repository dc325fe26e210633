"""What queues own, lend and borrow, as Kueue accounts it; plain values, no objects.

Source: kubernetes-sigs/kueue v0.19, pkg/cache/scheduler (resource_node.go), for cohorts of one level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

Slot = tuple[str, str]
"""A flavor and a resource of it: what quotas are of."""
NOTHING: Final = Decimal()


@dataclass(frozen=True)
class Quota:
    """What a queue owns of a slot, may borrow of its cohort beyond, and lends at most; no limit is None."""

    nominal: Decimal
    borrowing: Decimal | None = None
    lending: Decimal | None = None

    @property
    def kept(self) -> Decimal:
        """What nobody else of the cohort gets."""
        return NOTHING if self.lending is None else max(NOTHING, self.nominal - self.lending)


_NO_QUOTA: Final = Quota(NOTHING)


@dataclass(frozen=True)
class Group:
    """Resources that come together from one flavor; flavors are tried in this order."""

    resources: tuple[str, ...]
    flavors: tuple[str, ...]


@dataclass(frozen=True)
class Queue:
    """A ClusterQueue; `within` and `reclaim` are its policies of preemption in Kueue's words."""

    name: str
    groups: tuple[Group, ...]
    quotas: Mapping[Slot, Quota]
    cohort: str = ""
    strict: bool = False
    within: str = "Never"
    reclaim: str = "Never"

    def quota(self, slot: Slot) -> Quota:
        """Return the quota of a slot; of what nobody gave any there is nothing."""
        return self.quotas.get(slot, _NO_QUOTA)


@dataclass(frozen=True)
class Held:
    """A workload that holds quota since a moment (seconds); `born` is when it came.

    It is `going` when it has been told to give it back.
    """

    name: str
    queue: str
    uses: Mapping[Slot, Decimal] = field(default_factory=dict)
    priority: int = 0
    since: float = 0.0
    born: float = 0.0
    going: bool = False


@dataclass(frozen=True)
class Market:
    """The queues by name, and who holds what of them."""

    queues: Mapping[str, Queue]
    held: tuple[Held, ...] = ()

    def holding(self, *more: Held) -> Market:
        """Return the market once others hold something too."""
        return replace(self, held=(*self.held, *more))

    def without(self, gone: Iterable[Held]) -> Market:
        """Return the market once some have given back what they held."""
        names = {each.name for each in gone}
        return replace(self, held=tuple(each for each in self.held if each.name not in names))

    def used(self, queue: str, slot: Slot) -> Decimal:
        """Return how much of a slot the workloads of a queue hold."""
        return sum((each.uses.get(slot, NOTHING) for each in self.held if each.queue == queue), NOTHING)

    def borrowed(self, queue: str, slot: Slot) -> Decimal:
        """Return how much of it is more than the queue owns."""
        found = self.queues[queue]
        return max(NOTHING, self.used(queue, slot) - found.quota(slot).nominal) if found.cohort else NOTHING

    def available(self, queue: str, slot: Slot) -> Decimal:
        """Return how much more of a slot a queue may take now; less than nothing where others took too much."""
        quota, used = self.queues[queue].quota(slot), self.used(queue, slot)
        if not self.queues[queue].cohort:
            return quota.nominal - used
        common = self._common(queue, slot) - sum(self._taken(each, slot) for each in self._members(queue, slot))
        if quota.borrowing is not None:
            own = quota.nominal - quota.kept - self._taken(queue, slot)
            common = min(common, own + quota.borrowing)
        return max(NOTHING, quota.kept - used) + common

    def capacity(self, queue: str, slot: Slot) -> Decimal:
        """Return how much of a slot a queue could hold if nobody else held anything."""
        quota = self.queues[queue].quota(slot)
        if not self.queues[queue].cohort:
            return quota.nominal
        most = quota.kept + self._common(queue, slot)
        return most if quota.borrowing is None else min(most, quota.nominal + quota.borrowing)

    def _members(self, queue: str, slot: Slot) -> list[str]:
        """Return the names of all that have quota of a slot in a queue's cohort, itself among them."""
        cohort = self.queues[queue].cohort
        return [name for name, each in self.queues.items() if each.cohort == cohort and slot in each.quotas]

    def _common(self, queue: str, slot: Slot) -> Decimal:
        """Return what the cohort has in common."""
        quotas = [self.queues[name].quotas[slot] for name in self._members(queue, slot)]
        return sum((quota.nominal - quota.kept for quota in quotas), NOTHING)

    def _taken(self, queue: str, slot: Slot) -> Decimal:
        """Return how much of the common a queue has taken."""
        return max(NOTHING, self.used(queue, slot) - self.queues[queue].quota(slot).kept)
