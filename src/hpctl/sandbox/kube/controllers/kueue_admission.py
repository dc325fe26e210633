"""Who may run: one turn of Kueue's scheduler as a function over plain values.

Source: kubernetes-sigs/kueue v0.19, pkg/scheduler (scheduler.go, flavorassigner/flavorassigner.go); its words of what
keeps a workload waiting are Kueue's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import IntEnum
from typing import Final

from hpctl.sandbox.kube.controllers.kueue_amounts import told_amount
from hpctl.sandbox.kube.controllers.kueue_preemption import Claim, Target, targets
from hpctl.sandbox.kube.controllers.kueue_quota import NOTHING, Group, Held, Market, Queue, Slot

PREEMPTING: Final = "Pending the preemption of"


@dataclass(frozen=True)
class Ask:
    """What all pods of a pod set ask for, and why flavors by name are none for them."""

    name: str
    amounts: Mapping[str, Decimal]
    unfit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wish:
    """A workload that waits: what it asks, how important it is, and since when (seconds) it is there.

    It is `next_up` when others have been sent back for it: else somebody could take what they leave.
    """

    name: str
    queue: str
    asks: tuple[Ask, ...]
    priority: int = 0
    since: float = 0.0
    next_up: bool = False


@dataclass(frozen=True)
class Verdict:
    """What becomes of a wish: it is let in with these flavors, unless something is told that keeps it waiting.

    Then `targets` give back what they hold for it, if anybody does.
    """

    wish: Wish
    flavors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    uses: Mapping[Slot, Decimal] = field(default_factory=dict)
    why: str = ""
    targets: tuple[Target, ...] = ()


class _Mode(IntEnum):
    NO = 0
    LATER = 1
    PREEMPT = 2
    FITS = 3


def turn(market: Market, wishes: Iterable[Wish]) -> list[Verdict]:
    """Return what becomes of each wish that is tried; a strict queue is left once somebody of it has to wait."""
    return list(_Turn(market, wishes).verdicts())


def in_turn(wishes: Iterable[Wish]) -> list[Wish]:
    """Return wishes in the order in which a queue tries them."""
    return sorted(wishes, key=_rank)


def judged(market: Market, wish: Wish) -> Verdict:
    """Return what becomes of one wish."""
    return _Judge(market, wish).verdict()


def _rank(wish: Wish) -> tuple[bool, int, float, str]:
    return not wish.next_up, -wish.priority, wish.since, wish.name


class _Turn:
    """One turn: of the first of each queue who can be helped now, who needs nothing of others goes first.

    Whoever cannot be helped is passed by at once. If such a one kept the place of its queue, somebody behind it would
    find its own quota borrowed, take it back, and find it borrowed again, for ever.
    """

    def __init__(self, market: Market, wishes: Iterable[Wish]) -> None:
        self._market = market
        # As the market will be: what is being freed for somebody is nobody else's.
        self._guarded = market
        self._waiting: defaultdict[str, list[Wish]] = defaultdict(list)
        for wish in in_turn(wishes):
            self._waiting[wish.queue].append(wish)

    def verdicts(self) -> Iterator[Verdict]:
        while True:
            heads: list[Verdict] = []
            for name, rows in self._waiting.items():
                yield from self._passed(name, rows, heads)
            if not heads:
                return
            chosen = min(heads, key=lambda each: (self._borrows(each), _rank(each.wish)))
            self._give(chosen)
            yield chosen

    def _passed(self, queue: str, rows: list[Wish], heads: list[Verdict]) -> Iterator[Verdict]:
        """Yield who of a queue is passed by, and add the first who can be helped to the heads."""
        while rows:
            verdict = judged(self._guarded, rows[0])
            if not verdict.why or verdict.targets:
                heads.append(verdict)
                return
            plain = judged(self._market, rows.pop(0))
            yield verdict if plain.targets else replace(verdict, why=plain.why or verdict.why)
            if self._market.queues[queue].strict:
                rows.clear()

    def _give(self, verdict: Verdict) -> None:
        wish = verdict.wish
        rows = self._waiting[wish.queue]
        rows.pop(0)
        mine = Held(wish.name, wish.queue, verdict.uses, wish.priority, going=True)
        self._guarded = self._guarded.holding(mine)
        if not verdict.why:
            self._market = self._market.holding(mine)
        elif self._market.queues[wish.queue].strict:
            rows.clear()

    def _borrows(self, verdict: Verdict) -> bool:
        queue = self._market.queues[verdict.wish.queue]
        used = ((slot, self._market.used(queue.name, slot) + amount) for slot, amount in verdict.uses.items())
        return any(amount > queue.quota(slot).nominal for slot, amount in used)


class _Judge:
    """Finds a flavor for each resource of each pod set."""

    def __init__(self, market: Market, wish: Wish) -> None:
        self._market, self._wish = market, wish
        self._queue: Queue = market.queues[wish.queue]
        self._uses: dict[Slot, Decimal] = {}
        self._mode = _Mode.FITS

    def verdict(self) -> Verdict:
        flavors: dict[str, Mapping[str, str]] = {}
        told: list[str] = []
        for ask in self._wish.asks:
            found, reasons = self._assigned(ask)
            flavors[ask.name] = found
            if reasons:
                told.append(f"couldn't assign flavors to pod set {ask.name}: {', '.join(sorted(reasons))}")
            if self._mode is _Mode.NO:
                break
        if self._mode is _Mode.FITS:
            return Verdict(self._wish, flavors, self._uses)
        why, gone = "; ".join(told), self._targets(self._uses) if self._mode is _Mode.PREEMPT else ()
        if gone:
            why = f"{why}. {PREEMPTING} {len(gone)} workload(s)"
        return Verdict(self._wish, flavors, self._uses, why, gone)

    def _assigned(self, ask: Ask) -> tuple[dict[str, str], list[str]]:
        asked = {name: amount for name, amount in ask.amounts.items() if amount}
        found: dict[str, str] = {}
        told = [f"resource {name} unavailable in ClusterQueue" for name in self._uncovered(asked)]
        if told:
            self._mode = _Mode.NO
            return found, told
        for group in self._queue.groups:
            wanted = {name: amount for name, amount in asked.items() if name in group.resources}
            if not wanted:
                continue
            mode, flavor, reasons = self._best(group, ask, wanted)
            self._mode = min(self._mode, mode)
            if mode < _Mode.FITS:
                told += reasons
            for name, amount in wanted.items():
                if mode > _Mode.NO:
                    found[name] = flavor
                    self._uses[flavor, name] = self._uses.get((flavor, name), NOTHING) + amount
        return found, told

    def _uncovered(self, asked: Iterable[str]) -> Iterator[str]:
        covered = {name for group in self._queue.groups for name in group.resources}
        return (name for name in asked if name not in covered)

    def _best(self, group: Group, ask: Ask, wanted: Mapping[str, Decimal]) -> tuple[_Mode, str, list[str]]:
        """Return the first flavor that fits, else the first one that could once somebody has gone, or later."""
        best, chosen, told = _Mode.NO, "", list[str]()
        for flavor in group.flavors:
            if flavor in ask.unfit:
                told.append(ask.unfit[flavor])
                continue
            rows = [self._tried((flavor, name), amount) for name, amount in wanted.items()]
            told += [why for _, why in rows if why]
            mode = min(mode for mode, _ in rows)
            if mode > best:
                best, chosen = mode, flavor
            if best is _Mode.FITS:
                break
        return best, chosen, told

    def _tried(self, slot: Slot, amount: Decimal) -> tuple[_Mode, str]:
        flavor, name = slot
        before, most = self._uses.get(slot, NOTHING), self._market.capacity(self._queue.name, slot)
        wanted, free = before + amount, self._market.available(self._queue.name, slot)
        if wanted > most:
            numbers = [told_amount(name, each) for each in (before, amount, most)]
            return _Mode.NO, (
                f"insufficient quota for {name} in flavor {flavor}, previously considered podsets requests "
                f"({numbers[0]}) + current podset request ({numbers[1]}) > maximum capacity ({numbers[2]})"
            )
        if wanted <= free:
            return _Mode.FITS, ""
        lack = told_amount(name, wanted - free)
        why = f"insufficient unused quota for {name} in flavor {flavor}, {lack} more needed"
        return (_Mode.PREEMPT if self._targets({slot: wanted}) else _Mode.LATER), why

    def _targets(self, uses: Mapping[Slot, Decimal]) -> tuple[Target, ...]:
        return targets(self._market, Claim(self._queue.name, uses, self._wish.priority, self._wish.since))
