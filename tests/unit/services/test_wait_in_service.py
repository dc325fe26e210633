"""Waiting for service: when it is reached, when it never will be, and how it bears a bad line. No test sleeps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hpctl import timeouts
from hpctl.errors import AccessError, ClusterFailedError, HpctlError, NotFoundError, UnavailableError, WaitTimeoutError
from hpctl.facts.records import Cluster
from hpctl.report.progress import Finished, GroupProgress, Observed, Progress, Remarked
from hpctl.services.wait import Waiting, missing, until_in_service
from tests.unit.builders import NOW, a_cluster, a_live_group, an_error, an_event
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import CAPACITY, EFA, EFA_CAUSE, NOISE, STRANGE, ZONE_CAPACITY

RESUME = "hpctl cluster create -f cluster.yaml --yes"
ABSENT = NotFoundError("there is no cluster `ml-cluster`")
DOWN = UnavailableError("SageMaker did not answer", hint="AWS's own hint")
CREATING = a_cluster("Creating", a_live_group(current=0))
EMPTY = a_cluster("InService", a_live_group(current=0))
HALF = a_cluster("InService", a_live_group(current=1))
READY = a_cluster()


def playing(*answers: Cluster | HpctlError) -> FakeAccount:
    account = FakeAccount()
    account.clusters.play(*answers)
    return account


def steps(account: FakeAccount, timeout_s: float = 3600.0) -> list[Progress]:
    return list(until_in_service(Waiting("ml-cluster", timeout_s, RESUME), account.ports))


def seen(account: FakeAccount) -> list[Progress]:
    """Return the steps before the wait ended in whatever error."""
    found: list[Progress] = []
    with pytest.raises(HpctlError):
        found.extend(until_in_service(Waiting("ml-cluster", 3600.0, RESUME), account.ports))
    return found


def looks(account: FakeAccount) -> int:
    return len(account.calls.of("clusters.describe"))


def test_it_ends_when_all_nodes_are_there() -> None:
    account = playing(CREATING, EMPTY, HALF, READY)
    *observed, finished = steps(account)
    assert [step.waiting_for for step in observed if isinstance(step, Observed)] == [
        "nodes of `workers` 0/2",
        "nodes of `workers` 0/2",
        "nodes of `workers` 1/2",
        "",
    ]
    assert finished == Finished(time=account.clock.now(), elapsed_s=4.4, cluster="ml-cluster", status="InService")
    assert account.clock.slept == pytest.approx([1.0, 1.4, 1.96])


def test_in_service_is_not_enough_while_nodes_are_missing() -> None:
    with pytest.raises(WaitTimeoutError):
        steps(playing(HALF))


def test_nodes_are_not_enough_while_the_status_is_another() -> None:
    cluster = a_cluster("Updating")
    assert missing(cluster) == "status InService (it is Updating)"
    with pytest.raises(WaitTimeoutError):
        steps(playing(cluster))


def test_every_late_group_is_named() -> None:
    groups = (a_live_group("a", 0, 4), a_live_group("b", 2, 2), a_live_group("c", 3, 1))
    assert missing(a_cluster("InService", *groups)) == "nodes of `a` 0/4, `c` 3/1"


def test_a_cluster_in_service_is_seen_once_and_without_sleep() -> None:
    account = playing(READY)
    observed, finished = steps(account)
    assert observed == Observed(
        time=NOW,
        elapsed_s=0.0,
        cluster="ml-cluster",
        status="InService",
        groups=(GroupProgress(name="workers", status="InService", current_count=2, target_count=2),),
        waiting_for="",
    )
    assert isinstance(finished, Finished)
    assert (finished.elapsed_s, account.clock.slept) == (0.0, [])


@pytest.mark.parametrize("mode", [None, "Continuous"])
def test_a_failed_cluster_is_explained(mode: str | None) -> None:
    failed = a_cluster("Failed", a_live_group(current=0), failure_message=EFA, node_provisioning=mode)
    with pytest.raises(ClusterFailedError) as raised:
        steps(playing(CREATING, failed))
    assert raised.value.message == f"cluster `ml-cluster` cannot get into service: {EFA}"
    assert raised.value.cause == EFA_CAUSE
    assert (raised.value.hint or "").splitlines()[1] == (
        "aws ec2 authorize-security-group-ingress --region us-west-2 --group-id sg-nodes --protocol -1 "
        "--source-group sg-nodes"
    )


@pytest.mark.parametrize(("message", "said"), [(STRANGE, STRANGE), (None, "AWS gives no reason")])
def test_a_failure_that_nobody_knows_is_told_in_aws_s_words(message: str | None, said: str) -> None:
    with pytest.raises(ClusterFailedError) as raised:
        steps(playing(a_cluster("Failed", failure_message=message, node_provisioning=None)))
    assert raised.value.message == f"cluster `ml-cluster` cannot get into service: {said}"
    assert (raised.value.cause, raised.value.hint) == (None, None)


def test_an_event_explains_a_failure_without_a_reason() -> None:
    account = playing(a_cluster("Failed"))
    account.clusters.happened = [an_error("e1")]
    account.clusters.failure_messages = {"e1": EFA}
    with pytest.raises(ClusterFailedError, match="EFA health checks did not run"):
        steps(account)


def test_time_runs_out_with_the_command_to_go_on() -> None:
    account = playing(CREATING)
    with pytest.raises(WaitTimeoutError) as raised:
        steps(account, timeout_s=100.0)
    assert raised.value.message == "cluster `ml-cluster` was not there yet after 100 s; AWS goes on working"
    assert raised.value.hint == f"to go on waiting: {RESUME}"
    assert sum(account.clock.slept) == pytest.approx(100.0)


def test_no_time_at_all_is_one_look() -> None:
    account = playing(CREATING)
    with pytest.raises(WaitTimeoutError):
        steps(account, timeout_s=0.0)
    assert (looks(account), account.clock.slept) == (1, [])


def test_a_new_cluster_may_be_unknown_for_a_while() -> None:
    *_, finished = steps(playing(ABSENT, ABSENT, ABSENT, READY))
    assert isinstance(finished, Finished)


def test_a_cluster_that_stays_unknown_is_not_waited_for() -> None:
    account = playing(ABSENT)
    with pytest.raises(NotFoundError) as raised:
        steps(account)
    assert raised.value is ABSENT
    assert timeouts.VISIBLE_S < sum(account.clock.slept) <= timeouts.VISIBLE_S + timeouts.POLL_CAP_S


def test_a_cluster_that_vanishes_later_is_not_waited_for() -> None:
    account = playing(*[CREATING] * 20, ABSENT)
    with pytest.raises(NotFoundError):
        steps(account)
    assert looks(account) == 21


def test_an_api_that_is_down_for_a_moment_is_borne() -> None:
    twice = [DOWN] * (timeouts.LOOKS_MISSED - 1)
    account = playing(*twice, CREATING, *twice, READY)
    assert [type(step) for step in steps(account)] == [Observed, Observed, Finished]


def test_an_api_that_stays_down_ends_the_wait_with_the_command_to_go_on() -> None:
    account = playing(CREATING, DOWN)
    with pytest.raises(UnavailableError) as raised:
        steps(account)
    assert (raised.value.message, raised.value.hint) == ("SageMaker did not answer", f"to go on waiting: {RESUME}")
    assert looks(account) == 1 + timeouts.LOOKS_MISSED


@pytest.mark.parametrize("operation", ["clusters.events", "clusters.event"])
def test_events_that_cannot_be_had_for_a_moment_come_later(operation: str) -> None:
    account = playing(CREATING, CREATING, READY)
    account.clusters.happened = [an_event("e1"), an_error("e2", -5.0)]
    account.calls.fail(operation, DOWN)
    told = [step for step in steps(account) if step.type == "event"]
    assert [step.event.event_id for step in told] == ["e2", "e1"]


def test_events_that_cannot_be_had_at_all_end_the_wait_like_the_cluster_itself() -> None:
    account = playing(CREATING)
    account.calls.fail_always("clusters.events", DOWN)
    with pytest.raises(UnavailableError) as raised:
        steps(account)
    assert raised.value.hint == f"to go on waiting: {RESUME}"
    assert looks(account) == timeouts.LOOKS_MISSED


def test_a_wait_goes_on_without_events_that_may_not_be_read_and_says_so_once() -> None:
    account = playing(EMPTY, HALF, READY)
    account.calls.fail_always("clusters.events", AccessError("no", action="x:Look", hint="allow `x:Look`"))
    remarks = [step for step in steps(account) if isinstance(step, Remarked)]
    assert [(step.message.split(";")[0], step.hint) for step in remarks] == [
        ("the cluster's events cannot be read", "allow `x:Look`")
    ]


def test_expired_credentials_end_the_wait_with_both_hints() -> None:
    account = playing(CREATING, AccessError("the token expired", action="x:Look", hint="aws sso login"))
    with pytest.raises(AccessError) as raised:
        steps(account)
    assert (raised.value.message, raised.value.action) == ("the token expired", "x:Look")
    assert raised.value.hint == f"aws sso login\nto go on waiting: {RESUME}"


def test_it_looks_quickly_first_and_at_most_four_times_a_minute_later() -> None:
    account = playing(CREATING)
    with pytest.raises(WaitTimeoutError):
        steps(account, timeout_s=1800.0)
    first, *pauses, _rest = account.clock.slept
    assert first == timeouts.POLL_FIRST_S
    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert sum(pauses[:8]) <= 60
    assert min(pauses[10:]) >= 60 / 4
    assert max(pauses) <= 60


def test_a_configuration_that_cannot_work_ends_the_wait_though_aws_goes_on_trying() -> None:
    account = playing(EMPTY)
    account.clusters.happened = [an_error("e1", 3.0)]
    account.clusters.failure_messages = {"e1": EFA}
    with pytest.raises(ClusterFailedError) as raised:
        steps(account)
    assert raised.value.message == f"cluster `ml-cluster` cannot get into service: {EFA}"
    assert raised.value.cause == EFA_CAUSE
    assert sum(account.clock.slept) < 10


def test_the_hopeless_event_is_told_before_the_wait_ends() -> None:
    account = playing(EMPTY)
    account.clusters.happened = [an_error("e1")]
    account.clusters.failure_messages = {"e1": EFA}
    event, observed = seen(account)
    assert (event.type, observed.type) == ("event", "observed")


@pytest.mark.parametrize("message", [CAPACITY, ZONE_CAPACITY, STRANGE])
def test_missing_capacity_and_strange_errors_do_not_end_the_wait(message: str) -> None:
    account = playing(EMPTY, EMPTY, READY)
    account.clusters.happened = [an_error("e1")]
    account.clusters.failure_messages = {"e1": message}
    assert isinstance(steps(account)[-1], Finished)


@pytest.mark.parametrize("level", ["Warn", "Error"])
def test_the_noise_of_scaling_does_not_end_the_wait(level: str) -> None:
    account = playing(EMPTY, READY)
    account.clusters.happened = [an_event("e1", level=level, description=NOISE)]
    assert isinstance(steps(account)[-1], Finished)


def test_an_old_failure_does_not_spoil_a_cluster_that_made_it() -> None:
    account = playing(READY)
    account.clusters.happened = [an_error("e1", -600.0)]
    account.clusters.failure_messages = {"e1": EFA}
    assert isinstance(steps(account)[-1], Finished)
