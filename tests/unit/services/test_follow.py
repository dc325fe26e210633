"""Events as they come: old ones first, then new ones, through outages, until the cluster is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import pytest

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.records import Event
from hpctl.report.progress import EventSeen, Finished, Progress, Remarked
from hpctl.services.events import Selection
from hpctl.services.follow import follow_events
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, a_node, an_error, an_event
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import EFA, NOISE

RESUME = "hpctl cluster events ml-cluster --follow"
GONE = NotFoundError("there is no cluster `ml-cluster`")
DOWN = UnavailableError("SageMaker did not answer")


def an_account(*events: Event, gone_after_s: float = 600.0, **failure_messages: str) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.clusters.happened = list(events)
    account.clusters.failure_messages = failure_messages
    account.clock.at(gone_after_s, lambda: account.calls.fail_always("clusters.events", GONE))
    return account


def following(account: FakeAccount, selection: Selection | None = None) -> Iterator[Progress]:
    return follow_events("ml-cluster", account.ports, selection or Selection(), resume=RESUME)


def ids(steps: Iterator[Progress]) -> list[str]:
    return [step.event.event_id for step in steps if isinstance(step, EventSeen)]


def test_what_happened_comes_first_then_what_happens_each_once() -> None:
    account = an_account(an_event("e1", -90), an_event("e2", -20), an_event("e3", 40), an_event("e4", 300))
    assert ids(following(account)) == ["e1", "e2", "e3", "e4"]


def test_it_ends_well_when_the_cluster_is_gone() -> None:
    account = an_account()
    *_, last = following(account)
    assert isinstance(last, Finished)
    assert (last.cluster, last.status) == ("ml-cluster", "Deleted")
    assert 600 <= last.elapsed_s <= 620


def test_a_pair_of_errors_is_one_and_comes_with_its_cause() -> None:
    account = an_account(an_error("e1", 9.8), an_error("e2", 10.2), e1=EFA, e2=EFA)
    (error,) = (step for step in following(account) if isinstance(step, EventSeen))
    assert error.diagnosis is not None
    assert (error.event.failure_message, error.diagnosis.failure) == (EFA, "efa-health-check")


def test_noise_is_told_for_it_is_what_aws_tells() -> None:
    assert ids(following(an_account(an_event("e1", 5, level="Warn", description=NOISE)))) == ["e1"]


def test_only_what_is_selected_is_told() -> None:
    account = an_account(
        an_event("e1", -90, node_id="i-1"), an_event("e2", 20, node_id="i-1"), an_event("e3", 20, node_id="i-2")
    )
    selection = Selection(since=NOW - timedelta(seconds=60), node_id="i-1")
    assert ids(following(account, selection)) == ["e2"]


def test_it_follows_this_very_cluster_and_asks_as_seldom_as_a_waiter() -> None:
    account = an_account()
    list(following(account))
    assert len(account.calls.of("clusters.describe")) == 1
    asked = account.calls.of("clusters.events")
    assert {name for name, *_ in asked} == {CLUSTER_ARN}
    assert max(account.clock.slept) <= timeouts.POLL_CAP_S
    assert len(asked) <= 10 + 600 / timeouts.POLL_STEADY_S


def test_an_outage_is_borne_and_said_and_nothing_is_lost() -> None:
    account = an_account(an_event("e1", 10), an_event("e2", 60), gone_after_s=900)
    account.clock.at(5, lambda: account.calls.fail("clusters.events", *[DOWN] * (timeouts.FOLLOW_MISSED - 1)))
    steps = list(following(account))
    assert ids(iter(steps)) == ["e1", "e2"]
    remarks = [step.message for step in steps if isinstance(step, Remarked)]
    assert remarks == ["AWS does not answer; nothing is lost, the next look tells all"]


def test_an_outage_without_an_end_ends_it_with_the_command_to_go_on() -> None:
    account = an_account(gone_after_s=9999)
    account.calls.fail_always("clusters.events", DOWN)
    with pytest.raises(UnavailableError) as raised:
        list(following(account))
    assert raised.value.hint == f"to go on waiting: {RESUME}"
    assert len(account.calls.of("clusters.events")) == timeouts.FOLLOW_MISSED


def test_credentials_that_expire_end_it_with_both_hints() -> None:
    account = an_account()
    account.clock.at(60, lambda: account.calls.fail_always("clusters.events", AccessError("old", hint="aws sso login")))
    with pytest.raises(AccessError) as raised:
        list(following(account))
    assert raised.value.hint == f"aws sso login\nto go on waiting: {RESUME}"


def test_a_refusal_is_told() -> None:
    account = an_account()
    account.calls.fail("clusters.events", RefusedError("not that filter", aws_code="ValidationException"))
    with pytest.raises(RefusedError, match="not that filter"):
        list(following(account))


def test_an_unknown_cluster_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        list(following(FakeAccount()))


def test_a_group_that_is_misspelt_is_not_waited_for() -> None:
    with pytest.raises(NotFoundError, match="has no instance group `worker`"):
        list(following(an_account(), Selection(instance_group="worker")))


def test_of_a_cluster_without_events_its_transitions_are_told() -> None:
    account = FakeAccount()
    account.clusters.play(
        a_cluster("Creating", a_live_group(current=0, status="Creating"), node_provisioning=None),
        a_cluster("Creating", a_live_group(current=0, status="Creating"), node_provisioning=None),
        a_cluster("InService", node_provisioning=None),
        a_cluster("InService", node_provisioning=None),
        GONE,
    )
    account.clusters.add(a_cluster(node_provisioning=None))
    account.clusters.nodes_of = {"ml-cluster": [a_node("i-1", "Pending")]}
    remark, *steps = following(account)
    assert isinstance(remark, Remarked)
    assert "these lines are derived" in remark.message
    assert [step.event.description for step in steps if isinstance(step, EventSeen)] == [
        "Cluster ml-cluster was created",
        "Cluster ml-cluster is Creating",
        "InstanceGroup workers is Creating, has 0 of 2 nodes",
        "Node i-1 is Pending",
        "Cluster ml-cluster: Creating -> InService",
        "InstanceGroup workers: Creating -> InService, nodes 0/2 -> 2/2",
    ]
    assert isinstance(steps[-1], Finished)


def test_a_failure_of_a_cluster_without_events_comes_with_its_cause() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster("Failed", failure_message=EFA, node_provisioning=None))
    steps = islice(following(account), 4)
    (why,) = [step.diagnosis for step in steps if isinstance(step, EventSeen) and step.diagnosis]
    assert why.failure == "efa-health-check"
