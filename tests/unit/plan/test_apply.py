"""Carrying out a plan: what is sent, and how a lost answer is recognised."""

from __future__ import annotations

import pytest

from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.plan.apply import apply
from hpctl.plan.create import DIGEST_TAG, RUN_ID_TAG, plan_create
from hpctl.plan.delete import plan_delete
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Started
from tests.unit.builders import CLUSTER_ARN, NOW, a_check_report, a_cluster, a_spec, an_identity
from tests.unit.fakes import FakeAccount

LOST = [ConflictError("a cluster of that name exists"), UnavailableError("the connection was reset")]
STARTED = Started(time=NOW, verb="create", cluster="ml-cluster", arn=CLUSTER_ARN)
GOING = Started(time=NOW, verb="delete", cluster="ml-cluster")


def to_create(account: FakeAccount) -> PlanReport:
    return plan_create(a_spec(), account.world, run_id="run-1", checks=a_check_report())


def to_delete() -> PlanReport:
    return plan_delete(a_cluster(), an_identity())


def an_account(status: str | None = None, **tags: str) -> FakeAccount:
    account = FakeAccount()
    if status:
        account.clusters.add(a_cluster(status), **tags)
    return account


def test_a_create_sends_the_planned_request_as_it_stands() -> None:
    account = an_account()
    plan = to_create(account)
    assert list(apply(plan, account.ports)) == [STARTED]
    assert account.calls.of("clusters.create") == [(plan.actions[0].request,)]


def test_nothing_is_sent_before_somebody_takes_the_first_step() -> None:
    account = an_account()
    plan = to_create(account)
    apply(plan, account.ports)
    assert account.calls.of("clusters.create") == []


def test_a_plan_without_actions_does_nothing() -> None:
    account = an_account("Deleting")
    assert list(apply(plan_delete(a_cluster("Deleting"), an_identity()), account.ports)) == []
    assert account.calls.made == []


@pytest.mark.parametrize("error", LOST)
def test_a_lost_answer_is_recognised_by_our_tag(error: HpctlError) -> None:
    account = an_account()
    plan = to_create(account)
    account.clusters.lose_answer(error)
    assert list(apply(plan, account.ports)) == [STARTED]
    assert len(account.calls.of("clusters.create")) == 1
    assert account.clusters.tags_of[CLUSTER_ARN][RUN_ID_TAG] == "run-1"


@pytest.mark.parametrize("error", LOST)
def test_without_a_cluster_the_error_is_what_it_was(error: HpctlError) -> None:
    account = an_account()
    plan = to_create(account)
    account.calls.fail("clusters.create", error)
    with pytest.raises(type(error)) as raised:
        list(apply(plan, account.ports))
    assert raised.value is error


@pytest.mark.parametrize("tags", [{}, {RUN_ID_TAG: "run-2"}, {"team": "run-1"}])
def test_a_foreign_namesake_is_not_adopted(tags: dict[str, str]) -> None:
    account = an_account()
    plan = to_create(account)
    account.clusters.add(a_cluster(), **tags)
    with pytest.raises(ConflictError) as raised:
        list(apply(plan, account.ports))
    assert raised.value.message == "a cluster named `ml-cluster` exists already"
    assert raised.value.hint == "AWS's own hint"


def test_a_namesake_of_the_same_digest_but_another_run_is_not_adopted() -> None:
    account = an_account()
    plan = to_create(account)
    digest = next(tag["Value"] for tag in plan.actions[0].request["Tags"] if tag["Key"] == DIGEST_TAG)
    account.clusters.add(a_cluster(), **{RUN_ID_TAG: "run-2", DIGEST_TAG: digest})
    with pytest.raises(ConflictError):
        list(apply(plan, account.ports))


@pytest.mark.parametrize("operation", ["clusters.describe", "clusters.tags"])
@pytest.mark.parametrize("blind", [UnavailableError("still no answer"), AccessError("not allowed to look")])
def test_when_nobody_can_tell_the_first_error_stands(operation: str, blind: HpctlError) -> None:
    account = an_account()
    plan = to_create(account)
    account.clusters.lose_answer(ConflictError("a cluster of that name exists"))
    account.calls.fail_always(operation, blind)
    with pytest.raises(ConflictError, match="a cluster of that name exists"):
        list(apply(plan, account.ports))


@pytest.mark.parametrize("error", [RefusedError("no", aws_code="ValidationException"), AccessError("denied")])
def test_a_clear_no_is_not_looked_into(error: HpctlError) -> None:
    account = an_account()
    plan = to_create(account)
    account.calls.fail("clusters.create", error)
    with pytest.raises(type(error)):
        list(apply(plan, account.ports))
    assert account.calls.operations[-1] == "clusters.create"


def test_a_delete_is_sent_once_by_name() -> None:
    account = an_account("InService")
    assert list(apply(to_delete(), account.ports)) == [GOING]
    assert account.calls.of("clusters.delete") == [("ml-cluster",)]
    assert account.clusters.known["ml-cluster"].status == "Deleting"


@pytest.mark.parametrize("error", LOST)
def test_a_lost_answer_to_a_delete_is_recognised_by_the_status(error: HpctlError) -> None:
    account = an_account("InService")
    account.clusters.lose_answer(error)
    assert list(apply(to_delete(), account.ports)) == [GOING]
    assert len(account.calls.of("clusters.delete")) == 1


def test_what_is_gone_already_needs_no_delete() -> None:
    assert list(apply(to_delete(), an_account().ports)) == [GOING]


@pytest.mark.parametrize("error", LOST)
def test_a_delete_that_did_not_begin_keeps_its_error(error: HpctlError) -> None:
    account = an_account("InService")
    account.calls.fail("clusters.delete", error)
    with pytest.raises(type(error)) as raised:
        list(apply(to_delete(), account.ports))
    assert raised.value is error


def test_a_delete_of_a_busy_cluster_keeps_its_error() -> None:
    with pytest.raises(ConflictError, match="cluster `ml-cluster` is Creating"):
        list(apply(to_delete(), an_account("Creating").ports))


def test_a_cluster_gone_after_the_answer_was_lost_is_gone() -> None:
    account = an_account("InService")
    account.calls.fail("clusters.delete", UnavailableError("the connection was reset"))
    account.clusters.play(NotFoundError("there is no cluster `ml-cluster`"))
    assert list(apply(to_delete(), account.ports)) == [GOING]
