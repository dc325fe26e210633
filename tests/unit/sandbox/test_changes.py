"""What is asked of a cluster that exists changes it step by step, and the past stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.cluster import (
    Change,
    Cluster,
    Ended,
    Group,
    HealthChecked,
    NodesAdded,
    NodesDeleted,
    Rebooted,
    Replaced,
    SoftwareUpdated,
    Stage,
    Updated,
)
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.faults import Injected, Kind
from hpctl.sandbox.sagemaker.timeline import ClusterState, state_of
from hpctl.sandbox.scripts import Outcome, Script
from tests.unit.sandbox.clusters import CONTINUOUS, FAULT, PACE, START, a_cluster, a_group, at, moment


def more(count: int, first: int = 2, **members: Any) -> Group:
    """Return the workers' group with new seats from an index on."""
    group = a_group(count=first + count, **members)
    return replace(group, seats=group.seats[first:])


def play(cluster: Cluster, share: float, *faults: Injected) -> Course:
    course = Course(cluster, faults)
    course.advance(at(share))
    return course


def state(cluster: Cluster, share: float, *faults: Injected) -> ClusterState:
    found = state_of(play(cluster, share, *faults))
    assert found is not None
    return found


def counts(cluster: Cluster, share: float) -> tuple[int, int]:
    (group,) = state(cluster, share).groups
    return group.current_count, group.target_count


def statuses(cluster: Cluster, share: float, *faults: Injected) -> list[str]:
    return [node.status for node in state(cluster, share, *faults).nodes]


def operations(cluster: Cluster, share: float) -> list[tuple[str, str]]:
    return [(each.kind, each.status) for each in play(cluster, share).operations]


def changed(*changes: Change, request: Mapping[str, Any] = CONTINUOUS, **members: Any) -> Cluster:
    return a_cluster(a_group(**members), request=request, changes=changes)


GROW = Updated(moment(2.0), {}, (more(2),))
SHRINK = Updated(moment(2.0), {}, (more(0),), closes=("workers-1",))


@pytest.mark.parametrize(
    ("share", "current", "operation"),
    [(2.0, 2, "InProgress"), (2.7, 2, "InProgress"), (2.76, 3, "InProgress"), (2.8, 4, "Done"), (9.0, 4, "Done")],
)
def test_with_continuous_provisioning_counts_go_to_their_target_one_by_one(
    share: float, current: int, operation: str
) -> None:
    cluster = changed(GROW)
    seen = state(cluster, share)
    assert (seen.status, seen.groups[0].status) == ("InService", "InService")
    assert counts(cluster, share) == (current, 4)
    assert operations(cluster, share) == [("Scaling", "Done"), ("Scaling", operation)]


def test_an_operation_tells_what_was_and_what_is_wanted() -> None:
    (_, grown) = play(changed(GROW), 2.5).operations
    details = grown.details("arn")
    assert details["ScalingDetails"] == [
        {
            "InstanceGroupName": "workers",
            "Status": "InProgress",
            "Original": {"CurrentCount": 2, "TargetCount": 2},
            "Desired": {"CurrentCount": 4, "TargetCount": 4},
        }
    ]


def test_a_later_scaling_supersedes_an_earlier_one_of_the_same_group_alone() -> None:
    later = Updated(moment(2.2), {}, (more(1, first=4),))
    assert operations(changed(GROW, later), 2.3)[1:] == [("Scaling", "Superseded"), ("Scaling", "InProgress")]
    assert operations(changed(GROW, later), 3.1)[1:] == [("Scaling", "Superseded"), ("Scaling", "Done")]
    assert counts(changed(GROW, later), 3.1) == (5, 5)
    other = Updated(moment(2.2), {}, (a_group("others"),))
    assert operations(changed(GROW, other), 2.3)[1:] == [("Scaling", "InProgress"), ("Scaling", "InProgress")]


