"""What a deleted cluster left behind, and the commands that clear it away."""

from __future__ import annotations

import pytest

from hpctl.errors import AccessError
from hpctl.facts.network import Interface
from hpctl.report.cluster import OutcomeReport
from hpctl.services.leftovers import with_leftovers
from tests.unit.builders import CLUSTER_ARN, a_cluster, a_live_group
from tests.unit.fakes import FakeAccount

GROUP = "/aws/sagemaker/Clusters/ml-cluster/abcdef012345"
DONE = OutcomeReport(cluster="ml-cluster", verb="delete", result="done")


def an_interface(number: int, description: str, *, subnet: str = "subnet-1", in_use: bool = False) -> Interface:
    return Interface(f"eni-{number}", subnet, description, in_use)


def end(account: FakeAccount, outcome: OutcomeReport = DONE) -> OutcomeReport:
    cluster = a_cluster("InService", a_live_group(subnet_ids=("subnet-2",)))
    return with_leftovers(outcome, cluster, account.ports)


def test_where_nothing_is_left_nothing_is_said() -> None:
    assert end(FakeAccount()) == DONE


def test_interfaces_and_logs_of_the_cluster_are_named_with_their_commands() -> None:
    account = FakeAccount()
    account.network.known_interfaces = [
        an_interface(1, f"SageMaker HyperPod cluster {CLUSTER_ARN}"),
        an_interface(2, "HyperPod ml-cluster, group workers", subnet="subnet-2", in_use=True),
        an_interface(3, f"cluster {CLUSTER_ARN[:-1]}6"),
        an_interface(4, "HyperPod ml-cluster-2"),
        an_interface(5, f"SageMaker HyperPod cluster {CLUSTER_ARN}", subnet="subnet-of-others"),
    ]
    account.logs.groups = {GROUP, "/aws/sagemaker/Clusters/ml-cluster/another"}
    report = end(account)
    assert report.left_behind == (
        "network interface `eni-1` in `subnet-1`",
        "network interface `eni-2` in `subnet-2`, which AWS may still be removing",
        f"log group `{GROUP}`",
    )
    assert report.next_steps == (
        "aws ec2 delete-network-interface --region us-west-2 --network-interface-id eni-1",
        "aws ec2 delete-network-interface --region us-west-2 --network-interface-id eni-2",
        f"aws logs delete-log-group --region us-west-2 --log-group-name {GROUP}",
    )


def test_what_cannot_be_seen_is_said_to_be() -> None:
    account = FakeAccount()
    account.calls.fail("network.interfaces", AccessError("denied"))
    account.calls.fail("logs.group_exists", AccessError("denied, too"))
    report = end(account)
    assert report.left_behind == (
        "network interfaces: whether there are any cannot be seen (denied)",
        f"log group `{GROUP}`: whether it is there cannot be seen (denied, too)",
    )
    assert report.next_steps == ()


@pytest.mark.parametrize("result", ["started", "unchanged"])
def test_nothing_is_looked_for_before_the_cluster_is_gone(result: str) -> None:
    account = FakeAccount()
    outcome = DONE.model_copy(update={"result": result})
    assert end(account, outcome) == outcome
    assert account.calls.made == []


def test_a_cluster_that_nobody_saw_leaves_nothing_to_look_for() -> None:
    assert with_leftovers(DONE, None, FakeAccount().ports) == DONE
