"""Admission holds quotas, borrows only what is lent, lets in what fits, keeps turns, sends back as few as it can."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.controllers.kueue_admission import Ask, Verdict, Wish, judged, turn
from hpctl.sandbox.kube.controllers.kueue_amounts import told_amount
from hpctl.sandbox.kube.controllers.kueue_preemption import Why
from hpctl.sandbox.kube.controllers.kueue_quota import Group, Held, Market, Queue, Quota

GPU = "nvidia.com/gpu"
SLOT = ("p5", GPU)
POLICIES = ("Never", "LowerPriority", "LowerOrNewerEqualPriority")


def quota(nominal: int, borrowing: int | None = None, lending: int | None = None) -> Quota:
    limits = (None if each is None else Decimal(each) for each in (borrowing, lending))
    return Quota(Decimal(nominal), *limits)


def queue(name: str = "a", owned: Quota | None = None, cohort: str = "", **policies: str) -> Queue:
    within, reclaim = policies.get("within", "Never"), policies.get("reclaim", "Never")
    groups = (Group((GPU,), ("p5",)),)
    return Queue(name, groups, {SLOT: owned or quota(8)}, cohort, within=within, reclaim=reclaim)


def market(*queues: Queue, held: tuple[Held, ...] = ()) -> Market:
    return Market({each.name: each for each in queues}, held)


def wish(name: str, count: int, queue_of: str = "a", priority: int = 0, since: float = 0) -> Wish:
    return Wish(name, queue_of, (Ask("main", {GPU: Decimal(count)}),), priority, since)


def held(name: str, count: int, queue_of: str = "a", priority: int = 0, since: float = 0) -> Held:
    return Held(name, queue_of, {SLOT: Decimal(count)}, priority, since, since)


def let_in(verdicts: list[Verdict]) -> list[str]:
    return [each.wish.name for each in verdicts if not each.why]


def after(found: Market, verdicts: list[Verdict]) -> Market:
    """Return the market once everybody who was sent back has gone and everybody who was let in is there."""
    gone = [target.held for each in verdicts for target in each.targets]
    come = [Held(each.wish.name, each.wish.queue, each.uses) for each in verdicts if not each.why]
    return found.without(gone).holding(*come)


_LIMIT = st.none() | st.integers(0, 8)
_ROW = st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.integers(0, 2))


@st.composite
def _cases(draw: st.DrawFn, *, preempt: bool = False) -> tuple[Market, list[Wish]]:
    cohort, queues = draw(st.sampled_from(["", "lab"])), []
    for name in "abc":
        owned = quota(draw(st.integers(0, 8)), draw(_LIMIT), draw(_LIMIT))
        within = draw(st.sampled_from(POLICIES)) if preempt else "Never"
        reclaim = draw(st.sampled_from(("Never", "LowerPriority", "Any"))) if preempt else "Never"
        queues.append(queue(name, owned, cohort, within=within, reclaim=reclaim))
    rows = draw(st.lists(_ROW, max_size=10))
    wishes = [wish(str(at), count, name, priority, at) for at, (name, count, priority) in enumerate(rows)]
    return market(*queues), wishes


def is_within_quotas(found: Market) -> bool:
    for name, each in found.queues.items():
        owned, used = each.quota(SLOT), found.used(name, SLOT)
        if not each.cohort and used > owned.nominal:
            return False
        if owned.borrowing is not None and used > owned.nominal + owned.borrowing:
            return False
        lenders = [other for other in found.queues.values() if other.name != name and other.cohort == each.cohort]
        lent = sum((other.quota(SLOT).nominal - other.quota(SLOT).kept for other in lenders), Decimal())
        if each.cohort and used > owned.nominal + lent:
            return False
    total = sum((found.used(name, SLOT) for name in found.queues), Decimal())
    return total <= sum((each.quota(SLOT).nominal for each in found.queues.values()), Decimal())


@given(_cases())
def test_never_more_is_held_than_is_owned_and_lent(case: tuple[Market, list[Wish]]) -> None:
    found, wishes = case
    assert is_within_quotas(after(found, turn(found, wishes)))


@given(_cases())
def test_nobody_who_fits_is_left_waiting(case: tuple[Market, list[Wish]]) -> None:
    found, wishes = case
    verdicts = turn(found, wishes)
    then = after(found, verdicts)
    assert len(verdicts) == len(wishes)
    assert [each.wish.name for each in verdicts if each.why and not judged(then, each.wish).why] == []


@given(_cases(preempt=True), st.lists(_ROW, max_size=6))
def test_who_is_to_go_makes_room_and_no_one_of_them_could_stay(
    case: tuple[Market, list[Wish]], more: list[tuple[str, int, int]]
) -> None:
    found, wishes = case
    before = after(found, turn(found, wishes))
    assert is_within_quotas(before)
    for name, count, priority in more:
        late = wish("late", count, name, priority, 99)
        verdict = judged(before, late)
        gone = [target.held for target in verdict.targets]
        if not gone:
            continue
        assert judged(before.without(gone), late).why == ""
        assert is_within_quotas(before.without(gone).holding(Held("late", name, verdict.uses)))
        if before.queues[name].within == "Never":
            assert all(each.queue != name for each in gone)
        if before.queues[name].reclaim == "Never":
            assert all(each.queue == name for each in gone)


def rounds(found: Market, wishes: list[Wish]) -> Market:
    """Let turns follow each other, each sent back at once, until nothing changes; fails where that never is."""
    ahead: set[str] = set()
    for _ in range(3 * len(wishes) + 3):
        there = {one.name for one in found.held}
        verdicts = turn(found, [replace(each, next_up=each.name in ahead) for each in wishes if each.name not in there])
        ahead = {each.wish.name for each in verdicts if each.targets}
        gone = [target.held for each in verdicts for target in each.targets]
        come = [
            Held(one.wish.name, one.wish.queue, one.uses, one.wish.priority, 0, one.wish.since)
            for one in verdicts
            if not one.why
        ]
        if not gone and not come:
            return found
        found = found.without(gone).holding(*come)
    pytest.fail("somebody is sent back again and again")


@given(_cases(preempt=True))
def test_turns_come_to_rest(case: tuple[Market, list[Wish]]) -> None:
    """What is sent back comes back to the queue: it must not send back, nor be let in before, who sent it away."""
    assert is_within_quotas(rounds(*case))


def test_what_was_taken_back_is_not_lent_again_before_its_owner_has_it() -> None:
    queues = (queue("a", quota(1), "lab", reclaim="Any"), queue("b", quota(4), "lab"))
    wishes = [wish("owner", 1, "a"), wish("borrower", 5, "b", 1, 1), wish("ahead", 2, "a", 1, 2)]
    assert sorted(each.name for each in rounds(market(*queues), wishes).held) == ["ahead", "owner"]


def test_the_important_go_first_then_who_came_first() -> None:
    wishes = [wish("late", 1, since=2), wish("early", 1, since=1), wish("now", 1, priority=9, since=3)]
    assert let_in(turn(market(queue(owned=quota(2))), wishes)) == ["now", "early"]


def test_a_strict_queue_lets_nobody_pass_who_stands_behind() -> None:
    wishes = [wish("big", 4, since=1), wish("small", 1, since=2)]
    strict = Queue("a", (Group((GPU,), ("p5",)),), {SLOT: quota(2)}, strict=True)
    assert let_in(turn(market(strict), wishes)) == []
    assert let_in(turn(market(queue(owned=quota(2))), wishes)) == ["small"]


def test_who_needs_nothing_of_others_goes_before_who_borrows() -> None:
    both = market(queue("a", quota(2), "lab"), queue("b", quota(2), "lab"))
    wishes = [wish("borrower", 3, "a", priority=9), wish("owner", 2, "b")]
    assert let_in(turn(both, wishes)) == ["owner"]


def test_one_who_never_fits_does_not_keep_the_place_of_who_takes_back_its_own() -> None:
    queues = (queue("a", quota(0), "lab"), queue("c", quota(1), "lab", reclaim="Any"))
    wishes = [wish("borrower", 1, "a"), wish("huge", 2, "c", since=1), wish("owner", 1, "c", since=2)]
    assert let_in(turn(market(*queues), wishes)) == ["owner"]


def test_what_is_not_lent_is_not_borrowed_and_a_limit_of_borrowing_holds() -> None:
    lender = queue("b", quota(4, lending=1), "lab")
    both = market(queue("a", quota(2), "lab"), lender)
    assert (both.available("a", SLOT), both.capacity("a", SLOT)) == (Decimal(3), Decimal(3))
    limited = market(queue("a", quota(2, borrowing=0), "lab"), lender)
    assert (limited.available("a", SLOT), limited.capacity("a", SLOT)) == (Decimal(2), Decimal(2))
    # What it keeps is its own even where others have borrowed all the rest.
    taken = market(queue("a", quota(2), "lab"), lender, held=(held("x", 3),))
    assert taken.available("b", SLOT) == 3
    assert taken.borrowed("a", SLOT) == 1


def test_flavors_are_tried_in_order_and_a_pod_set_has_one_of_them() -> None:
    quotas = {("p4", GPU): quota(4), ("p5", GPU): quota(8), ("p4", "cpu"): quota(2), ("p5", "cpu"): quota(9)}
    both = market(Queue("a", (Group((GPU, "cpu"), ("p4", "p5")),), quotas))
    ask = {GPU: Decimal(2), "cpu": Decimal(3)}
    verdict = judged(both, Wish("w", "a", (Ask("main", ask),)))
    assert (verdict.why, verdict.flavors) == ("", {"main": {GPU: "p5", "cpu": "p5"}})
    picky = Ask("main", {GPU: Decimal(2)}, {"p4": "flavor p4 doesn't match node affinity"})
    assert judged(both, Wish("w", "a", (picky,))).flavors == {"main": {GPU: "p5"}}
    none = Ask("main", {GPU: Decimal(2)}, {"p4": "no p4", "p5": "no p5"})
    assert judged(both, Wish("w", "a", (none,))).why == "couldn't assign flavors to pod set main: no p4, no p5"


def test_the_pod_sets_of_a_workload_share_the_quota() -> None:
    two = Wish("w", "a", (Ask("master", {GPU: Decimal(4)}), Ask("worker", {GPU: Decimal(6)})))
    assert judged(market(queue()), two).why.endswith(
        "previously considered podsets requests (4) + current podset request (6) > maximum capacity (8)"
    )
    assert judged(market(queue(owned=quota(10))), two).uses == {SLOT: 10}
    short = judged(market(queue(owned=quota(10)), held=(held("x", 1),)), two).why
    assert short == (
        "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu in flavor p5, "
        "1 more needed"
    )


@pytest.mark.parametrize(("policy", "gone"), [*zip(POLICIES, ([], ["low"], ["low", "newer"]), strict=True)])
def test_within_a_queue_the_policy_says_who_may_be_sent_back(policy: str, gone: list[str]) -> None:
    rows = (held("low", 2, priority=1), held("newer", 3, priority=5, since=9), held("older", 3, priority=5, since=1))
    found = market(queue(within=policy), held=rows)
    count = 2 if policy == "LowerPriority" else 5
    verdict = judged(found, wish("w", count, priority=5, since=5))
    assert [target.held.name for target in verdict.targets] == gone
    assert {target.why for target in verdict.targets} <= {Why.IN_QUEUE}
    assert verdict.why.endswith(f"Pending the preemption of {len(gone)} workload(s)") == bool(gone)


def test_as_few_are_sent_back_as_make_room() -> None:
    rows = (held("small", 1, priority=0), held("big", 7, priority=1))
    verdict = judged(market(queue(within="LowerPriority"), held=rows), wish("w", 7, priority=5))
    assert [target.held.name for target in verdict.targets] == ["big"]


def test_only_who_borrows_gives_back_to_the_owner_and_the_owner_only_takes_its_own() -> None:
    queues = (queue("a", quota(4), "lab"), queue("b", quota(4), "lab", reclaim="Any"))
    rows = (held("own", 4, "a", since=1), held("borrowed", 3, "a", since=2))
    found = market(*queues, held=rows)
    verdict = judged(found, wish("w", 4, "b"))
    assert [(target.held.name, target.why) for target in verdict.targets] == [("borrowed", Why.IN_COHORT)]
    assert judged(found, wish("w", 5, "b")).targets == ()


def test_what_is_freed_for_one_is_nobody_elses() -> None:
    found = market(queue(within="LowerPriority"), held=(held("low", 6),))
    first, second = turn(found, [wish("first", 8, priority=5), wish("second", 2, priority=5, since=1)])
    assert [target.held.name for target in first.targets] == ["low"]
    assert (second.wish.name, second.why != "", second.targets) == ("second", True, ())
    assert let_in(turn(found, [wish("second", 2, priority=5)])) == ["second"]


@pytest.mark.parametrize(
    ("resource", "amount", "told"),
    [
        ("cpu", "2", "2"),
        ("cpu", "0.5", "500m"),
        ("memory", str(4396 * 1024**2), "4396Mi"),
        ("memory", str(3 * 1024**4), "3Ti"),
        ("memory", "1500", "1500"),
        ("memory", "0", "0"),
        (GPU, "1024", "1024"),
    ],
)
def test_amounts_are_told_as_kubernetes_tells_them(resource: str, amount: str, told: str) -> None:
    assert told_amount(resource, Decimal(amount)) == told