@pytest.mark.parametrize(
    ("share", "found", "count", "holding"),
    [
        (2.0, ["Running", "ShuttingDown"], (2, 1), 2),
        (2.29, ["Running", "ShuttingDown"], (2, 1), 2),
        (2.31, ["Running"], (2, 1), 1),
        (2.41, ["Running"], (1, 1), 1),
    ],
)
def test_a_node_that_goes_leaves_the_list_before_the_count_falls(
    share: float, found: list[str], count: tuple[int, int], holding: int
) -> None:
    cluster = a_cluster(_with_interfaces(a_group()), request=CONTINUOUS, changes=(SHRINK,))
    assert (statuses(cluster, share), counts(cluster, share)) == (found, count)
    assert sum(node.holds for node in state(cluster, share).seats) == holding


def _with_interfaces(group: Group) -> Group:
    return replace(group, seats=tuple(replace(seat, interfaces=((seat.address,),)) for seat in group.seats))


@pytest.mark.parametrize(
    ("share", "status", "group", "count"),
    [
        (2.0, "Updating", "Updating", (2, 4)),
        (2.9, "Updating", "Updating", (4, 4)),
        (3.0, "InService", "InService", (4, 4)),
    ],
)
def test_without_it_an_update_is_carried_out_as_one(
    share: float, status: str, group: str, count: tuple[int, int]
) -> None:
    cluster = changed(GROW, request={})
    seen = state(cluster, share)
    assert (seen.status, seen.groups[0].status, counts(cluster, share)) == (status, group, count)


@pytest.mark.parametrize(
    ("share", "status", "count", "nodes"),
    [(2.4, "Updating", (2, 4), 4), (2.6, "RollingBack", (4, 2), 4), (2.8, "InService", (2, 2), 2)],
)
def test_a_fault_takes_the_whole_update_back(share: float, status: str, count: tuple[int, int], nodes: int) -> None:
    update = Updated(moment(2.0), {}, (more(2, fault=FAULT, ThreadsPerCore=2), a_group("others")))
    cluster = changed(update, request={})
    seen = state(cluster, share)
    (workers, *_) = seen.groups
    assert (seen.status, (workers.current_count, workers.target_count)) == (status, count)
    assert len([node for node in seen.nodes if node.seat.group == "workers"]) == nodes
    assert seen.failure_message == (None if status == "Updating" else FAULT)
    if status == "InService":
        assert [group.name for group in seen.groups] == ["workers"]
        assert "ThreadsPerCore" not in workers.spec


def test_nodes_go_only_when_those_that_come_have_come() -> None:
    update = Updated(moment(2.0), {"InstanceGroupsToDelete": ["old"]}, (more(1),), closes=("old-0",))
    cluster = a_cluster(a_group(), a_group("old", count=1), changes=(update,))
    assert [node.status for node in state(cluster, 2.5).nodes if node.seat.group == "old"] == ["Running"]
    assert [group.status for group in state(cluster, 2.5).groups] == ["Updating", "Deleting"]
    assert [node.status for node in state(cluster, 2.9).nodes if node.seat.group == "old"] == ["ShuttingDown"]
    after = state(cluster, 3.5)
    assert (after.status, [group.name for group in after.groups]) == ("InService", ["workers"])


def test_a_specification_is_the_whole_of_what_an_update_gives() -> None:
    cluster = changed(Updated(moment(2.0), {"NodeRecovery": "None"}, (more(0),)), ThreadsPerCore=2)
    before, after = state(cluster, 1.9), state(cluster, 2.5)
    assert before.groups[0].spec["ThreadsPerCore"] == 2
    assert "ThreadsPerCore" not in after.groups[0].spec
    assert after.request["NodeRecovery"] == "None"
    assert operations(cluster, 2.5) == [("Scaling", "Done")]


