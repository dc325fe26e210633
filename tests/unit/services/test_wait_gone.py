"""Waiting until a cluster does not exist any more."""

from __future__ import annotations

import pytest

from hpctl import timeouts
from hpctl.errors import (
    AccessError,
    ClusterFailedError,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    WaitTimeoutError,
)
from hpctl.facts.records import Cluster, Node
from hpctl.report.progress import Finished, Observed, Progress, Remarked
from hpctl.services.wait import Waiting, until_gone
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

RESUME = "hpctl cluster delete ml-cluster --yes"
GONE = NotFoundError("there is no cluster `ml-cluster`")
DOWN = UnavailableError("SageMaker did not answer")
DELETING = a_cluster("Deleting", a_live_group(current=2), a_live_group("b", current=1))
EMPTY = a_cluster("Deleting", a_live_group(current=0))


def playing(*answers: Cluster | HpctlError) -> FakeAccount:
    account = FakeAccount()
    account.clusters.play(*answers)
    return account


def steps(account: FakeAccount, timeout_s: float = 3600.0) -> list[Progress]:
    return list(until_gone(Waiting("ml-cluster", timeout_s, RESUME), account.ports))


def test_it_ends_when_there_is_no_such_cluster() -> None:
    account = playing(DELETING, EMPTY, GONE)
    *observed, finished = steps(account)
    assert [(step.status, step.waiting_for) for step in observed if isinstance(step, Observed)] == [
        ("Deleting", "3 nodes to end"),
        ("Deleting", "the cluster to disappear"),
    ]
    assert finished == Finished(time=account.clock.now(), elapsed_s=2.4, cluster="ml-cluster", status="Deleted")


def test_what_is_gone_already_is_seen_once() -> None:
    account = playing(GONE)
    assert steps(account) == [Finished(time=NOW, elapsed_s=0.0, cluster="ml-cluster", status="Deleted")]
    assert account.clock.slept == []


def test_it_asks_for_no_events() -> None:
    account = playing(DELETING, GONE)
    steps(account)
    assert set(account.calls.operations) == {"clusters.describe"}


def test_time_runs_out_with_the_command_to_go_on() -> None:
    with pytest.raises(WaitTimeoutError) as raised:
        steps(playing(DELETING), timeout_s=60.0)
    assert raised.value.message == "cluster `ml-cluster` was still there after 60 s; AWS goes on working"
    assert raised.value.hint == f"to go on waiting: {RESUME}"


def test_an_api_that_is_down_for_a_moment_is_borne() -> None:
    assert isinstance(steps(playing(DELETING, DOWN, DOWN, EMPTY, GONE))[-1], Finished)


def test_an_api_that_stays_down_ends_the_wait_with_the_command_to_go_on() -> None:
    account = playing(DELETING, DOWN)
    with pytest.raises(UnavailableError) as raised:
        steps(account)
    assert raised.value.hint == f"to go on waiting: {RESUME}"
    assert len(account.calls.of("clusters.describe")) == 1 + timeouts.LOOKS_MISSED


@pytest.mark.parametrize(("message", "said"), [("the role is gone", "the role is gone"), (None, "AWS gives no reason")])
def test_a_deletion_that_fails_is_told(message: str | None, said: str) -> None:
    with pytest.raises(ClusterFailedError) as raised:
        steps(playing(DELETING, a_cluster("Failed", failure_message=message)))
    assert raised.value.message == f"deleting cluster `ml-cluster` failed: {said}"
    assert raised.value.hint == f"to try again: {RESUME}"


def test_the_old_failure_of_a_cluster_just_deleted_is_not_the_deletion_s() -> None:
    stale = a_cluster("Failed", failure_message="why it was deleted")
    assert isinstance(steps(playing(stale, stale, DELETING, GONE))[-1], Finished)


def test_a_cluster_that_stays_failed_was_not_deleted() -> None:
    account = playing(a_cluster("Failed", failure_message="no"))
    with pytest.raises(ClusterFailedError):
        steps(account)
    assert timeouts.VISIBLE_S < sum(account.clock.slept) <= timeouts.VISIBLE_S + timeouts.POLL_CAP_S


ROLE_GONE = "The execution role does not have permission to perform ec2:DeleteNetworkInterface"
ENDING = a_cluster("Deleting", a_live_group(current=1))


def stuck(*nodes: Node, ends_after_s: float = 2000.0) -> FakeAccount:
    """An account whose cluster is being deleted and never gets on, until it does."""
    account = FakeAccount()
    account.clusters.add(ENDING)
    account.clusters.nodes_of = {"ml-cluster": list(nodes)}
    account.clock.at(ends_after_s, account.clusters.known.clear)
    return account


def remarks(account: FakeAccount) -> list[Remarked]:
    return [step for step in steps(account) if isinstance(step, Remarked)]


def test_a_deletion_that_is_stuck_is_explained_once() -> None:
    nodes = (a_node("i-1", "ShuttingDown", message=ROLE_GONE), a_node("i-2", "ShuttingDown", message=ROLE_GONE))
    (remark,) = remarks(stuck(*nodes))
    assert remark.message == f"deleting cluster `ml-cluster` is stuck: node/i-1: {ROLE_GONE}"
    assert remark.cause is not None
    assert remark.cause.startswith("the execution role was deleted or changed while the cluster still needs it")
    assert remark.hint is not None
    assert "aws iam get-role --role-name hyperpod-execution" in remark.hint
    assert timeouts.STUCK_S <= (remark.time - NOW).total_seconds() <= timeouts.STUCK_S + timeouts.POLL_CAP_S


def test_messages_that_only_a_single_node_s_description_has_are_found_too() -> None:
    account = stuck(a_node("i-1", "ShuttingDown"))
    account.clusters.nodes_in_full["i-1"] = a_node("i-1", "ShuttingDown", message=ROLE_GONE)
    assert len(remarks(account)) == 1


def test_a_deletion_that_gets_on_is_not_stuck() -> None:
    account = stuck(a_node("i-1", "ShuttingDown", message=ROLE_GONE), ends_after_s=1000)
    for number in range(5):
        fewer = a_cluster("Deleting", a_live_group(current=9 - number))
        account.clock.at(200.0 * number, lambda fewer=fewer: account.clusters.add(fewer))  # type: ignore[misc]
    assert remarks(account) == []
    assert account.calls.of("clusters.nodes") == []


def test_a_deletion_without_a_reason_is_looked_into_again_and_not_remarked_upon() -> None:
    account = stuck(a_node("i-1", "ShuttingDown", message="Terminating"))
    assert remarks(account) == []
    assert 3 <= len(account.calls.of("clusters.nodes")) <= 2000 / timeouts.STUCK_S


@pytest.mark.parametrize(
    "error", [AccessError("no"), NotFoundError("gone"), DOWN, RefusedError("what?", aws_code="ValidationException")]
)
def test_nodes_that_cannot_be_read_do_not_end_the_wait(error: HpctlError) -> None:
    account = stuck()
    account.calls.fail_always("clusters.nodes", error)
    assert remarks(account) == []


def test_the_very_cluster_is_waited_for_and_not_a_namesake() -> None:
    account = stuck(ends_after_s=30)
    new = a_cluster(arn=CLUSTER_ARN.replace("abc", "xyz"))
    account.clock.at(31, lambda: account.clusters.add(new))
    waiting = Waiting("ml-cluster", 3600.0, RESUME, CLUSTER_ARN)
    *_, last = until_gone(waiting, account.ports)
    assert isinstance(last, Finished)
    assert last.cluster == "ml-cluster"
