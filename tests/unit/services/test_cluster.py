"""Clusters: the list, and one described with what is wrong and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier

import pytest

from hpctl.errors import AccessError, NotFoundError
from hpctl.facts.records import Cluster, Event, Node
from hpctl.report.cluster import ClusterReport
from hpctl.services import cluster as service
from hpctl.services.cluster import describe, list_clusters, next_steps
from tests.unit.builders import CLUSTER_ARN, REGION, a_cluster, a_live_group, a_node, an_error, an_event
from tests.unit.fake_clusters import FakeClusters
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import CAPACITY, EFA, STRANGE

LATE = a_live_group(current=1)


def an_account(cluster: Cluster, nodes: list[Node] | None = None, events: list[Event] | None = None) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(cluster)
    account.clusters.nodes_of = {cluster.name: nodes or []}
    account.clusters.happened = events or []
    return account


def described(account: FakeAccount, name: str = "ml-cluster") -> ClusterReport:
    return describe(name, REGION, account.ports.clusters)


def messages(report: ClusterReport) -> list[str]:
    return [one.message for one in report.diagnoses]


def test_the_list_is_the_region_s_and_can_be_narrowed() -> None:
    account = FakeAccount()
    for name in ("ml-a", "ml-b", "other"):
        account.clusters.add(a_cluster(name=name))
    assert list_clusters(REGION, account.ports.clusters).names() == ("ml-a", "ml-b", "other")
    assert list_clusters(REGION, account.ports.clusters, name_contains="ml").names() == ("ml-a", "ml-b")
    assert list_clusters(REGION, account.ports.clusters).region == REGION


def test_a_description_tells_the_cluster_and_counts_its_nodes() -> None:
    account = an_account(a_cluster(), [a_node("i-1"), a_node("i-2"), a_node("i-3", "Pending")])
    report = described(account)
    assert (report.region, report.cluster, report.diagnoses) == (REGION, a_cluster(), ())
    assert report.nodes_by_status == {"Running": 2, "Pending": 1}


def test_cluster_and_nodes_are_asked_for_side_by_side() -> None:
    together = Barrier(2, timeout=10)
    account = an_account(a_cluster())

    class Meets(FakeClusters):
        def describe(self, name: str) -> Cluster:
            together.wait()
            return super().describe(name)

        def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
            together.wait()
            return super().nodes(name, instance_group=instance_group)

    clusters = Meets(account.calls, account.clock)
    clusters.add(a_cluster())
    assert describe("ml-cluster", REGION, clusters).cluster == a_cluster()


def test_an_unknown_cluster_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        described(an_account(a_cluster()), "other")


def test_an_arn_is_as_good_as_a_name() -> None:
    account = an_account(a_cluster("InService", LATE), [a_node("i-1", "Failure")], [an_event("e1")])
    report = described(account, CLUSTER_ARN)
    assert report.cluster.name == "ml-cluster"
    assert account.calls.of("clusters.events") == [("ml-cluster", None)]


def test_a_healthy_cluster_s_events_are_not_read() -> None:
    account = an_account(a_cluster(), [a_node()], [an_error("e1")])
    assert described(account).diagnoses == ()
    assert account.calls.of("clusters.events") == []


def test_a_cluster_without_continuous_provisioning_has_no_events_to_read() -> None:
    account = an_account(a_cluster("Creating", LATE, node_provisioning=None))
    assert messages(described(account)) == ["1 of 2 nodes are there"]
    assert account.calls.of("clusters.events") == []


def test_errors_explain_why_nodes_are_missing() -> None:
    account = an_account(a_cluster("InService", LATE), [a_node()], [an_event("e1"), an_error("e2", -9)])
    account.clusters.failure_messages = {"e2": EFA}
    report = described(account)
    assert messages(report) == [EFA, "1 of 2 nodes are there"]
    assert report.diagnoses[0].failure == "efa-health-check"
    assert account.calls.of("clusters.event") == [("ml-cluster", "e2")]


def test_only_the_latest_errors_are_read_in_full() -> None:
    events = [an_error(f"e{number}", -1000 + 10 * number) for number in range(20)]
    account = an_account(a_cluster("InService", LATE), [], events)
    described(account)
    asked = [event_id for _name, event_id in account.calls.of("clusters.event")]
    assert asked == [f"e{number}" for number in range(20 - service.ERRORS_EXPLAINED, 20)]


def test_only_recent_events_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECENT_EVENTS", 3)
    old = an_error("old", -100)
    account = an_account(a_cluster("InService", LATE), [], [old, *(an_event(f"e{one}", -one) for one in range(3))])
    described(account)
    assert account.calls.of("clusters.event") == []


def test_a_broken_node_is_asked_for_its_message() -> None:
    nodes = [a_node("i-1", "Failure"), a_node("i-2", "Failed", message=CAPACITY), a_node("i-3")]
    account = an_account(a_cluster(), nodes)
    account.clusters.nodes_in_full = {"i-1": a_node("i-1", "Failure", message=STRANGE)}
    report = described(account)
    assert [(one.subject, one.message) for one in report.diagnoses] == [("node/i-1", STRANGE), ("node/i-2", CAPACITY)]
    assert account.calls.of("clusters.node") == [("ml-cluster", "i-1")]


def test_of_many_broken_nodes_only_some_are_asked() -> None:
    account = an_account(a_cluster(), [a_node(f"i-{number}", "Failure") for number in range(50)])
    described(account)
    assert len(account.calls.of("clusters.node")) == service.ERRORS_EXPLAINED


def test_a_broken_node_that_vanishes_meanwhile_is_told_by_its_status() -> None:
    report = described(an_account(a_cluster(), [a_node("i-1", "Failure")]))
    assert messages(report) == ["the node is in status Failure"]


def test_what_may_not_be_read_is_an_error_and_no_silence() -> None:
    account = an_account(a_cluster())
    account.calls.fail("clusters.nodes", AccessError("denied", action="sagemaker:ListClusterNodes"))
    with pytest.raises(AccessError, match="denied"):
        described(account)


@pytest.mark.parametrize(
    ("cluster", "commands"),
    [
        (
            a_cluster(),
            [
                "hpctl node list --cluster ml-cluster",
                "hpctl cluster events ml-cluster",
                "hpctl cluster connect ml-cluster",
            ],
        ),
        (
            a_cluster("Creating", eks_cluster_arn=None, node_provisioning=None),
            ["hpctl node list --cluster ml-cluster"],
        ),
        (a_cluster("Failed"), ["hpctl cluster delete ml-cluster", "hpctl cluster events ml-cluster"]),
        (a_cluster("Deleting", node_provisioning=None), ["hpctl cluster list"]),
    ],
)
def test_the_next_steps_fit_the_status(cluster: Cluster, commands: list[str]) -> None:
    assert list(next_steps(cluster)) == commands
    assert described(an_account(cluster)).next_steps == tuple(commands)
