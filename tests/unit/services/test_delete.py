"""Deleting: planned, named to the letter, carried out, followed until it is gone."""

from __future__ import annotations

import pytest

from hpctl.errors import ConflictError, ExitCode, NotFoundError, UnavailableError, UnconfirmedError
from hpctl.report.progress import Started
from hpctl.services.delete import delete, demand_named, follow, plan
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster
from tests.unit.fakes import FakeAccount

GONE = NotFoundError("there is no cluster `ml-cluster`")


def an_account(status: str = "InService") -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(status))
    return account


def test_the_plan_is_of_the_live_cluster_and_changes_nothing() -> None:
    account = an_account()
    report = plan("ml-cluster", account.world, account.ports)
    assert report.names() == ("delete/cluster/ml-cluster",)
    assert set(account.calls.operations) == {"clusters.describe", "caller.identity"}


def test_an_arn_is_planned_by_its_name() -> None:
    account = an_account()
    report = plan(CLUSTER_ARN, account.world, account.ports)
    assert (report.cluster, report.actions[0].request) == ("ml-cluster", {"ClusterName": "ml-cluster"})


def test_an_unknown_cluster_is_not_found() -> None:
    account = an_account()
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        plan("other", account.world, account.ports)


@pytest.mark.parametrize("typed", ["", "ml-cluste", "ML-CLUSTER", "ml-cluster ", "y", "yes"])
def test_anything_but_the_name_refuses(typed: str) -> None:
    account = an_account()
    with pytest.raises(UnconfirmedError) as raised:
        demand_named(plan("ml-cluster", account.world, account.ports), typed)
    assert raised.value.message == "the name does not match; nothing was deleted"
    assert raised.value.exit_code is ExitCode.UNCONFIRMED


def test_the_name_to_the_letter_confirms() -> None:
    account = an_account()
    demand_named(plan("ml-cluster", account.world, account.ports), "ml-cluster")


def test_a_delete_tells_that_it_began() -> None:
    account = an_account()
    steps = list(delete(plan("ml-cluster", account.world, account.ports), account.ports))
    assert steps == [Started(time=NOW, verb="delete", cluster="ml-cluster")]


def test_a_busy_cluster_is_a_conflict_with_what_to_do() -> None:
    account = an_account("Creating")
    with pytest.raises(ConflictError) as raised:
        list(delete(plan("ml-cluster", account.world, account.ports), account.ports))
    assert raised.value.message == "cluster `ml-cluster` is Creating"
    assert raised.value.hint == ("wait until it is settled, then delete again: hpctl cluster describe ml-cluster")


def test_other_errors_pass_as_they_are() -> None:
    account = an_account()
    report = plan("ml-cluster", account.world, account.ports)
    account.calls.fail("clusters.delete", down := UnavailableError("no answer"))
    with pytest.raises(UnavailableError) as raised:
        list(delete(report, account.ports))
    assert raised.value is down


def test_a_second_delete_sends_nothing_and_goes_on_waiting() -> None:
    account = an_account("Deleting")
    report = plan("ml-cluster", account.world, account.ports)
    account.clusters.play(a_cluster("Deleting"), GONE)
    assert list(delete(report, account.ports)) == []
    steps = list(follow(report, account.ports, timeout_s=60, resume="again"))
    assert [step.type for step in steps] == ["observed", "finished"]
    assert account.calls.of("clusters.delete") == []
