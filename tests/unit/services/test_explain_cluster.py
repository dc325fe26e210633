"""A live cluster is explained by its message, nodes, events and scripts' logs; what could not be read is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from hpctl.errors import AccessError, ChecksUnknownError, ClusterFailedError, NotFoundError
from hpctl.facts.records import Cluster, Event, Node
from hpctl.report.explanation import ExplanationReport
from hpctl.services.explain_cluster import demand_well, explain_cluster
from tests.unit.builders import NOW, a_cluster, a_live_group, a_node, an_error, an_event
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import EFA, STRANGE

WHOLE = "We currently do not have sufficient capacity for the requested instance type(s)."
SCRIPTS = "Lifecycle scripts did not run successfully."
GROUP = "/aws/sagemaker/Clusters/ml-cluster/abcdef012345"
STREAM = "LifecycleConfig/workers/i-1"
BROKEN = a_node("i-1", "Failure", message=SCRIPTS)
LATE = a_cluster("InService", a_live_group(current=0))


def an_account(
    cluster: Cluster, *nodes: Node, events: tuple[Event, ...] = (), logs: Mapping[str, tuple[str, ...]] | None = None
) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(cluster)
    account.clusters.nodes_of = {name: list(nodes) for name in (cluster.name, cluster.arn)}
    account.clusters.happened = list(events)
    account.clusters.failure_messages = {event.event_id: event.failure_message or "" for event in events}
    account.logs.lines = {(GROUP, f"LifecycleConfig/workers/{node}"): lines for node, lines in (logs or {}).items()}
    return account


def explained(account: FakeAccount, node_id: str | None = None) -> ExplanationReport:
    return explain_cluster("ml-cluster", account.ports, node_id=node_id)


def test_a_healthy_cluster_has_nothing_wrong() -> None:
    report = explained(an_account(a_cluster(), a_node()))
    assert (report.explanations, report.past, report.unread) == ((), (), ())
    demand_well(report)


def test_what_failed_before_in_a_cluster_that_is_well_now_is_past() -> None:
    report = explained(an_account(a_cluster(), a_node(), events=(an_error("e1", failure_message=EFA),)))
    assert report.explanations == ()
    assert [one.known.failure for one in report.past if one.known] == ["efa-health-check"]
    demand_well(report)


def test_the_places_that_tell_of_one_failure_are_named_together_and_the_remedy_is_filled() -> None:
    cluster = a_cluster("Failed", a_live_group(current=0), failure_message=EFA)
    event = an_error("e1", failure_message=EFA, node_id="i-1")
    report = explained(an_account(cluster, a_node("i-1", "Failure", message=EFA), events=(event,)))
    (one,) = report.explanations
    assert [evidence.place for evidence in one.evidence] == [
        "cluster ml-cluster",
        "node i-1, status Failure",
        "event e1 of i-1",
    ]
    assert one.known is not None
    assert "--group-id sg-nodes" in one.known.remedy
    with pytest.raises(ClusterFailedError, match="cluster ml-cluster is not well: `efa-health-check`"):
        demand_well(report)


def test_what_the_scripts_log_says_comes_before_that_scripts_failed() -> None:
    log = ("starting", "/bin/bash^M: bad interpreter: No such file or directory", "done")
    report = explained(an_account(LATE, BROKEN, logs={"i-1": log}))
    assert report.names() == ("lifecycle-line-endings", "lifecycle-failed")
    assert report.explanations[0].evidence[0].place == f"log {STREAM}, line 2 of its last 3"


@pytest.mark.parametrize("logs", [{}, {"i-1": ()}])
def test_scripts_that_failed_without_a_word_are_telling(logs: dict[str, tuple[str, ...]]) -> None:
    assert set(explained(an_account(LATE, BROKEN, logs=logs)).names()) == {"lifecycle-failed", "lifecycle-silent"}


def test_a_capacity_failure_alone_is_shown_and_blocks_nothing() -> None:
    event = an_error("e1", failure_message="do not have sufficient capacity to launch new ml.p5.48xlarge instances")
    report = explained(an_account(LATE, events=(event,)))
    assert report.names() == ("capacity-continuous",)
    demand_well(report)


def test_words_that_nobody_knows_are_shown_as_such_and_are_no_all_is_well() -> None:
    report = explained(an_account(LATE, events=(an_error("e1", failure_message=STRANGE),)))
    assert [one.known for one in report.explanations] == [None]
    assert report.explanations[0].evidence[0].text == STRANGE
    with pytest.raises(ClusterFailedError, match="a failure that is not known"):
        demand_well(report)


def test_a_general_description_says_nothing_beside_a_reason() -> None:
    events = (an_error("e1", failure_message=EFA), an_error("e2", 60, description="Instance creation failed"))
    assert len(explained(an_account(LATE, events=events)).explanations) == 1
    assert len(explained(an_account(LATE, events=events[1:])).explanations) == 1


def test_noise_is_no_failure() -> None:
    noise = "2 node(s) lost orchestration-ready status. Current: 6/8 orchestration-ready"
    report = explained(an_account(LATE, events=(an_error("e1", description=noise), an_event("e2"))))
    assert report.names() == ("in-service-without-nodes",)


def test_what_nothing_was_said_about_is_told_by_the_state() -> None:
    assert explained(an_account(LATE)).names() == ("in-service-without-nodes",)
    slow = a_cluster("Creating", a_live_group(current=0), created_at=NOW - timedelta(hours=2))
    assert explained(an_account(slow)).names() == ("creation-slow",)
    young = a_cluster("Creating", a_live_group(current=0), created_at=NOW - timedelta(minutes=20))
    assert explained(an_account(young)).names() == ()


def test_of_a_node_only_its_own_message_events_and_log_are_read() -> None:
    account = an_account(LATE, BROKEN, logs={"i-1": ("mount.lustre: Connection timed out",), "i-2": (EFA,)})
    account.clusters.nodes_in_full = {"i-1": BROKEN}
    report = explained(account, "i-1")
    assert report.subject == "node i-1"
    assert report.names() == ("lustre-mount-timeout", "lifecycle-failed")
    assert account.calls.of("logs.streams") == [(GROUP, STREAM)]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("clusters.nodes", "the nodes"),
        ("clusters.events", "the events"),
        ("logs.streams", "the logs of the lifecycle scripts"),
    ],
)
def test_what_could_not_be_read_is_said_and_is_no_all_is_well(operation: str, what: str) -> None:
    account = an_account(a_cluster("Updating"), a_node())
    account.calls.fail_always(operation, AccessError("you may not", action="x:y"))
    report = explained(account)
    assert report.unread == (f"{what}: you may not",)
    with pytest.raises(ChecksUnknownError, match="not everything could be read"):
        demand_well(report)


def test_a_log_that_may_not_be_read_is_not_called_silent() -> None:
    account = an_account(LATE, BROKEN, logs={"i-1": ("x",)})
    account.calls.fail_always("logs.last_lines", AccessError("you may not", action="logs:GetLogEvents"))
    report = explained(account)
    assert report.names() == ("lifecycle-failed",)
    assert report.unread == (f"log stream {STREAM}: you may not",)


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        explain_cluster("other", FakeAccount().ports)


def test_capacity_of_the_whole_request_blocks() -> None:
    with pytest.raises(ClusterFailedError, match="`capacity`"):
        demand_well(explained(an_account(LATE, events=(an_error("e1", failure_message=WHOLE),))))
