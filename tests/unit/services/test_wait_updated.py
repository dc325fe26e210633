"""Waiting for an update: operations and counts decide, and somebody else's update is not ours. No test sleeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hpctl import timeouts
from hpctl.errors import (
    AccessError,
    ClusterFailedError,
    ConflictError,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    WaitTimeoutError,
)
from hpctl.facts.records import Cluster, Operation, Scaling
from hpctl.report.progress import EventSeen, Finished, Observed, OperationSeen, Progress, Remarked
from hpctl.services.baseline import Baseline, before_update
from hpctl.services.wait import Waiting, until_updated
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, an_error, an_event
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import CAPACITY, EFA, EFA_CAUSE

RESUME = "hpctl cluster update -f cluster.yaml --yes"
WAITING = Waiting("ml-cluster", 3600.0, RESUME, CLUSTER_ARN)
REQUEST: dict[str, Any] = {
    "ClusterName": CLUSTER_ARN,
    "InstanceGroups": [{"InstanceGroupName": "workers", "InstanceCount": 4}],
}
BEFORE = a_cluster()
DOWN = UnavailableError("SageMaker did not answer")


def scaling(status: str = "InProgress", operation_id: str = "op-1", after_s: float = 1.0, target: int = 4) -> Operation:
    change = Scaling("workers", status, 2, target)
    return Operation(operation_id, "Scaling", status, NOW + timedelta(seconds=after_s), (change,))


def grown(current: int, target: int = 4, status: str = "InService", **members: Any) -> Cluster:
    return a_cluster(status, a_live_group(current=current, target=target), **members)


class Story:
    """An account in which things happen after an update was sent at NOW."""

    def __init__(self, before: Cluster = BEFORE, request: dict[str, Any] = REQUEST) -> None:
        self.account = FakeAccount()
        self.account.clusters.add(before)
        self.request = request
        self.baseline: Baseline | None = before_update(request, self.account.ports)

    def then(self, after_s: float, *things: Cluster | Operation) -> Story:
        for thing in things:
            put = self.account.clusters.add if isinstance(thing, Cluster) else self.account.clusters.work
            self.account.clock.at(after_s, lambda put=put, thing=thing: put(thing))  # type: ignore[misc]
        return self

    def steps(self, waiting: Waiting = WAITING) -> list[Progress]:
        return list(until_updated(waiting, self.account.ports, self.baseline))

    def told(self, error: type[HpctlError]) -> tuple[list[Progress], HpctlError]:
        """Return the steps before the wait ended in an error of that kind, and the error."""
        seen: list[Progress] = []
        with pytest.raises(error) as raised:
            seen.extend(until_updated(WAITING, self.account.ports, self.baseline))
        return seen, raised.value

    def ends(self, error: type[HpctlError]) -> HpctlError:
        return self.told(error)[1]


def waited_for(steps: list[Progress]) -> list[str]:
    return list(dict.fromkeys(step.waiting_for for step in steps if isinstance(step, Observed)))


def test_it_ends_when_the_nodes_are_there_and_the_operation_is_done() -> None:
    story = Story().then(1, grown(2), scaling()).then(30, grown(3)).then(60, grown(4)).then(120, scaling("Done"))
    steps = story.steps()
    assert waited_for(steps) == [
        "nodes of `workers` 2/4",
        "nodes of `workers` 3/4",
        "operation op-1 to be done",
        "",
    ]
    seen = [step.operation.status for step in steps if isinstance(step, OperationSeen)]
    assert seen == ["InProgress", "Done"]
    assert isinstance(steps[-1], Finished)
    assert 120 <= steps[-1].elapsed_s <= 140


def test_in_service_is_not_scaled() -> None:
    story = Story().then(1, grown(2))
    assert "was not updated yet after 3600 s" in story.ends(WaitTimeoutError).message


def test_an_answer_from_before_the_update_does_not_end_the_wait() -> None:
    *_, last = Story().then(50, grown(2)).then(100, grown(4)).steps()
    assert isinstance(last, Finished)
    assert last.elapsed_s >= 100


def test_a_group_to_be_deleted_must_go() -> None:
    before = a_cluster("InService", a_live_group(), a_live_group("old", 1, 1))
    story = Story(before, {"ClusterName": CLUSTER_ARN, "InstanceGroupsToDelete": ["old"]})
    steps = story.then(40, a_cluster()).steps()
    assert waited_for(steps) == ["nodes of `old` 1/0, to be deleted", ""]


def test_a_new_group_must_come() -> None:
    request = {"ClusterName": CLUSTER_ARN, "InstanceGroups": [{"InstanceGroupName": "new", "InstanceCount": 1}]}
    after = a_cluster("InService", a_live_group(), a_live_group("new", 1, 1))
    assert waited_for(Story(request=request).then(40, after).steps()) == ["nodes of `new` 0/1", ""]


def test_groups_that_the_update_does_not_name_are_not_waited_for() -> None:
    failing = a_live_group("other", 0, 8)
    story = Story(a_cluster("InService", a_live_group(), failing))
    story.then(5, a_cluster("InService", a_live_group(current=4, target=4), failing))
    assert isinstance(story.steps()[-1], Finished)


def test_a_group_that_aws_still_works_on_is_waited_for() -> None:
    request = {"ClusterName": CLUSTER_ARN, "InstanceGroups": [{"InstanceGroupName": "workers", "InstanceCount": 2}]}
    busy = a_cluster("InService", a_live_group(status="Updating"))
    steps = Story(request=request).then(1, busy).then(40, a_cluster()).steps()
    assert waited_for(steps) == ["a sign of the update", "nodes of `workers` 2/2 (Updating)", ""]


def test_an_update_that_shows_nowhere_is_done_after_a_while() -> None:
    story = Story(request={"ClusterName": CLUSTER_ARN, "NodeRecovery": "None"})
    *_, last = story.steps()
    assert isinstance(last, Finished)
    assert timeouts.SETTLE_S <= last.elapsed_s <= timeouts.SETTLE_S + timeouts.POLL_CAP_S


def test_somebody_else_s_update_that_takes_over_is_said_and_is_a_conflict() -> None:
    story = Story().then(1, grown(2), scaling()).then(60, grown(2, 8))
    story.then(60, scaling("Superseded"), scaling("InProgress", "op-2", 59, target=8))
    seen, error = story.told(ConflictError)
    assert error.message == (
        "somebody else updated cluster `ml-cluster` meanwhile: operation `op-2` superseded this update's `op-1`"
    )
    assert error.hint == (f"look at what it is now: hpctl cluster describe ml-cluster\nto ask for it again: {RESUME}")
    told = [(step.operation.operation_id, step.operation.status) for step in seen if isinstance(step, OperationSeen)]
    assert told == [("op-1", "InProgress"), ("op-1", "Superseded"), ("op-2", "InProgress")]


def test_our_update_that_takes_over_somebody_else_s_is_no_conflict() -> None:
    story = Story()
    story.account.clusters.work(scaling("InProgress", "op-0", -60, target=3))
    story.baseline = before_update(REQUEST, story.account.ports)
    story.then(1, grown(2), scaling("Superseded", "op-0", -60, target=3), scaling())
    story.then(60, grown(4), scaling("Done"))
    steps = story.steps()
    assert isinstance(steps[-1], Finished)
    assert {step.operation.operation_id for step in steps if isinstance(step, OperationSeen)} == {"op-1"}


def test_an_update_that_came_between_the_look_and_ours_is_not_taken_for_ours() -> None:
    story = Story().then(1, grown(2), scaling("Superseded", "op-0", 0.5, target=3), scaling())
    story.then(60, grown(4), scaling("Done"))
    assert isinstance(story.steps()[-1], Finished)


def test_an_overtaken_update_that_has_all_its_nodes_is_done() -> None:
    story = Story().then(1, grown(2), scaling()).then(60, grown(4), scaling("Superseded"))
    assert isinstance(story.steps()[-1], Finished)


@pytest.mark.parametrize(
    "blind",
    [
        AccessError("no", action="sagemaker:ListClusterOperations", hint="allow it"),
        RefusedError("not implemented", aws_code="501", hint="allow it"),
        RefusedError("unknown", aws_code="UnknownOperationException", hint="allow it"),
    ],
)
def test_without_operations_counts_alone_decide_and_that_is_said_once(blind: HpctlError) -> None:
    story = Story()
    story.account.calls.fail_always("clusters.operations", blind)
    story.baseline = before_update(REQUEST, story.account.ports)
    steps = story.then(5, grown(2)).then(60, grown(4)).steps()
    remarks = [(step.message, step.hint) for step in steps if isinstance(step, Remarked)]
    assert remarks == [("the cluster's operations cannot be read; its counts alone decide", "allow it")]
    assert isinstance(steps[-1], Finished)
    assert len(story.account.calls.of("clusters.operations")) == 3, "before, before, and once while waiting"


def test_without_operations_a_target_that_moves_on_is_a_conflict() -> None:
    story = Story().then(5, grown(2)).then(60, grown(2, 9))
    error = story.ends(ConflictError)
    assert error.message == (
        "somebody else updated cluster `ml-cluster` meanwhile: "
        "instance group `workers` is asked for 9 nodes now, not for 4"
    )


def test_a_target_that_moves_back_is_an_update_that_failed() -> None:
    story = Story().then(5, grown(2)).then(60, BEFORE)
    error = story.ends(ClusterFailedError)
    assert error.message == (
        "updating cluster `ml-cluster` failed: instance group `workers` is asked for 2 nodes again"
    )
    assert error.hint == "hpctl cluster events ml-cluster"


def test_a_target_that_flickers_is_an_old_answer() -> None:
    story = Story().then(5, grown(2)).then(60, BEFORE).then(90, grown(3)).then(150, grown(4))
    assert isinstance(story.steps()[-1], Finished)


def test_a_cluster_without_continuous_provisioning_updates_as_one() -> None:
    story = Story(a_cluster(node_provisioning=None))
    story.then(1, grown(2, status="Updating", node_provisioning=None))
    story.then(60, grown(4, status="InService", node_provisioning=None))
    steps = story.steps()
    assert waited_for(steps)[-2:] == ["nodes of `workers` 2/4; status InService (it is Updating)", ""]
    assert story.account.calls.of("clusters.events") == []


def test_a_rollback_is_said_as_it_begins_and_ends_the_wait_when_it_is_over() -> None:
    story = Story(a_cluster(node_provisioning=None))
    story.then(1, grown(2, status="Updating", node_provisioning=None))
    story.then(60, grown(2, status="RollingBack", node_provisioning=None))
    story.then(120, a_cluster(node_provisioning=None, failure_message="no capacity"))
    seen, error = story.told(ClusterFailedError)
    remarks = [step.message for step in seen if isinstance(step, Remarked)]
    assert remarks == ["the update failed; AWS takes the cluster back to what it was"]
    assert error.message == "updating cluster `ml-cluster` failed: AWS has rolled it back: no capacity"
    assert story.account.clock.now() >= NOW + timedelta(seconds=120)


def test_a_cluster_that_fails_is_explained() -> None:
    story = Story().then(1, grown(2)).then(60, grown(2, status="Failed", failure_message=EFA))
    error = story.ends(ClusterFailedError)
    assert error.message == f"cluster `ml-cluster` cannot get to what the update asks for: {EFA}"
    assert error.cause == EFA_CAUSE


def test_a_cause_is_shown_as_soon_as_its_event_is_there_and_ends_a_hopeless_wait() -> None:
    story = Story().then(1, grown(2))
    story.account.clusters.happened = [an_error("e1", 20)]
    story.account.clusters.failure_messages = {"e1": EFA}
    seen, error = story.told(ClusterFailedError)
    assert [step.event.event_id for step in seen if isinstance(step, EventSeen)] == ["e1"]
    assert error.cause == EFA_CAUSE
    assert story.account.clock.now() <= NOW + timedelta(seconds=40)


def test_missing_capacity_is_shown_and_does_not_end_the_wait() -> None:
    story = Story().then(1, grown(2)).then(90, grown(4))
    story.account.clusters.happened = [an_error("e1", 20)]
    story.account.clusters.failure_messages = {"e1": CAPACITY}
    assert isinstance(story.steps()[-1], Finished)


def test_failures_from_before_the_update_and_of_other_groups_are_not_the_update_s() -> None:
    story = Story()
    story.account.clusters.happened = [an_error("e1", -30)]
    story.baseline = before_update(REQUEST, story.account.ports)
    story.account.clusters.happened.append(an_error("e2", 20, instance_group="other"))
    story.account.clusters.failure_messages = {"e1": EFA, "e2": EFA}
    steps = story.then(5, grown(2)).then(60, grown(4)).steps()
    assert [step.event.event_id for step in steps if isinstance(step, EventSeen)] == ["e2"]


def test_without_a_baseline_what_is_in_progress_is_followed() -> None:
    story = Story(grown(2))
    story.account.clusters.work(scaling("Done", "op-0", -90))
    story.account.clusters.work(scaling())
    story.baseline = None
    steps = story.then(60, grown(4), scaling("Done")).steps()
    told = [(step.operation.operation_id, step.operation.status) for step in steps if isinstance(step, OperationSeen)]
    assert told == [("op-1", "InProgress"), ("op-1", "Done")]
    assert isinstance(steps[-1], Finished)


def test_without_a_baseline_an_update_that_takes_over_is_a_conflict_too() -> None:
    story = Story(grown(2))
    story.account.clusters.work(scaling())
    story.baseline = None
    story.then(60, grown(2, 8), scaling("Superseded"), scaling("InProgress", "op-2", 59, target=8))
    assert "`op-2` superseded" in story.ends(ConflictError).message


def test_without_a_baseline_a_settled_cluster_is_updated() -> None:
    story = Story()
    story.baseline = None
    observed, finished = story.steps()
    assert (observed.type, finished.type) == ("observed", "finished")


def test_nothing_that_one_feed_told_is_lost_when_the_other_does_not_answer() -> None:
    story = Story().then(1, grown(2), scaling()).then(60, grown(4), scaling("Done"))
    story.account.clusters.happened = [an_event("e1", 0.5)]
    story.account.clock.at(1, lambda: story.account.calls.fail("clusters.operations", DOWN))
    steps = story.steps()
    assert [step.event.event_id for step in steps if isinstance(step, EventSeen)] == ["e1"]
    assert [step.operation.status for step in steps if isinstance(step, OperationSeen)] == ["InProgress", "Done"]


def test_an_operation_that_aws_has_forgotten_is_told_as_it_was_listed() -> None:
    story = Story().then(1, grown(2), scaling()).then(60, grown(4), scaling("Done"))
    story.account.calls.fail_always("clusters.operation", NotFoundError("too old"))
    steps = story.steps()
    assert [step.operation for step in steps if isinstance(step, OperationSeen)] == [
        replace(scaling(), scalings=()),
        replace(scaling("Done"), scalings=()),
    ]


def test_the_look_before_reads_what_the_request_is_about() -> None:
    account = FakeAccount()
    account.clusters.add(BEFORE)
    account.clusters.work(scaling("Done", "op-0", -60))
    account.clusters.happened = [an_event("e1", -30)]
    request = {
        **REQUEST,
        "RestrictedInstanceGroups": [{"InstanceGroupName": "nova", "InstanceCount": 1}],
        "InstanceGroupsToDelete": ["old"],
    }
    assert before_update(request, account.ports) == Baseline(
        cluster=BEFORE,
        groups=frozenset({"workers", "nova"}),
        counts={"workers": 4, "nova": 1},
        deleted=frozenset({"old"}),
        operations=frozenset({"op-0"}),
        newest_event=NOW - timedelta(seconds=30),
    )


def test_the_look_before_fails_while_nothing_was_sent() -> None:
    account = FakeAccount()
    with pytest.raises(NotFoundError):
        before_update(REQUEST, account.ports)
