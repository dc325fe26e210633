"""What the world tells of a live cluster: its errors in full and once each, operations that go on, its logs."""

from __future__ import annotations

from datetime import timedelta

from hpctl.facts.records import Operation, Scaling
from hpctl.facts.world import ERRORS
from tests.unit.builders import NOW, a_cluster, a_node, an_error, an_event
from tests.unit.fakes import FakeAccount


def account() -> FakeAccount:
    found = FakeAccount()
    found.clusters.add(a_cluster())
    return found


def test_errors_are_told_oldest_first_once_each_and_in_full() -> None:
    one = account()
    one.clusters.happened += [
        an_error("e-3", -10),
        an_event("e-2", -50),
        an_error("e-1", -100),
        an_error("paired", -99),
        an_error("old", -8 * 86400),
    ]
    one.clusters.failure_messages["e-1"] = "no capacity"
    assert [(event.event_id, event.failure_message) for event in one.world.errors("ml-cluster")] == [
        ("e-1", "no capacity"),
        ("e-3", None),
    ]
    assert sorted(one.calls.of("clusters.event")) == [("ml-cluster", "e-1"), ("ml-cluster", "e-3")]
    assert one.calls.of("clusters.events") == [("ml-cluster", NOW - timedelta(days=7))]


def test_of_many_errors_the_newest_are_asked_for_in_full() -> None:
    one = account()
    one.clusters.happened += [an_error(f"e-{n}", -10 * n) for n in range(ERRORS + 5)]
    assert len(one.world.errors("ml-cluster")) == ERRORS + 5
    asked = {str(event_id) for _name, event_id in one.calls.of("clusters.event")}
    assert asked == {f"e-{n}" for n in range(ERRORS)}


def test_only_operations_that_go_on_are_asked_for_in_full() -> None:
    one = account()
    scaling = Scaling("workers", "InProgress", 1, 2)
    one.clusters.work(Operation("op-1", "Scaling", "Done", NOW))
    one.clusters.work(Operation("op-2", "Scaling", "InProgress", NOW, (scaling,)))
    assert [(found.operation_id, found.scalings) for found in one.world.operations("ml-cluster")] == [
        ("op-2", (scaling,))
    ]
    assert one.calls.of("clusters.operation") == [("ml-cluster", "op-2")]


def test_a_node_and_logs_that_are_not_there_are_none() -> None:
    one = account()
    one.clusters.nodes_in_full["i-1"] = a_node("i-1")
    assert (one.world.node("ml-cluster", "i-1"), one.world.node("ml-cluster", "i-2")) == (a_node("i-1"), None)
    assert one.world.log_streams("nothing", "LifecycleConfig/") is None


def test_the_time_of_a_world_stands_still() -> None:
    one = account()
    before = one.world.now()
    one.clock.sleep(60)
    assert one.world.now() == before == NOW
