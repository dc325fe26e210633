"""Who gives back quota so that somebody else fits: the fewest, the least important and the latest first.

Source: kubernetes-sigs/kueue v0.19, pkg/scheduler/preemption (preemption.go, common/ordering.go); documentation,
"Preemption". Fair sharing and borrowWithinCohort are not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hpctl.sandbox.kube.controllers.kueue_quota import Held, Market, Queue, Slot


class Why(StrEnum):
    """Why somebody is preempted: Kueue's reasons."""

    IN_QUEUE = "InClusterQueue"
    IN_COHORT = "InCohortReclamation"


@dataclass(frozen=True)
class Target:
    """Somebody who is to give back what it holds."""

    held: Held
    why: Why


@dataclass(frozen=True)
class Claim:
    """What somebody wants of a queue, and how it ranks."""

    queue: str
    uses: Mapping[Slot, Decimal]
    priority: int
    since: float


def targets(market: Market, claim: Claim) -> tuple[Target, ...]:
    """Return who must go so that a claim fits; none when that would not help, or nobody may be sent away."""
    queue = market.queues[claim.queue]
    short = [slot for slot, amount in claim.uses.items() if amount > market.available(claim.queue, slot)]
    rows = sorted(_candidates(market, claim, short), key=lambda each: _turn(each, claim.queue))
    own = [each for each in rows if each.queue == claim.queue]
    if len(own) < len(rows) and _is_owned(market, queue, claim.uses):
        found = _fewest(market, claim, rows, short, borrowing=False)
        if found:
            return found
    return _fewest(market, claim, own, short, borrowing=True)


def _candidates(market: Market, claim: Claim, short: list[Slot]) -> Iterator[Held]:
    for each in market.held:
        if any(each.uses.get(slot) for slot in short) and _may_go(market, each, claim, short):
            yield each


def _may_go(market: Market, each: Held, claim: Claim, short: list[Slot]) -> bool:
    queue = market.queues[claim.queue]
    if each.queue == claim.queue:
        return _may_within(queue.within, each, claim)
    if not queue.cohort or market.queues[each.queue].cohort != queue.cohort or not _borrows(market, each, short):
        return False
    return queue.reclaim == "Any" or (queue.reclaim == "LowerPriority" and each.priority < claim.priority)


def _may_within(policy: str, each: Held, claim: Claim) -> bool:
    if policy == "Never":
        return False
    newer = policy == "LowerOrNewerEqualPriority" and each.priority == claim.priority and each.born > claim.since
    return each.priority < claim.priority or newer


def _borrows(market: Market, each: Held, slots: Iterable[Slot]) -> bool:
    return any(market.borrowed(each.queue, slot) > 0 for slot in slots)


def _turn(each: Held, queue: str) -> tuple[bool, bool, int, float, str]:
    """Who goes anyway, then those of others, then the least important, then who came last."""
    return not each.going, each.queue == queue, each.priority, -each.since, each.name


def _is_owned(market: Market, queue: Queue, uses: Mapping[Slot, Decimal]) -> bool:
    """Whether the queue is within its own quota of all that is wanted."""
    return all(market.used(queue.name, slot) < queue.quota(slot).nominal for slot in uses)


def _fewest(
    market: Market, claim: Claim, candidates: Iterable[Held], short: list[Slot], *, borrowing: bool
) -> tuple[Target, ...]:
    gone: list[Held] = []
    for each in candidates:
        left = market.without(gone)
        if each.queue != claim.queue and not _borrows(left, each, short):
            continue
        gone.append(each)
        if _fits(market.without(gone), claim, borrowing=borrowing):
            break
    else:
        return ()
    for each in reversed(gone[:-1]):
        kept = [other for other in gone if other is not each]
        if _fits(market.without(kept), claim, borrowing=borrowing):
            gone = kept
    return tuple(Target(each, Why.IN_QUEUE if each.queue == claim.queue else Why.IN_COHORT) for each in gone)


def _fits(market: Market, claim: Claim, *, borrowing: bool) -> bool:
    queue = market.queues[claim.queue]
    return all(
        amount <= market.available(claim.queue, slot)
        and (borrowing or market.used(claim.queue, slot) + amount <= queue.quota(slot).nominal)
        for slot, amount in claim.uses.items()
    )
