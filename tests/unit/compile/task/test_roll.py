from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.task.agent.roll import AWAY, ENDS, HEARD, NOTED, RESTARTS, Roll

END, GONE_FOR_A_WHILE = {"order": "end"}, {"order": "away"}


def hello(boot: str = "first", **codes: int) -> dict[str, Any]:
    return {"boot": boot, "codes": codes}


def stop(rank: int, phase: str = "run", code: int = 3) -> dict[str, Any]:
    return {"order": "stop", "rank": rank, "phase": phase, "exit": code}


def called(nodes: int = 3, failure: str = ENDS) -> Roll:
    """All ranks are there."""
    roll = Roll(nodes, failure, 100.0)
    for rank in range(nodes):
        roll.join(rank, hello())
    return roll


def test_rank_0_hears_when_all_have_begun_and_the_others_at_once() -> None:
    roll = Roll(3, ENDS, 100.0)
    assert roll.join(2, hello()) == [(2, HEARD)]
    assert roll.join(0, hello()) == []
    assert roll.join(1, hello()) == [(1, HEARD), (0, HEARD)]
    assert roll.missing == []


def test_a_failure_is_told_to_all_others_and_only_the_first() -> None:
    roll = called()
    assert roll.report(1, "run", 3) == [(0, stop(1)), (2, stop(1)), (1, NOTED)]
    assert roll.over
    assert roll.report(2, "run", 1) == [(2, NOTED)]
    assert roll.look(1e9) == []


def test_who_comes_only_after_a_failure_hears_of_it() -> None:
    roll = Roll(2, ENDS, 100.0)
    roll.join(0, hello())
    assert not roll.strangers
    roll.report(0, "setup", 4)
    assert roll.strangers
    assert roll.join(1, hello()) == [(1, stop(0, "setup", 4))]
    assert not roll.strangers


def test_what_a_rank_could_not_report_in_time_comes_with_its_hello() -> None:
    roll = Roll(2, ENDS, 100.0)
    roll.join(0, hello())
    assert (0, stop(1)) in roll.join(1, hello(run=3))
    assert roll.join(1, hello(run=3)) == [(1, stop(1))]


def test_a_rank_that_ends_well_may_go_and_the_first_says_farewell() -> None:
    roll = called()
    assert roll.report(2, "run", 0) == [(2, NOTED)]
    roll.leave(2, now=0.0)
    assert roll.look(now=1e9) == []
    assert roll.report(0, "run", 0) == [(1, END), (2, END), (0, NOTED)]
    assert roll.over
    assert not roll.strangers


@pytest.mark.parametrize(("rank", "told"), [(1, []), (0, [(1, GONE_FOR_A_WHILE), (2, GONE_FOR_A_WHILE)])])
def test_a_rank_that_is_only_away_has_not_failed_and_comes_back(rank: int, told: list[Any]) -> None:
    roll = called()
    assert roll.report(rank, AWAY, 143) == [*told, (rank, NOTED)]
    roll.leave(rank, now=0.0)
    assert (roll.look(now=1e9), roll.over) == ([], False)
    roll.join(rank, hello())
    roll.leave(rank, now=10.0)
    assert roll.look(now=1e9) == [(each, stop(rank, "lost", 137)) for each in range(3) if each != rank]


def test_a_rank_that_stays_away_without_a_word_is_lost_and_one_that_comes_back_in_time_is_not() -> None:
    roll = called()
    roll.leave(1, now=10.0)
    assert roll.look(now=110.0) == []
    assert (0, HEARD) in roll.join(1, hello())
    assert roll.look(now=1e9) == []
    roll.leave(1, now=10.0)
    assert roll.look(now=110.1) == [(0, stop(1, "lost", 137)), (2, stop(1, "lost", 137))]


def test_who_was_never_there_cannot_be_lost() -> None:
    roll = Roll(2, ENDS, 100.0)
    roll.leave(1, now=0.0)
    assert roll.look(now=1e9) == []


def test_one_that_is_started_again_with_all_others_is_not_stopped_by_what_it_had_told() -> None:
    roll = called(failure=RESTARTS)
    assert roll.report(1, "run", 3) == [(0, stop(1)), (2, stop(1)), (1, NOTED)]
    assert roll.join(1, hello("second")) == []
    assert roll.join(2, hello()) == [(2, stop(1))]


def test_one_that_was_started_again_without_a_word_makes_all_others_start_again() -> None:
    roll = called(failure=RESTARTS)
    roll.leave(1, now=0.0)
    assert roll.look(now=1e9) == []
    lost = stop(1, "lost", 137)
    assert roll.join(1, hello("second")) == [(1, HEARD), (0, HEARD), (0, lost), (2, lost)]


@pytest.mark.parametrize("failure", [ENDS, "alone"])
def test_another_pod_in_a_rank_s_place_ends_nobody(failure: str) -> None:
    roll = called(failure=failure)
    assert roll.join(1, hello("second")) == [(1, HEARD), (0, HEARD)]
    roll = called(failure=RESTARTS)
    roll.report(1, AWAY, 143)
    assert roll.join(1, hello("second")) == [(1, HEARD), (0, HEARD)]


def test_elastic_ranks_are_left_alone_also_when_one_is_lost() -> None:
    roll = called(failure="alone")
    roll.leave(1, now=0.0)
    assert roll.look(now=1e9) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["join", "leave", "look", "run", AWAY]), st.integers(0, 2), st.sampled_from([0, 0, 3, 143])
        ),
        max_size=40,
    )
)
def test_nobody_is_stopped_unless_a_rank_has_failed_or_is_lost(events: list[tuple[str, int, int]]) -> None:
    """And whatever is ordered at the end is never taken back."""
    roll, failed, left, orders = called(), False, False, []
    for what, rank, code in events:
        if what == "join":
            sent = roll.join(rank, hello())
        elif what == "leave":
            roll.leave(rank, 0.0)
            sent, left = [], True
        elif what == "look":
            sent = roll.look(1e9)
        else:
            sent = roll.report(rank, what, code)
            failed |= what == "run" and code != 0
        orders += [message["order"] for _, message in sent if message["order"] in ("stop", "end")]
    assert set(orders) <= ({"stop", "end"} if failed or left else {"end"})
    assert len(set(orders)) <= 1
