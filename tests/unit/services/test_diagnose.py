"""What is wrong with a live cluster: in AWS's words, with the known cause, the most telling first."""

from __future__ import annotations

import pytest

from hpctl.facts.records import Cluster
from hpctl.report.cluster import Diagnosis
from hpctl.services.diagnose import diagnose, diagnose_event, diagnose_failure, diagnose_node, explain
from tests.unit.builders import a_cluster, a_live_group, a_node, an_error, an_event
from tests.unit.services.wording import CAPACITY, CONFIG_MAP, EFA, EFA_CAUSE, STRANGE, ZONE_CAPACITY

LATE = Diagnosis(
    subject="instance group/workers",
    message="0 of 2 nodes are there",
    remedy="hpctl node list --cluster ml-cluster",
)


def messages(found: tuple[Diagnosis, ...]) -> list[str]:
    return [one.message for one in found]


def test_a_healthy_cluster_has_nothing_wrong() -> None:
    assert diagnose(a_cluster(), [a_node()], [an_event("e1")]) == ()


def test_the_cluster_s_own_failure_comes_first_whatever_repeats_it() -> None:
    cluster = a_cluster("Creating", a_live_group(current=0), failure_message=EFA)
    nodes = [a_node(status="Failure", message=STRANGE)]
    events = [an_error("e1", failure_message=EFA), an_error("e2", failure_message=CAPACITY)]
    found = diagnose(cluster, nodes, events)
    assert messages(found) == [EFA, STRANGE, CAPACITY, "0 of 2 nodes are there"]
    assert found[0].subject == "cluster/ml-cluster"


def test_the_same_known_failure_is_told_once_whatever_its_words() -> None:
    other_words = f"Instance i-1: {EFA}"
    found = diagnose(
        a_cluster(), [], [an_error("e1", failure_message=EFA), an_error("e2", failure_message=other_words)]
    )
    assert messages(found) == [EFA]


def test_every_late_group_is_told() -> None:
    cluster = a_cluster("InService", a_live_group(current=0), a_live_group("system", 0, 2), a_live_group("well"))
    assert diagnose(cluster, [], []) == (LATE, LATE.model_copy(update={"subject": "instance group/system"}))


@pytest.mark.parametrize("status", ["Deleting", "Failed"])
def test_nobody_waits_for_nodes_of_a_cluster_that_goes_or_failed(status: str) -> None:
    cluster = a_cluster(status, a_live_group(current=0), failure_message=STRANGE)
    assert messages(diagnose(cluster, [], [])) == [STRANGE]


def test_a_failure_without_a_reason_is_told_as_such() -> None:
    found = diagnose(a_cluster("Failed"), [], [])
    assert messages(found) == ["the cluster failed and AWS gives no reason"]


@pytest.mark.parametrize("status", ["Failure", "Failed"])
def test_a_broken_node_is_told_with_its_message(status: str) -> None:
    found = diagnose_node(a_node("i-1", status, message=EFA), a_cluster())
    assert found is not None
    assert (found.subject, found.message, found.cause) == ("node/i-1", EFA, EFA_CAUSE)


def test_a_broken_node_without_a_message_is_told_by_its_status() -> None:
    assert diagnose_node(a_node("i-1", "Failure"), a_cluster()) == Diagnosis(
        subject="node/i-1", message="the node is in status Failure"
    )


@pytest.mark.parametrize(
    "status", ["Running", "Pending", "SystemUpdating", "ShuttingDown", "DeepHealthCheckInProgress"]
)
def test_the_message_of_a_node_that_is_not_broken_may_be_old(status: str) -> None:
    assert diagnose_node(a_node(status=status, message=EFA), a_cluster()) is None


@pytest.mark.parametrize("level", ["Info", "Warn", ""])
def test_only_errors_mean_something(level: str) -> None:
    assert diagnose_event(an_event("e1", level=level, description=EFA), a_cluster()) is None


def test_an_event_of_no_group_is_about_the_cluster() -> None:
    found = diagnose_event(an_error("e1", instance_group=None, failure_message=STRANGE), a_cluster())
    assert found == Diagnosis(subject="cluster/ml-cluster", message=STRANGE)


def test_a_remedy_names_what_the_cluster_tells() -> None:
    text = "Lifecycle scripts execution timed out"
    found = diagnose_event(an_error("e1", failure_message=text), a_cluster())
    assert found is not None
    assert (found.remedy or "").splitlines()[1] == (
        "aws logs tail /aws/sagemaker/Clusters/ml-cluster/abcdef012345 --region us-west-2 --since 1d "
        "--log-stream-name-prefix LifecycleConfig/workers"
    )


def test_a_remedy_names_the_role_and_the_eks_cluster() -> None:
    trust = diagnose_event(an_error("e1", failure_message="cannot assume the execution role"), a_cluster())
    access = diagnose_event(an_error("e1", failure_message="EKS Access Entries create failed"), a_cluster())
    assert trust is not None
    assert access is not None
    assert "--role-name hyperpod-execution" in (trust.remedy or "")
    assert "--name training " in (access.remedy or "")


@pytest.mark.parametrize("groups", [(), ("sg-1", "sg-2")])
def test_a_remedy_does_not_guess_among_security_groups(groups: tuple[str, ...]) -> None:
    found = diagnose_event(an_error("e1", failure_message=EFA), a_cluster(security_group_ids=groups))
    assert found is not None
    assert "--group-id {security_group}" in (found.remedy or "")


@pytest.mark.parametrize(
    ("text", "final"),
    [
        (EFA, True),
        (CONFIG_MAP, True),
        ("Lifecycle scripts execution timed out", True),
        (CAPACITY, False),
        (ZONE_CAPACITY, False),
        ("E: Unable to fetch some archives, maybe run apt-get update", False),
        ("Connection refused", False),
        ("You are not authorized to perform this operation", False),
        (STRANGE, False),
    ],
)
def test_a_failure_is_final_when_no_waiting_will_cure_it(text: str, final: bool) -> None:
    assert explain("x", text, {}).final is final


def test_an_unknown_text_is_left_alone() -> None:
    assert explain("x", STRANGE, {"name": "ml"}) == Diagnosis(subject="x", message=STRANGE)


HOPELESS = explain("x", EFA, {})
MILD = explain("x", CAPACITY, {})


@pytest.mark.parametrize(
    ("cluster", "seen", "message"),
    [
        (a_cluster(), [], None),
        (a_cluster(), [MILD], None),
        (a_cluster(), [MILD, HOPELESS], EFA),
        (a_cluster("Failed", failure_message=CONFIG_MAP), [HOPELESS], CONFIG_MAP),
        (a_cluster("Failed", failure_message=STRANGE), [HOPELESS], EFA),
        (a_cluster("Failed", failure_message=STRANGE), [MILD], STRANGE),
        (a_cluster("Failed"), [], "AWS gives no reason"),
    ],
)
def test_the_best_explanation_of_a_cluster_that_will_not_serve(
    cluster: Cluster, seen: list[Diagnosis], message: str | None
) -> None:
    found = diagnose_failure(cluster, seen)
    assert (found.message if found else None) == message
