"""No sync loses what somebody wrote: decided from here, there, and what both were last."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.facts.dev_sync import Entry
from hpctl.services.dev.sync_plan import Direction, Prefer, SyncPlan, SyncWish, base_after, blocked, plan_sync

Side = Mapping[str, Entry]
BOTH = SyncWish()

sides = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12345").map(Entry), max_size=3)
wishes = st.builds(SyncWish, st.sampled_from(Direction), st.just(Prefer.NEITHER))


def a_side(**files: str) -> dict[str, Entry]:
    return {name: Entry(content) for name, content in files.items()}


def after(plan: SyncPlan, here: Side, there: Side) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return both sides once the plan was carried out, deletions left out."""
    sent = {path: here[path] for path in plan.send}
    fetched = {path: there[path] for path in plan.fetch}
    return {**here, **fetched}, {**there, **sent}


@pytest.mark.parametrize(
    ("here", "there", "base", "expected"),
    [
        (a_side(x="1"), {}, {}, SyncPlan(send=["x"])),
        ({}, a_side(x="1"), {}, SyncPlan(fetch=["x"])),
        (a_side(x="2"), a_side(x="1"), a_side(x="1"), SyncPlan(send=["x"])),
        (a_side(x="1"), a_side(x="2"), a_side(x="1"), SyncPlan(fetch=["x"])),
        (a_side(x="2"), a_side(x="3"), a_side(x="1"), SyncPlan(conflicts=["x"])),
        (a_side(x="2"), a_side(x="3"), {}, SyncPlan(conflicts=["x"])),
        (a_side(x="2"), a_side(x="2"), a_side(x="1"), SyncPlan()),
        (a_side(x="1"), {}, a_side(x="1"), SyncPlan(gone_there=["x"])),
        ({}, a_side(x="1"), a_side(x="1"), SyncPlan(gone_here=["x"])),
        (a_side(x="2"), {}, a_side(x="1"), SyncPlan(send=["x"])),
        ({}, a_side(x="2"), a_side(x="1"), SyncPlan(fetch=["x"])),
    ],
)
def test_the_side_that_has_changed_counts(here: Side, there: Side, base: Side, expected: SyncPlan) -> None:
    assert plan_sync(here, there, base, BOTH) == expected


@given(sides, sides, sides, wishes)
def test_nothing_that_only_one_side_has_is_overwritten(here: Side, there: Side, base: Side, wish: SyncWish) -> None:
    plan = plan_sync(here, there, base, wish)
    new_here, new_there = after(plan, here, there)
    kept = {(path, one) for side in (new_here, new_there) for path, one in side.items()}
    written = {(path, one) for side in (here, there) for path, one in side.items() if base.get(path) != one}
    assert written <= kept


@given(sides, sides, sides)
def test_a_second_sync_has_nothing_more_to_bring(here: Side, there: Side, base: Side) -> None:
    plan = plan_sync(here, there, base, BOTH)
    new_here, new_there = after(plan, here, there)
    again = plan_sync(new_here, new_there, base_after(plan, here, there, base), BOTH)
    assert (again.send, again.fetch) == ([], [])
    assert (again.conflicts, again.gone_here, again.gone_there) == (plan.conflicts, plan.gone_here, plan.gone_there)


@given(sides, sides, sides)
def test_one_way_leaves_the_other_side_alone(here: Side, there: Side, base: Side) -> None:
    assert not plan_sync(here, there, base, SyncWish(Direction.TO)).fetch
    assert not plan_sync(here, there, base, SyncWish(Direction.FROM)).send


@pytest.mark.parametrize(
    ("prefer", "expected"), [(Prefer.HERE, SyncPlan(send=["x"])), (Prefer.POD, SyncPlan(fetch=["x"]))]
)
def test_a_conflict_is_decided_by_whom_the_person_prefers(prefer: Prefer, expected: SyncPlan) -> None:
    assert plan_sync(a_side(x="2"), a_side(x="3"), {}, SyncWish(prefer=prefer)) == expected


def test_a_folder_that_is_a_file_on_the_other_side_is_named() -> None:
    here, there = a_side(**{"a/b": "1"}), a_side(a="2")
    plan = plan_sync(here, there, {}, BOTH)
    assert set(blocked(plan, here, there)) == {"a/b", "a"}
    assert blocked(plan_sync(here, {}, {}, BOTH), here, {}) == ()
