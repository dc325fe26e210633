"""Who may run: admission of workloads into queues as a function over plain values, as Kueue's `quota` has it.

Units are whole numbers of a resource's smallest unit (milli-CPUs, bytes, devices). Source: Kueue documentation,
"Cluster Queue" (nominalQuota, borrowingLimit, lendingLimit; StrictFIFO and BestEffortFIFO).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Quota:
    """What a queue owns of a resource, may borrow of its cohort, and lends; no limit is None."""

    nominal: int
    borrowing: int | None = None
    lending: int | None = None


@dataclass(frozen=True)
class Queue:
    """A ClusterQueue of one flavor: its quotas by resource, and the cohort that it shares with, if any."""

    name: str
    quotas: Mapping[str, Quota]
    cohort: str = ""
    strict: bool = False


@dataclass(frozen=True)
class Wish:
    """A workload that waits or runs: what it asks in all, how urgent it is, and when it came."""

    name: str
    queue: str
    asks: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    since: float = 0.0


def admitted(queues: Iterable[Queue], running: Iterable[Wish], waiting: Iterable[Wish]) -> list[Wish]:
    """Return who of those that wait may run now: the most urgent first, then who came first."""
    known = {queue.name: queue for queue in queues}
    taken, let_in, closed = list(running), [], set()
    for wish in in_turn(waiting):
        if wish.queue not in known or wish.queue in closed:
            continue
        if fits(list(known.values()), taken, wish):
            taken.append(wish)
            let_in.append(wish)
        elif known[wish.queue].strict:
            closed.add(wish.queue)
    return let_in


def in_turn(waiting: Iterable[Wish]) -> list[Wish]:
    """Return wishes in the order in which they are tried."""
    return sorted(waiting, key=lambda wish: (-wish.priority, wish.since, wish.name))


def fits(queues: Sequence[Queue], running: Iterable[Wish], wish: Wish) -> bool:
    """Tell whether a workload finds room in its queue, with what the queue may borrow."""
    taken = [*running]
    queue = next(each for each in queues if each.name == wish.queue)
    return all(amount <= room(queues, taken, queue, resource) for resource, amount in wish.asks.items())


def room(queues: Sequence[Queue], running: Sequence[Wish], queue: Queue, resource: str) -> int:
    """Return how much more of a resource a queue may take; what nobody gave it quota of, it may not."""
    quota = queue.quotas.get(resource)
    if quota is None:
        return 0
    own = quota.nominal - used(running, queue.name, resource)
    if not queue.cohort:
        return own
    borrowed = own + _lent(queues, running, queue, resource)
    return borrowed if quota.borrowing is None else min(borrowed, own + quota.borrowing)


def used(running: Iterable[Wish], queue: str, resource: str) -> int:
    """Return how much of a resource those that run in a queue hold."""
    return sum(wish.asks.get(resource, 0) for wish in running if wish.queue == queue)


def _lent(queues: Sequence[Queue], running: Sequence[Wish], to: Queue, resource: str) -> int:
    """Return what the others of a cohort leave: less than nothing when they hold what is this queue's own."""
    return sum(
        _left(each.quotas[resource], used(running, each.name, resource))
        for each in queues
        if each.cohort == to.cohort and each.name != to.name and resource in each.quotas
    )


def _left(quota: Quota, in_use: int) -> int:
    """Return what a queue leaves to its cohort; what it does not lend covers its own use first."""
    lends = quota.nominal if quota.lending is None else min(quota.lending, quota.nominal)
    return lends - max(0, in_use - (quota.nominal - lends))
