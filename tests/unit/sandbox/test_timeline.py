"""What a cluster looks like at a moment follows from its dated requests alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.sandbox.sagemaker.cluster import Cluster, Ended, Stage
from hpctl.sandbox.sagemaker.timeline import ClusterState, state_at
from hpctl.sandbox.scripts import Outcome, Script
from tests.unit.sandbox.clusters import CONTINUOUS, FAULT, a_cluster, a_group, at


def _state(cluster: Cluster, share: float) -> ClusterState:
    state = state_at(cluster, at(share))
    assert state is not None
    return state


def _statuses(cluster: Cluster, share: float) -> list[str]:
    return [node.status for node in _state(cluster, share).nodes if node.instance_id]


def _counts(cluster: Cluster, share: float) -> list[int]:
    return [group.current_count for group in _state(cluster, share).groups]


@pytest.mark.parametrize(
    ("share", "status", "nodes", "group"),
    [
        (0.0, "Creating", [], "Creating"),
        (0.2, "Creating", ["Pending", "Pending"], "Creating"),
        (0.5, "Creating", ["Pending", "Pending"], "Creating"),
        (0.77, "Creating", ["Running", "Pending"], "Creating"),
        (0.95, "Creating", ["Running", "Running"], "Creating"),
        (1.0, "InService", ["Running", "Running"], "InService"),
    ],
)
def test_a_cluster_comes_up_as_one(share: float, status: str, nodes: list[str], group: str) -> None:
    state = _state(a_cluster(), share)
    assert (state.status, _statuses(a_cluster(), share)) == (status, nodes)
    assert [each.status for each in state.groups] == [group]


def test_counts_rise_step_by_step() -> None:
    cluster = a_cluster(a_group(count=4))
    seen = [_counts(cluster, share / 100)[0] for share in range(101)]
    assert sorted(set(seen)) == [0, 1, 2, 3, 4]
    assert seen == sorted(seen)


def test_deep_health_checks_come_between_the_scripts_and_running() -> None:
    cluster = a_cluster(a_group(count=1, OnStartDeepHealthChecks=["InstanceStress"]))
    assert _statuses(cluster, 0.7) == ["Pending"]
    assert _statuses(cluster, 0.8) == ["DeepHealthCheckInProgress"]
    assert _statuses(cluster, 0.9) == ["Running"]


def test_a_group_without_instances_is_in_service_with_its_cluster() -> None:
    state = _state(a_cluster(a_group(count=0)), 1.0)
    assert [(group.status, group.current_count) for group in state.groups] == [("InService", 0)]


@pytest.mark.parametrize(
    ("share", "status", "nodes"),
    [
        (0.3, "Creating", ["Pending"]),
        (0.4, "Creating", ["Failure"]),
        (0.6, "RollingBack", ["ShuttingDown"]),
        (0.8, "Failed", []),
        (9.0, "Failed", []),
    ],
)
def test_a_fault_rolls_the_whole_cluster_back(share: float, status: str, nodes: list[str]) -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT))
    state = _state(cluster, share)
    assert (state.status, _statuses(cluster, share)) == (status, nodes)
    assert state.failure_message == (FAULT if status in {"RollingBack", "Failed"} else None)


def test_a_fault_of_one_group_takes_the_others_down() -> None:
    cluster = a_cluster(a_group("good"), a_group("bad", fault=FAULT))
    assert set(_statuses(cluster, 0.6)) == {"ShuttingDown"}
    assert _counts(cluster, 0.8) == [0, 0]


def test_a_fault_of_a_group_without_instances_harms_nobody() -> None:
    assert _state(a_cluster(a_group("good"), a_group("bad", count=0, fault=FAULT)), 1.0).status == "InService"


def test_a_continuous_cluster_is_in_service_before_its_nodes() -> None:
    cluster = a_cluster(request=CONTINUOUS)
    assert _state(cluster, 0.1).status == "Creating"
    early = _state(cluster, 0.16)
    assert (early.status, early.groups[0].status, early.groups[0].current_count) == ("InService", "Creating", 0)
    assert _state(cluster, 1.0).groups[0].status == "InService"


def test_a_failed_node_is_tried_again_at_growing_distances() -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT), request=CONTINUOUS)
    begun = {(0, 2): None, (2, 6): None, (6, 14): None}
    ids = []
    for start, end in begun:
        (node,) = _state(cluster, end - 0.1).nodes
        assert (node.status, node.message) == ("Failure", FAULT)
        ids.append(node.instance_id)
        assert _statuses(cluster, start + 0.1) == []
        assert _statuses(cluster, start + 0.2) == ["Pending"]
    assert len(set(ids)) == 3
    assert _state(cluster, 20).status == "InService"
    assert _state(cluster, 20).groups[0].status == "Degraded"


def test_nodes_leave_the_list_before_the_count_falls_and_the_cluster_goes() -> None:
    cluster = a_cluster(deleted_at=2.0)
    assert _state(cluster, 1.99).status == "InService"
    assert (_statuses(cluster, 2.1), _counts(cluster, 2.1)) == (["ShuttingDown", "ShuttingDown"], [2])
    assert (_statuses(cluster, 2.35), _counts(cluster, 2.35)) == ([], [2])
    assert _counts(cluster, 2.45) == [0]
    assert _state(cluster, 2.45).status == "Deleting"
    assert state_at(cluster, at(2.5)) is None


def test_instances_are_told_apart_by_cluster_seat_and_attempt() -> None:
    cluster, seat = a_cluster(), a_group().seats[0]
    assert cluster.instance_id(seat, 0) == a_cluster().instance_id(seat, 0)
    assert cluster.instance_id(seat, 0) != cluster.instance_id(seat, 1)
    assert cluster.instance_id(seat, 0) != cluster.instance_id(a_group().seats[1], 0)


@pytest.mark.parametrize("stage", [Stage.CAPACITY, Stage.INTERFACE])
def test_a_seat_without_capacity_or_interface_never_gets_an_instance(stage: Stage) -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT, stage=stage), request=CONTINUOUS)
    (node,) = _state(cluster, 0.9).nodes
    assert (node.status, node.message, node.instance_id) == ("Failure", FAULT, None)


def test_a_running_script_holds_its_nodes_back_and_a_late_one_makes_all_later() -> None:
    group = replace(a_group(count=1), script=Script(("on_create.sh",), {}, {}))
    assert _statuses(a_cluster(group), 9.0) == ["Pending"]
    assert _state(a_cluster(group), 9.0).status == "Creating"
    ended = a_cluster(replace(group, ended=Ended(at(3.0), Outcome(0, ()))))
    assert _statuses(ended, 2.9) == ["Pending"]
    assert _statuses(ended, 3.1) == ["Running"]
    assert (_state(ended, 3.1).status, _state(ended, 3.3).status) == ("Creating", "InService")


def test_a_failed_script_rolls_back_after_the_scripts_and_names_an_instance() -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT, stage=Stage.SCRIPTS))
    assert _statuses(cluster, 0.7) == ["Pending"]
    assert _statuses(cluster, 0.8) == ["Failure"]
    failed = _state(cluster, 1.2)
    assert failed.status == "Failed"
    instance = cluster.instance_id(cluster.groups[0].seats[0], 0)
    assert failed.failure_message == (
        f'Instance {instance} failed to provision with the following error: "{FAULT}" Note that multiple instances may '
        "be impacted."
    )