def test_nodes_are_added_and_deleted_by_themselves() -> None:
    added = NodesAdded(moment(2.0), {}, (more(1),))
    deleted = NodesDeleted(moment(4.0), {}, closes=("workers-0", "workers-2"))
    cluster = changed(added, deleted)
    assert [counts(cluster, share) for share in (1.9, 2.1, 3.0, 4.1, 5.0)] == [(2, 2), (2, 3), (3, 3), (3, 1), (1, 1)]
    assert [node.seat.logical_id for node in state(cluster, 5.0).nodes] == ["workers-1"]


def test_a_reboot_keeps_the_instance_and_a_replacement_the_seat() -> None:
    rebooted = changed(Rebooted(moment(2.0), {}, nodes=("workers-0",)))
    before = state(rebooted, 1.9).nodes[0]
    assert statuses(rebooted, 2.05) == ["Pending", "Running"]
    assert (state(rebooted, 2.2).nodes[0].instance_id, statuses(rebooted, 2.2)) == (before.instance_id, ["Running"] * 2)
    group = a_group()
    replaced = changed(Replaced(moment(2.0), {}, (replace(group, seats=group.seats[:1]),)))
    assert statuses(replaced, 2.05) == ["ShuttingDown", "Running"]
    assert statuses(replaced, 2.5) == ["Pending", "Running"]
    after = state(replaced, 3.0).nodes[0]
    assert (after.seat, after.status) == (before.seat, "Running")
    assert after.instance_id not in {before.instance_id, None}


@pytest.mark.parametrize(
    ("kind", "share", "words"),
    [
        (Kind.NO_CAPACITY, 0.2, "sufficient capacity to launch new ml.p5.48xlarge"),
        (Kind.EFA, 0.4, "EFA health checks did not run successfully"),
        (Kind.LIFECYCLE, 0.8, "Lifecycle scripts did not run successfully"),
    ],
)
def test_a_fault_that_was_put_in_strikes_as_often_as_it_is_to(kind: Kind, share: float, words: str) -> None:
    once = Injected("a", kind, START, count=1)
    cluster = changed(count=2)
    found = [(node.status, words in (node.message or "")) for node in state(cluster, share, once).nodes]
    assert found[0] == ("Failure", True)
    assert found[1][0] != "Failure"
    assert statuses(cluster, 3.0, once) == ["Running", "Running"]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Injected("a", Kind.EFA, at(0.0)), [True, True]),
        (Injected("a", Kind.EFA, at(0.0), until=at(0.3)), [False, False]),
        (Injected("a", Kind.EFA, at(0.5)), [False, False]),
        (Injected("a", Kind.EFA, at(0.0), group="others"), [False, False]),
        (Injected("a", Kind.EFA, at(0.0), node="workers-1"), [False, True]),
    ],
)
def test_a_fault_has_a_scope_and_a_time(fault: Injected, struck: list[bool]) -> None:
    assert [status == "Failure" for status in statuses(changed(), 0.45, fault)] == struck


def test_a_hardware_fault_is_repaired_by_a_reboot_and_then_by_a_replacement() -> None:
    cluster = changed(count=1, request={**CONTINUOUS, "NodeRecovery": "Automatic"})
    once = Injected("a", Kind.HARDWARE, at(2.0), node="workers-0", count=1)
    before = state(cluster, 1.9, once).nodes[0].instance_id
    assert statuses(cluster, 2.05, once) == ["Pending"]
    assert [(node.instance_id, node.status) for node in state(cluster, 2.2, once).nodes] == [(before, "Running")]
    twice = replace(once, count=2)
    assert statuses(cluster, 2.2, twice) == ["ShuttingDown"]
    (after,) = state(cluster, 3.2, twice).nodes
    assert after.status == "Running"
    assert after.instance_id != before
    told = [event.description for event in play(cluster, 4.0, twice).events if "HMA" in event.description]
    assert [text.rpartition(": ")[2] for text in told] == ["Reboot.", "Replace."]
    assert all(text.startswith(f"Instance {before} is unhealthy.") for text in told)


