"""Events: told once, pairs as one, errors with AWS's full words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.records import Event
from hpctl.report.cluster import Diagnosis
from hpctl.services.events import EventFeed, News, collapse, list_events
from tests.unit.builders import a_cluster, an_error, an_event
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import EFA, EFA_CAUSE, NOISE, STRANGE

CONTINUOUS = a_cluster()
PAIR = timeouts.PAIRED_EVENTS_S


def an_account(*events: Event, **failure_messages: str) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(CONTINUOUS)
    account.clusters.happened = list(events)
    account.clusters.failure_messages = failure_messages
    return account


def ids(news: News) -> list[str]:
    return [event.event_id for event, _diagnosis in news]


def test_events_are_told_once_and_oldest_first() -> None:
    account = an_account(an_event("e1", -30), an_event("e2", -20), an_event("e3", 5))
    feed = EventFeed(account.ports.clusters)
    assert ids(feed.new(CONTINUOUS)) == ["e1", "e2"]
    assert ids(feed.new(CONTINUOUS)) == []
    account.clock.sleep(10)
    assert ids(feed.new(CONTINUOUS)) == ["e3"]


def test_a_cluster_without_continuous_provisioning_is_not_asked() -> None:
    account = an_account(an_event("e1"))
    assert ids(EventFeed(account.ports.clusters).new(a_cluster(node_provisioning=None))) == []
    assert account.calls.made == []


def test_only_errors_are_asked_for_in_full() -> None:
    account = an_account(an_event("e1", -9), an_error("e2", -8), an_event("e3", -7, level="Warn"), e2=STRANGE)
    news = list(EventFeed(account.ports.clusters).new(CONTINUOUS))
    assert account.calls.of("clusters.event") == [("ml-cluster", "e2")]
    assert [event.failure_message for event, _diagnosis in news] == [None, STRANGE, None]


def test_a_known_failure_comes_with_cause_and_remedy() -> None:
    account = an_account(an_error("e1"), e1=EFA)
    ((_event, diagnosis),) = EventFeed(account.ports.clusters).new(CONTINUOUS)
    assert diagnosis is not None
    assert (diagnosis.subject, diagnosis.message) == ("instance group/workers", EFA)
    assert (diagnosis.failure, diagnosis.cause, diagnosis.final) == ("efa-health-check", EFA_CAUSE, True)
    assert "--group-id sg-nodes" in (diagnosis.remedy or "")


def test_an_unknown_failure_comes_in_aws_s_words() -> None:
    account = an_account(an_error("e1", instance_group=None), e1=STRANGE)
    ((_event, diagnosis),) = EventFeed(account.ports.clusters).new(CONTINUOUS)
    assert diagnosis == Diagnosis(subject="cluster/ml-cluster", message=STRANGE)


def test_an_error_without_a_failure_message_is_known_by_its_description() -> None:
    account = an_account(an_error("e1", description="Lifecycle scripts execution timed out"))
    ((_event, diagnosis),) = EventFeed(account.ports.clusters).new(CONTINUOUS)
    assert diagnosis is not None
    assert diagnosis.failure == "lifecycle-timeout"


@pytest.mark.parametrize("level", ["Info", "Warn"])
def test_noise_is_not_told_while_waiting(level: str) -> None:
    account = an_account(an_event("e1", level=level, description=NOISE), an_event("e2"))
    ((event, diagnosis),) = EventFeed(account.ports.clusters).new(CONTINUOUS)
    assert (event.event_id, diagnosis) == ("e2", None)
    assert account.calls.of("clusters.event") == []


def test_a_listing_keeps_the_noise_for_it_is_what_aws_tells() -> None:
    account = an_account(an_event("e1", level="Warn", description=NOISE))
    report = list_events(CONTINUOUS.name, account.ports.clusters)
    assert [event.description for event in report.events] == [NOISE]
    assert report.diagnoses == ()


def test_the_second_look_asks_only_for_what_may_be_new() -> None:
    account = an_account(an_event("e1"))
    feed = EventFeed(account.ports.clusters)
    feed.new(CONTINUOUS)
    feed.new(CONTINUOUS)
    (_, first), (_, second) = account.calls.of("clusters.events")
    assert first is None
    assert second == account.clusters.happened[0].time - timedelta(seconds=timeouts.EVENTS_OVERLAP_S)


def test_events_that_may_not_be_read_are_asked_for_once() -> None:
    account = an_account(an_event("e1"))
    account.calls.fail_always("clusters.events", AccessError("no", action="sagemaker:ListClusterEvents"))
    feed = EventFeed(account.ports.clusters)
    assert feed.new(CONTINUOUS) == feed.new(CONTINUOUS) == ()
    assert feed.refused is not None
    assert len(account.calls.of("clusters.events")) == 1


def test_an_event_that_aws_has_forgotten_is_told_as_it_was_listed() -> None:
    account = an_account(an_error("e1", description="Instance creation failed"))
    account.calls.fail_always("clusters.event", NotFoundError("there is no event `e1`"))
    ((event, diagnosis),) = EventFeed(account.ports.clusters).new(CONTINUOUS)
    assert event == an_error("e1", description="Instance creation failed")
    assert diagnosis == Diagnosis(subject="instance group/workers", message="Instance creation failed")


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        ([an_error("e1"), an_error("e2", PAIR)], ["e1"]),
        ([an_error("e1"), an_error("e2", PAIR + 0.1)], ["e1", "e2"]),
        ([an_error("e1", node_id="i-1"), an_error("e2", 0.4, node_id="i-1")], ["e1"]),
        ([an_error("e1", node_id="i-1"), an_error("e2", 0.4, node_id="i-2")], ["e1", "e2"]),
        ([an_error("e1"), an_error("e2", 0.4, instance_group="system")], ["e1", "e2"]),
        ([an_error("e1"), an_event("e2", 0.4, instance_group="workers")], ["e1", "e2"]),
        ([an_event("e1", instance_group="workers"), an_error("e2", 0.4)], ["e1", "e2"]),
        ([an_error("e1"), an_event("e2", 0.2, instance_group="workers"), an_error("e3", 0.4)], ["e1", "e2"]),
        (
            [
                an_error("e1", node_id="i-1"),
                an_error("e2", 0.1, node_id="i-2"),
                an_error("e3", 0.4, node_id="i-1"),
                an_error("e4", 0.5, node_id="i-2"),
            ],
            ["e1", "e2"],
        ),
    ],
)
def test_two_errors_of_one_fault_are_one(events: list[Event], kept: list[str]) -> None:
    assert [event.event_id for event in collapse(events)] == kept


def test_a_pair_is_one_even_when_it_comes_in_two_looks() -> None:
    account = an_account(an_error("e1", -0.2), an_error("e2", 0.2))
    feed = EventFeed(account.ports.clusters)
    assert ids(feed.new(CONTINUOUS)) == ["e1"]
    account.clock.sleep(15)
    assert ids(feed.new(CONTINUOUS)) == []


def test_the_list_is_oldest_first_with_each_diagnosis_once() -> None:
    account = an_account(an_event("e1", -90), an_error("e2", -60), an_error("e3", -30), e2=EFA, e3=EFA)
    report = list_events("ml-cluster", account.ports.clusters)
    assert (report.cluster, report.names()) == ("ml-cluster", ("e1", "e2", "e3"))
    assert [event.failure_message for event in report.events] == [None, EFA, EFA]
    assert [one.failure for one in report.diagnoses] == ["efa-health-check"]


def test_the_list_of_a_cluster_without_events_is_refused_in_aws_s_words() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(node_provisioning=None))
    account.calls.fail("clusters.events", RefusedError("not supported here", aws_code="ValidationException"))
    with pytest.raises(RefusedError, match="not supported here"):
        list_events("ml-cluster", account.ports.clusters)


def test_the_list_of_an_unknown_cluster_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        list_events("other", FakeAccount().ports.clusters)
