"""Deleting: planned, named to the letter, carried out, followed until it is gone."""

from __future__ import annotations

import pytest

from hpctl.errors import AccessError, ConflictError, ExitCode, NotFoundError, UnavailableError, UnconfirmedError
from hpctl.plan.tags import PROTECTION_TAG
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Started
from hpctl.services import delete as service
from hpctl.services.delete import delete, demand_named, demand_possible, find, follow, name_of
from hpctl.services.lock import Claim, claimed
from hpctl.services.record import recorded
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_role, an_identity
from tests.unit.fakes import FakeAccount

GONE = NotFoundError("there is no cluster `ml-cluster`")


def an_account(status: str = "InService") -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(status))
    return account


NEW = Claim("run-1")


def plan(name: str, account: FakeAccount, claim: Claim = NEW) -> PlanReport:
    named = name_of(name, account.clusters)
    return service.plan(named, find(named, claim, account.clusters), account.world, claim)


def test_the_plan_is_of_the_live_cluster_and_changes_nothing() -> None:
    account = an_account()
    report = plan("ml-cluster", account)
    assert report.names() == ("delete/cluster/ml-cluster",)
    assert not {"clusters.delete", "clusters.create"} & set(account.calls.operations)


def test_an_arn_is_planned_by_its_name() -> None:
    account = an_account()
    report = plan(CLUSTER_ARN, account)
    assert (report.cluster, report.actions[0].request) == ("ml-cluster", {"ClusterName": CLUSTER_ARN})


def test_an_unknown_cluster_is_not_found() -> None:
    account = an_account()
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        plan("other", account)


@pytest.mark.parametrize("typed", ["", "ml-cluste", "ML-CLUSTER", "ml-cluster ", "y", "yes"])
def test_anything_but_the_name_refuses(typed: str) -> None:
    account = an_account()
    with pytest.raises(UnconfirmedError) as raised:
        demand_named(plan("ml-cluster", account), typed)
    assert raised.value.message == "the name does not match; nothing was deleted"
    assert raised.value.exit_code is ExitCode.UNCONFIRMED


def test_the_name_to_the_letter_confirms() -> None:
    account = an_account()
    demand_named(plan("ml-cluster", account), "ml-cluster")


def test_a_delete_tells_that_it_began() -> None:
    account = an_account()
    steps = list(delete(plan("ml-cluster", account), account.ports))
    assert steps == [Started(time=NOW, verb="delete", cluster="ml-cluster")]


def test_a_busy_cluster_is_a_conflict_with_what_to_do() -> None:
    account = an_account("Creating")
    with pytest.raises(ConflictError) as raised:
        list(delete(plan("ml-cluster", account), account.ports))
    assert raised.value.message.endswith("is Creating")
    assert raised.value.hint == ("wait until it is settled, then delete again: hpctl cluster describe ml-cluster")


def test_other_errors_pass_as_they_are() -> None:
    account = an_account()
    report = plan("ml-cluster", account)
    account.calls.fail("clusters.delete", down := UnavailableError("no answer"))
    with pytest.raises(UnavailableError) as raised:
        list(delete(report, account.ports))
    assert raised.value is down


def test_a_second_delete_sends_nothing_and_goes_on_waiting() -> None:
    account = an_account("Deleting")
    report = plan("ml-cluster", account)
    account.clusters.play(a_cluster("Deleting"), GONE)
    assert list(delete(report, account.ports)) == []
    steps = list(follow(report, account.ports, timeout_s=60, resume="again"))
    assert [step.type for step in steps] == ["observed", "finished"]
    assert account.calls.of("clusters.delete") == []


def test_what_would_keep_it_from_ending_stands_in_the_plan() -> None:
    report = plan("ml-cluster", an_account().holding(a_role("another")))
    assert len(report.notices) == 1
    assert report.notices[0].startswith("execution role `hyperpod-execution` is gone")


def test_a_protected_cluster_stays() -> None:
    account = FakeAccount()
    account.clusters.add(cluster := a_cluster(), **{PROTECTION_TAG: "true"})
    with pytest.raises(ConflictError, match="is protected"):
        demand_possible(plan("ml-cluster", account), cluster, account.world)
    demand_possible(plan("ml-cluster", an_account("Deleting")), a_cluster("Deleting"), account.world)


def claim_on(account: FakeAccount) -> Claim:
    with claimed("ml-cluster", "delete", an_identity(), account.ports, new_run_id="run-2") as claim:
        return claim


def test_a_deletion_that_ended_while_nobody_watched_is_done() -> None:
    account = an_account()
    list(delete(plan("ml-cluster", account), account.ports))
    account.clusters.known.clear()
    report = plan("ml-cluster", account, claim_on(account))
    assert (report.state, report.actions, report.arn, report.run_id) == ("absent", (), CLUSTER_ARN, "run-1")
    assert [step.type for step in follow(report, account.ports, timeout_s=60, resume="again")] == ["finished"]


def test_a_deletion_of_which_nobody_knows_whether_it_reached_aws_is_done_once_the_cluster_is_gone() -> None:
    account = an_account()
    account.calls.fail("clusters.delete", UnavailableError("down"))
    report = plan("ml-cluster", account)
    with pytest.raises(UnavailableError):
        list(delete(report, account.ports))
    account.clusters.known.clear()
    assert plan("ml-cluster", account, claim_on(account)).state == "absent"


def test_a_deletion_that_was_refused_is_not_gone_on_with() -> None:
    account = an_account()
    account.calls.fail("clusters.delete", AccessError("denied"))
    report = plan("ml-cluster", account)
    with pytest.raises(AccessError):
        list(delete(report, account.ports))
    account.clusters.known.clear()
    with pytest.raises(NotFoundError):
        plan("ml-cluster", account, claim_on(account))


def test_a_namesake_made_after_the_deletion_is_not_followed() -> None:
    account = an_account("Deleting")
    report = plan("ml-cluster", account)
    account.clusters.known.clear()
    account.clusters.add(a_cluster(arn=CLUSTER_ARN.replace("abcdef", "fedcba")))
    assert [step.type for step in follow(report, account.ports, timeout_s=60, resume="again")] == ["finished"]


def test_a_namesake_made_after_a_deletion_that_was_begun_stays_unless_it_is_asked_for_anew() -> None:
    account = an_account()
    list(delete(plan("ml-cluster", account), account.ports))
    account.clusters.known.clear()
    account.clusters.add(a_cluster(arn=(another := CLUSTER_ARN.replace("abcdef", "fedcba"))))
    claim = claim_on(account)
    report = plan("ml-cluster", account, claim)
    assert (report.actions, report.arn, report.run_id) == ((), CLUSTER_ARN, "run-1")
    assert report.notices == (
        "cluster `ml-cluster` is gone",
        "another cluster of that name was made since, and stays; to delete that one, run the command again",
    )
    list(recorded(follow(report, account.ports, timeout_s=60, resume="again"), report, "delete", account.ports))
    anew = plan("ml-cluster", account, claim_on(account))
    assert [action.request for action in anew.actions] == [{"ClusterName": another}]
