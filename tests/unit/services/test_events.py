"""Events: told once, pairs as one, errors with AWS's full words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.incidents import collapse
from hpctl.facts.records import Event
from hpctl.report.cluster import Diagnosis
from hpctl.services.events import IN_FULL, EventFeed, News, Selection, list_events
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, a_node, an_error, an_event
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
    assert account.calls.of("clusters.event") == [(CLUSTER_ARN, "e2")]
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
    report = list_events(CONTINUOUS.name, account.ports, Selection())
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
    report = list_events("ml-cluster", account.ports, Selection())
    assert (report.cluster, report.names()) == ("ml-cluster", ("e1", "e2", "e3"))
    assert [event.failure_message for event in report.events] == [None, EFA, EFA]
    assert [one.failure for one in report.diagnoses] == ["efa-health-check"]


def test_the_list_of_a_cluster_without_events_is_derived_and_says_why() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(node_provisioning=None))
    report = list_events("ml-cluster", account.ports, Selection())
    assert report.note is not None
    assert report.note.startswith("AWS publishes events of clusters with `node_provisioning: Continuous` alone")
    assert [event.description for event in report.events] == [
        "Cluster ml-cluster was created",
        "Cluster ml-cluster is InService",
        "InstanceGroup workers is InService, has 2 of 2 nodes",
    ]
    assert all(event.derived for event in report.events)
    assert account.calls.of("clusters.events") == []


def test_a_derived_list_is_filtered_as_any_other() -> None:
    account = FakeAccount()
    cluster = a_cluster("InService", a_live_group(), a_live_group("b"), node_provisioning=None)
    account.clusters.add(cluster)
    events = list_events("ml-cluster", account.ports, Selection(instance_group="b")).events
    assert [event.description for event in events] == ["InstanceGroup b is InService, has 2 of 2 nodes"]
    since = Selection(since=cluster.created_at)
    assert "was created" not in list_events("ml-cluster", account.ports, since).events[0].description


def test_a_refusal_for_a_cluster_that_has_events_is_told_in_aws_s_words() -> None:
    account = an_account()
    account.calls.fail("clusters.events", RefusedError("not that filter", aws_code="ValidationException"))
    with pytest.raises(RefusedError, match="not that filter"):
        list_events("ml-cluster", account.ports, Selection())


def test_the_list_of_an_unknown_cluster_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        list_events("other", FakeAccount().ports, Selection())


def test_what_is_selected_is_asked_of_aws_and_told_in_the_report() -> None:
    account = an_account(
        an_event("e1", -90, instance_group="workers", node_id="i-1"),
        an_event("e2", -30, instance_group="workers", node_id="i-1"),
        an_event("e3", -20, instance_group="workers", node_id="i-2"),
    )
    since = NOW - timedelta(seconds=60)
    report = list_events("ml-cluster", account.ports, Selection(since, "workers", "i-1"))
    assert (report.names(), report.since, report.instance_group, report.node_id) == (("e2",), since, "workers", "i-1")
    assert account.calls.of("clusters.events") == [(CLUSTER_ARN, since, "workers", "i-1")]


def test_a_node_may_be_named_by_its_logical_id() -> None:
    account = an_account(an_event("e1", -9, node_id="i-1"), an_event("e2", -9, node_id="i-2"))
    account.clusters.nodes_in_full["workers-1"] = a_node("i-1", logical_id="workers-1")
    report = list_events("ml-cluster", account.ports, Selection(node_id="workers-1"))
    assert (report.names(), report.node_id) == (("e1",), "workers-1")


def test_a_node_that_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no node `workers-9`"):
        list_events("ml-cluster", an_account().ports, Selection(node_id="workers-9"))


def test_a_group_that_is_misspelt_is_not_an_empty_list() -> None:
    with pytest.raises(NotFoundError) as raised:
        list_events("ml-cluster", an_account().ports, Selection(instance_group="worker"))
    assert raised.value.message == "cluster `ml-cluster` has no instance group `worker`, and no events of one"
    assert raised.value.hint == "--group workers"


def test_the_events_of_a_group_that_was_deleted_are_still_told() -> None:
    account = an_account(an_event("e1", -9, instance_group="old"))
    assert list_events("ml-cluster", account.ports, Selection(instance_group="old")).names() == ("e1",)


def test_of_very_many_errors_the_newest_are_asked_for_in_full() -> None:
    errors = [an_error(f"e{number}", -10 * (IN_FULL + 5) + 10 * number) for number in range(IN_FULL + 3)]
    account = an_account(*errors, **{event.event_id: STRANGE for event in errors})
    events = list_events("ml-cluster", account.ports, Selection()).events
    assert [event.event_id for event in events] == [event.event_id for event in errors]
    assert [event.failure_message for event in events] == [None] * 3 + [STRANGE] * IN_FULL


def test_a_feed_of_a_selection_never_looks_back_beyond_it() -> None:
    account = an_account(an_event("e1", -90), an_event("e2", -30))
    since = NOW - timedelta(seconds=60)
    feed = EventFeed(account.ports.clusters, Selection(since))
    assert ids(feed.new(CONTINUOUS)) == ["e2"]
    assert ids(feed.new(CONTINUOUS)) == []
    assert [asked[1] for asked in account.calls.of("clusters.events")] == [since, since]


def test_a_region_that_knows_no_events_ends_no_wait() -> None:
    account = an_account(an_event("e1"))
    account.calls.fail_always("clusters.events", RefusedError("unknown", aws_code="UnknownOperationException"))
    feed = EventFeed(account.ports.clusters)
    assert feed.new(CONTINUOUS) == ()
    assert isinstance(feed.refused, RefusedError)
