from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.task.agent.muster import KILLED, Muster

SETUP: dict[str, Any] = {"order": "setup", "ips": ["10.0.0.0", "10.0.0.1"], "keys": ["key 0", "key 1"]}
RUN, END = {"order": "run"}, {"order": "end"}


def hello(rank: int, boot: str = "first", **codes: int) -> dict[str, Any]:
    return {"boot": boot, "ip": f"10.0.0.{rank}", "key": f"key {rank}", "codes": codes}


def stop(rank: int, phase: str, code: int) -> dict[str, Any]:
    return {"order": "stop", "rank": rank, "phase": phase, "exit": code}


def to_both(order: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(0, order), (1, order)]


def mustered(phase: str = "setup") -> Muster:
    """Two nodes in a phase."""
    muster = Muster(2, 30.0)
    muster.join(1, hello(1))
    muster.join(0, hello(0))
    if phase == "run":
        for rank in range(2):
            muster.report(rank, "setup", 0)
    return muster


def test_nobody_begins_before_all_are_there() -> None:
    muster = Muster(2, 30.0)
    assert muster.join(1, hello(1)) == []
    assert muster.missing == [0]
    assert muster.join(0, hello(0)) == to_both(SETUP)
    assert muster.missing == []


def test_each_phase_waits_for_the_last_node() -> None:
    muster = mustered()
    assert muster.report(0, "setup", 0) == []
    assert muster.report(1, "setup", 0) == to_both(RUN)
    assert muster.report(1, "run", 0) == []
    assert not muster.over
    assert muster.report(0, "run", 0) == to_both(END)
    assert muster.over


@pytest.mark.parametrize("phase", ["setup", "run"])
def test_the_first_failure_stops_all_and_later_ones_change_nothing(phase: str) -> None:
    muster = mustered(phase)
    assert muster.report(1, phase, 3) == to_both(stop(1, phase, 3))
    assert muster.over
    assert muster.report(0, phase, 5) == []
    assert muster.look(1e9) == []


def test_a_node_that_could_not_be_prepared_stops_all_also_those_that_come_later() -> None:
    muster = Muster(2, 30.0)
    assert muster.join(1, hello(1, start=4)) == [(1, stop(1, "start", 4))]
    assert muster.strangers
    assert muster.join(0, hello(0)) == [(0, stop(1, "start", 4))]
    assert not muster.strangers


def test_a_connection_that_comes_back_in_time_is_told_again_where_all_are() -> None:
    muster = mustered("run")
    muster.leave(1, now=100.0)
    assert muster.missing == [1]
    assert muster.look(now=130.0) == []
    assert muster.join(1, hello(1, setup=0)) == [(1, RUN)]
    assert muster.look(now=1e9) == []


def test_what_a_node_reported_while_it_was_away_counts() -> None:
    muster = mustered("run")
    muster.leave(1, now=100.0)
    muster.report(0, "run", 0)
    assert muster.join(1, hello(1, setup=0, run=0)) == [(1, RUN), *to_both(END)]


def test_a_node_that_stays_away_is_lost() -> None:
    muster = mustered("run")
    muster.leave(1, now=100.0)
    assert muster.look(now=130.1) == to_both(stop(1, "lost", KILLED))


def test_another_pod_in_its_place_is_as_good_as_before_and_none_once_scripts_have_run() -> None:
    muster = Muster(2, 30.0)
    muster.join(1, hello(1))
    assert muster.join(1, hello(1, "second")) == []
    muster = mustered()
    assert muster.join(1, hello(1, "second")) == to_both(stop(1, "lost", KILLED))


def test_somebody_who_never_was_there_cannot_leave() -> None:
    muster = Muster(2, 30.0)
    muster.leave(1, now=0.0)
    assert muster.look(now=1e9) == []


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 2), st.sampled_from(["first", "second"])),
        st.tuples(st.just("leave"), st.integers(0, 2), st.just("")),
        st.tuples(st.sampled_from(["setup", "run"]), st.integers(0, 2), st.sampled_from(["0", "0", "0", "1"])),
    ),
    max_size=40,
)


@given(EVENTS)
def test_orders_never_go_back_whatever_happens(events: list[tuple[str, int, str]]) -> None:
    """Nothing follows an end, and nobody runs before everybody has set up."""
    muster, known, told = Muster(3, 30.0), set(), []
    for what, rank, value in events:
        if what == "join":
            sent = muster.join(rank, hello(rank, value))
            known.add(rank)
        elif rank not in known:
            continue
        elif what == "leave":
            muster.leave(rank, 0.0)
            sent = []
        else:
            sent = muster.report(rank, what, int(value))
        told += [order["order"] for _, order in sent]
    firsts = list(dict.fromkeys(told))
    assert firsts in (
        [],
        ["setup"],
        ["setup", "run"],
        ["setup", "run", "end"],
        ["stop"],
        ["setup", "stop"],
        ["setup", "run", "stop"],
    )
