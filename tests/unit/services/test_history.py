"""What happened to a cluster without events: read from times and statuses, and from how they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError
from hpctl.facts.records import Cluster, Event, Node, Operation, Scaling
from hpctl.services.history import Snapshot, history, operations, snapshot, transitions
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import EFA

SCALED = Operation("op-1", "Scaling", "Done", NOW - timedelta(minutes=2), (Scaling("workers", "Done", 2, 4),))
CLUSTER = a_cluster(node_provisioning=None)
RUNNING = a_node("i-1", launched_at=NOW - timedelta(minutes=4))


def seen(cluster: Cluster = CLUSTER, *nodes: Node, after_s: float = 0.0) -> Snapshot:
    return Snapshot(NOW + timedelta(seconds=after_s), cluster, nodes)


def said(events: Iterable[Event]) -> list[str]:
    return [event.description for event in events]


def test_the_past_comes_in_order_and_then_how_things_are_now() -> None:
    updated = replace(RUNNING, node_id="i-2", software_updated_at=NOW - timedelta(minutes=1))
    told = list(history(seen(CLUSTER, updated, RUNNING), [SCALED]))
    assert said(told) == [
        "Cluster ml-cluster was created",
        "Node i-2 was launched",
        "Node i-1 was launched",
        "Operation Scaling began, now Done: workers 2 -> 4",
        "Software of node i-2 was updated",
        "Cluster ml-cluster is InService",
        "InstanceGroup workers is InService, has 2 of 2 nodes",
    ]
    assert [(NOW - event.time).total_seconds() for event in told] == [300, 240, 240, 120, 60, 0, 0]
    assert {(event.level, event.derived) for event in told} == {("Info", True)}


def test_a_node_that_has_had_one_software_all_its_life_was_not_updated() -> None:
    same = replace(RUNNING, software_updated_at=RUNNING.launched_at)
    assert said(history(seen(CLUSTER, same), []))[1:3] == ["Node i-1 was launched", "Cluster ml-cluster is InService"]


def test_every_derived_event_has_an_id_of_its_own() -> None:
    pending = a_node("i-2", "Pending", launched_at=NOW)
    ids = [event.event_id for event in history(seen(CLUSTER, RUNNING, pending), [SCALED])]
    assert len(set(ids)) == len(ids)


def test_the_same_past_has_the_same_ids_whenever_it_is_asked_for() -> None:
    first, second = (next(history(seen(CLUSTER, after_s=after_s), [])).event_id for after_s in (0, 60))
    assert first == second


def test_a_failure_is_an_error_with_aws_s_words() -> None:
    failed = a_cluster("Failed", failure_message=EFA, node_provisioning=None)
    broken = a_node("i-1", "Failure", message="no such script")
    errors = [event for event in history(seen(failed, broken), []) if event.level == "Error"]
    assert [(event.description, event.failure_message) for event in errors] == [
        ("Cluster ml-cluster is Failed", EFA),
        ("Node i-1 is Failure", "no such script"),
    ]


def test_an_old_message_of_a_healthy_cluster_is_not_a_failure() -> None:
    healthy = a_cluster(failure_message="an earlier update failed", node_provisioning=None)
    assert {event.failure_message for event in history(seen(healthy), [])} == {None}


def test_a_software_update_is_told() -> None:
    cluster = a_cluster("SystemUpdating", a_live_group(software_update="InProgress"), node_provisioning=None)
    assert "Software update of InstanceGroup workers is InProgress" in said(history(seen(cluster), []))


def test_groups_and_nodes_can_be_told_apart() -> None:
    waiting = a_node("i-1", "Pending")
    places = [(event.instance_group, event.node_id) for event in history(seen(CLUSTER, waiting), [])]
    assert places == [(None, None), (None, None), ("workers", None), ("workers", "i-1")]


def test_operations_are_asked_for_in_full() -> None:
    account = FakeAccount()
    account.clusters.add(CLUSTER)
    account.clusters.worked = [SCALED]
    assert operations(CLUSTER, account.ports.clusters) == (SCALED,)


@pytest.mark.parametrize(
    "error",
    [
        AccessError("no"),
        RefusedError("what?", aws_code="UnknownOperationException"),
        NotFoundError("too old"),
    ],
)
def test_operations_that_cannot_be_read_are_left_out(error: HpctlError) -> None:
    account = FakeAccount()
    account.calls.fail("clusters.operations", error)
    assert operations(CLUSTER, account.ports.clusters) == ()


def test_a_snapshot_has_every_node() -> None:
    account = FakeAccount()
    account.clusters.add(CLUSTER)
    account.clusters.nodes_of = {"ml-cluster": [RUNNING]}
    assert snapshot(CLUSTER, account.ports).nodes == (RUNNING,)
    assert account.calls.of("clusters.nodes") == [(CLUSTER_ARN, None)]


def test_nothing_changed_is_nothing_told() -> None:
    assert list(transitions(seen(CLUSTER, RUNNING), seen(CLUSTER, RUNNING, after_s=15))) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            seen(a_cluster("Creating")),
            seen(a_cluster("InService")),
            ["Cluster ml-cluster: Creating -> InService"],
        ),
        (
            seen(a_cluster("Updating", a_live_group(status="Updating", current=2, target=4))),
            seen(a_cluster("Updating", a_live_group(status="InService", current=4, target=4))),
            ["InstanceGroup workers: Updating -> InService, nodes 2/4 -> 4/4"],
        ),
        (
            seen(a_cluster("SystemUpdating", a_live_group())),
            seen(a_cluster("SystemUpdating", a_live_group(software_update="Pending"))),
            ["InstanceGroup workers: software update none -> Pending"],
        ),
        (
            seen(a_cluster("Updating", a_live_group("a"))),
            seen(a_cluster("Updating", a_live_group("b"))),
            ["InstanceGroup b: was added", "InstanceGroup a is gone"],
        ),
        (
            seen(CLUSTER, a_node("i-1", "Pending"), a_node("i-2")),
            seen(CLUSTER, a_node("i-1"), a_node("i-3", "Pending")),
            ["Node i-1: Pending -> Running", "Node i-3: Pending", "Node i-2 is gone"],
        ),
        (
            seen(CLUSTER, a_node("workers-1", "Pending", logical_id="workers-1")),
            seen(CLUSTER, a_node("i-1", logical_id="workers-1")),
            ["Node i-1: Pending -> Running"],
        ),
    ],
)
def test_what_changes_is_told(before: Snapshot, after: Snapshot, told: list[str]) -> None:
    assert said(transitions(before, after)) == told


def test_a_change_for_the_worse_is_an_error() -> None:
    failed = a_cluster("Failed", failure_message=EFA)
    broken = a_node("i-1", "Failure", message="it broke")
    told = list(transitions(seen(CLUSTER, a_node("i-1")), seen(failed, broken)))
    assert [(event.level, event.failure_message) for event in told] == [("Error", EFA), ("Error", "it broke")]