def test_without_node_recovery_a_broken_node_waits_for_somebody() -> None:
    cluster = changed(count=1, request={**CONTINUOUS, "NodeRecovery": "None"})
    fault = Injected("a", Kind.HARDWARE, at(2.0))
    (node,) = state(cluster, 9.0, fault).nodes
    assert (node.status, "Repair action" in (node.message or "")) == ("Failure", True)
    assert state(cluster, 9.0, fault).groups[0].status == "Degraded"


def _patched(**members: Any) -> SoftwareUpdated:
    request = {"DeploymentConfig": members.pop("deployment", {})}
    return SoftwareUpdated(moment(2.0), request, (a_group(ImageReleaseVersion="1.2.3", **members),))


ONE_BY_ONE = {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}}}
HALF = {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "CAPACITY_PERCENTAGE", "Value": 50}}}


@pytest.mark.parametrize(
    ("deployment", "seen"),
    [
        ({}, {2.02: ["Running", "Running"], 2.1: ["SystemUpdating", "SystemUpdating"], 2.4: ["Running", "Running"]}),
        (ONE_BY_ONE, {2.1: ["SystemUpdating", "Running"], 2.4: ["Running", "SystemUpdating"]}),
        (HALF, {2.1: ["SystemUpdating", "Running"], 2.4: ["Running", "SystemUpdating"]}),
        (HALF | {"WaitIntervalInSeconds": 600}, {2.6: ["Running", "Running"], 2.9: ["Running", "SystemUpdating"]}),
    ],
)
def test_software_is_updated_batch_after_batch(deployment: dict[str, Any], seen: dict[float, list[str]]) -> None:
    cluster = changed(_patched(deployment=deployment))
    assert {share: statuses(cluster, share) for share in seen} == seen
    (after,) = state(cluster, 9.0).groups
    assert (after.software, after.image.release, after.desired.release, after.renewed) == (
        "Succeeded",
        "1.2.3",
        "1.2.3",
        2,
    )
    ids = [node.instance_id for node in state(cluster, 1.9).nodes]
    assert [node.instance_id for node in state(cluster, 9.0).nodes] == ids


def test_a_software_update_goes_through_its_statuses() -> None:
    cluster = changed(_patched())
    assert [state(cluster, share).groups[0].software for share in (1.9, 2.0, 2.1, 2.4)] == [
        None,
        "Pending",
        "InProgress",
        "Succeeded",
    ]
    assert state(cluster, 2.1).status == "InService"
    assert state(changed(_patched(), request={}), 2.1).status == "SystemUpdating"
    assert state(changed(_patched(), request={}), 2.4).status == "InService"


def test_scripts_that_fail_again_and_again_roll_the_software_back() -> None:
    script = Script(("on_create.sh",), {}, {})
    update = _patched(LifeCycleConfig={"OnCreate": "on_create.sh"})
    (group,) = update.groups
    waiting = replace(update, groups=(replace(group, script=script),))
    assert state(changed(waiting), 9.0).groups[0].software == "InProgress"
    ended = Ended(at(2.1), Outcome(1, ("no",)))
    failing = replace(group, script=script, ended=ended, fault=replace(a_group(fault=FAULT).fault, stage=Stage.SCRIPTS))  # type: ignore[type-var]
    cluster = changed(replace(update, groups=(failing,)))
    seen = [(share, state(cluster, share).groups[0]) for share in (2.8, 3.0, 3.5)]
    assert [(share, each.software) for share, each in seen] == [
        (2.8, "InProgress"),
        (3.0, "RollbackInProgress"),
        (3.5, "Failed"),
    ]
    assert [each.desired.release for _, each in seen] == ["1.2.3", None, None]
    assert seen[1][1].image.release == "1.2.3"
    after = state(cluster, 3.5)
    assert [(node.status, node.message, node.image.release) for node in after.nodes] == [("Running", FAULT, None)] * 2
    logged = [log for log in play(cluster, 3.5).logs if log.outcome is not None]
    # The fourth failure of the first node ends the attempts of both.
    assert [log.outcome.status for log in logged if log.outcome].count(1) == 4 + 3


def test_health_checks_are_an_operation_and_find_what_is_broken() -> None:
    checks = {
        "DeepHealthCheckConfigurations": [{"InstanceGroupName": "workers", "DeepHealthChecks": ["InstanceStress"]}]
    }
    cluster = changed(HealthChecked(moment(2.0), checks, nodes=("workers-0", "workers-1")))
    assert statuses(cluster, 2.1) == ["DeepHealthCheckInProgress"] * 2
    assert operations(cluster, 2.1)[1:] == [("DeepHealthCheck", "InProgress")]
    assert statuses(cluster, 2.4) == ["Running"] * 2
    assert operations(cluster, 2.4)[1:] == [("DeepHealthCheck", "Done")]
    broken = Injected("a", Kind.HARDWARE, at(2.1), node="workers-1", count=1)
    assert statuses(cluster, 2.35, broken) == ["Running", "Pending"]


def test_a_group_that_misses_its_minimum_is_emptied() -> None:
    group = a_group("greedy", count=3, fault=FAULT, InstanceCount=3, MinInstanceCount=2)
    cluster = a_cluster(a_group(), group, request=CONTINUOUS)
    assert state(cluster, 8.9).groups[1].target_count == 3
    after = state(cluster, 10.0).groups[1]
    assert (after.target_count, after.current_count) == (0, 0)


def test_a_group_with_a_minimum_is_in_service_when_it_has_come_to_it() -> None:
    good, bad = a_group(count=3, MinInstanceCount=2), Injected("a", Kind.EFA, START, node="workers-2")
    cluster = a_cluster(good, request=CONTINUOUS)
    (group,) = state(cluster, 1.5, bad).groups
    assert (group.current_count, group.status) == (2, "Degraded")
    assert play(cluster, 1.5, bad).groups["workers"].ready


def test_a_deletion_ends_what_was_under_way() -> None:
    cluster = a_cluster(a_group(), request=CONTINUOUS, changes=(GROW,), deleted_at=2.3)
    assert operations(cluster, 2.4)[1:] == [("Scaling", "Superseded")]
    assert state_of(play(cluster, 2.9)) is None


def test_events_belong_to_the_operation_that_brings_them() -> None:
    course = play(changed(GROW), 3.0)
    grown = course.operations[1]
    texts = [event.description for event in course.events if event.operation == grown.id]
    assert texts[0] == "Cluster one update started successfully"
    assert "InstanceGroup workers update started successfully in Cluster one" in texts
    assert texts[-1] == "Instance Group workers update in Cluster one completed successfully"
    assert sum(text.startswith("EC2 Instance") for text in texts) == 2


def test_a_retry_is_held_back_while_its_fault_lasts() -> None:
    fault = Injected("a", Kind.NO_CAPACITY, START, until=at(1.0))
    cluster = changed(count=1)
    assert statuses(cluster, 1.5, fault) == ["Failure"]
    assert statuses(cluster, 3.0, fault) == ["Running"]
    assert play(cluster, 3.0, fault).events[-1].at <= START + timedelta(seconds=3 * PACE)
    assert wordings.NO_CAPACITY_YET.format(type="ml.p5.48xlarge") in str(play(cluster, 3.0, fault).events)


def test_what_is_due_at_the_very_moment_of_a_request_comes_before_it() -> None:
    cluster = changed(Rebooted(moment(0.75), {}, nodes=("workers-0",)), count=1)
    (event, *_) = [event for event in play(cluster, 0.8).events if "completed successfully" in event.description][1:]
    assert event.description.startswith("Instance creation i-")
    assert statuses(cluster, 0.8) == ["Pending"]
