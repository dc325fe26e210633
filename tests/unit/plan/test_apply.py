"""Carrying out a plan: what is sent, and how a lost answer is recognised."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hpctl.errors import (
    AccessError,
    ConflictError,
    HpctlError,
    NotFoundError,
    RefusedError,
    StateError,
    UnavailableError,
)
from hpctl.plan.apply import apply
from hpctl.plan.create import DIGEST_TAG, RUN_ID_TAG, plan_create
from hpctl.plan.delete import plan_delete
from hpctl.plan.journal import Journal
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Remarked, Started
from tests.unit.builders import CLUSTER_ARN, NOW, a_check_report, a_cluster, a_spec, an_identity
from tests.unit.fakes import FakeAccount

LOST = [ConflictError("a cluster of that name exists"), UnavailableError("the connection was reset")]
STARTED = Started(time=NOW, verb="create", cluster="ml-cluster", arn=CLUSTER_ARN)
GOING = Started(time=NOW, verb="delete", cluster="ml-cluster", arn=None)


def to_create(account: FakeAccount) -> PlanReport:
    return plan_create(a_spec(), account.world, run_id="run-1", checks=a_check_report())


def to_delete() -> PlanReport:
    return plan_delete(a_cluster(), an_identity(), run_id="run-1")


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
    assert list(apply(plan_delete(a_cluster("Deleting"), an_identity(), run_id="run-1"), account.ports)) == []
    assert account.calls.made == []


@pytest.mark.parametrize("error", LOST)
def test_a_lost_answer_is_recognised_by_our_tag(error: HpctlError) -> None:
    account = an_account()
    plan = to_create(account)
    account.clusters.lose_answer(error)
    assert list(apply(plan, account.ports)) == [STARTED]
    assert len(account.calls.of("clusters.create")) == 1
    assert account.clusters.tags_of[CLUSTER_ARN][RUN_ID_TAG] == "run-1"


def test_without_a_cluster_an_outage_is_what_it_was() -> None:
    account = an_account()
    plan = to_create(account)
    account.calls.fail("clusters.create", error := UnavailableError("the connection was reset"))
    with pytest.raises(UnavailableError) as raised:
        list(apply(plan, account.ports))
    assert raised.value is error


@pytest.mark.parametrize("tags", [{}, {RUN_ID_TAG: "run-2"}, {"team": "run-1"}])
def test_a_foreign_namesake_is_not_adopted(tags: dict[str, str]) -> None:
    account = an_account()
    plan = to_create(account)
    account.clusters.add(a_cluster(created_at=NOW - timedelta(hours=1)), **tags)
    with pytest.raises(ConflictError) as raised:
        list(apply(plan, account.ports))
    assert raised.value.message == "a cluster named `ml-cluster` exists already"
    assert raised.value.hint == (
        "somebody else made it meanwhile: hpctl cluster describe ml-cluster\nchoose another name, or delete it first"
    )


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


def test_a_delete_is_sent_once_by_arn() -> None:
    account = an_account("InService")
    assert list(apply(to_delete(), account.ports)) == [GOING]
    assert account.calls.of("clusters.delete") == [(CLUSTER_ARN,)]
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
    with pytest.raises(ConflictError, match="is Creating"):
        list(apply(to_delete(), an_account("Creating").ports))


def test_a_cluster_gone_after_the_answer_was_lost_is_gone() -> None:
    account = an_account("InService")
    account.calls.fail("clusters.delete", UnavailableError("the connection was reset"))
    account.clusters.play(NotFoundError("there is no cluster `ml-cluster`"))
    assert list(apply(to_delete(), account.ports)) == [GOING]


def entries(account: FakeAccount) -> list[tuple[object, ...]]:
    (journal,) = account.state.journals.values()
    return [(line["entry"], line["run_id"], line["purpose"], line["verb"], line["arn"]) for line in journal]


def test_intent_and_effect_are_written_down_around_the_call() -> None:
    account = an_account()
    list(apply(to_create(account), account.ports))
    assert entries(account) == [
        ("intent", "run-1", "create", "create", None),
        ("effect", "run-1", "create", "create", CLUSTER_ARN),
    ]
    assert list(account.state.journals) == ["123456789012.us-west-2.ml-cluster"]


def test_a_failure_is_written_down_by_its_code_alone() -> None:
    account = an_account()
    plan = to_create(account)
    account.calls.fail("clusters.create", AccessError("a secret in AWS's words"))
    with pytest.raises(AccessError):
        list(apply(plan, account.ports))
    (journal,) = account.state.journals.values()
    assert [(line["entry"], line.get("error")) for line in journal] == [("intent", None), ("failed", "access_denied")]
    assert "secret" not in str(journal)


def test_every_action_is_a_step_that_signals_let_end() -> None:
    account = an_account("InService")
    plan = to_tag(3)
    account.signals.comes = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        list(apply(plan, account.ports))
    assert account.signals.steps == 1
    assert account.state.entries == ["intent", "effect"]
    account.signals.comes = None
    list(apply(plan, account.ports))
    assert account.signals.steps == 4


def to_tag(count: int) -> PlanReport:
    actions = tuple(
        Action(
            verb="tag",
            subject="cluster/ml-cluster",
            request={"ResourceArn": CLUSTER_ARN, "Tags": [{"Key": f"k{number}", "Value": "v"}]},
        )
        for number in range(count)
    )
    return to_delete().model_copy(update={"actions": actions})


FULL = StateError("hpctl's records cannot be kept in `/x`: No space left on device", hint="free some space")


def test_a_journal_that_cannot_be_written_stops_what_was_not_begun() -> None:
    account = an_account("InService")
    account.calls.fail("state.append", FULL)
    with pytest.raises(StateError) as raised:
        list(apply(to_tag(2), account.ports))
    assert raised.value is FULL
    assert account.calls.of("clusters.add_tags") == []


@pytest.mark.parametrize("written", range(1, 7))
def test_a_journal_that_fails_later_is_a_remark_and_everything_is_done(written: int) -> None:
    account = an_account("InService")
    for _entry in range(written):
        account.calls.let_pass("state.append")
    account.calls.fail_always("state.append", FULL)
    steps = list(apply(to_tag(3), account.ports))
    assert len(account.calls.of("clusters.add_tags")) == 3
    remarks = [step for step in steps if isinstance(step, Remarked)]
    assert bool(remarks) == (written < 6)
    words = "what was done cannot be written down; the tags in the account tell it all the same: "
    assert {remark.message for remark in remarks} <= {words + FULL.message}
    assert {remark.hint for remark in remarks} <= {"free some space"}


def test_a_failed_call_says_more_than_an_unwritable_journal() -> None:
    account = an_account("InService")
    account.calls.let_pass("state.append")
    account.calls.fail_always("state.append", FULL)
    account.calls.fail("clusters.delete", AccessError("denied"))
    with pytest.raises(AccessError, match="denied"):
        list(apply(to_delete(), account.ports))


def to_update_software(run_id: str = "run-1") -> PlanReport:
    action = Action(verb="update-software", subject="cluster/ml-cluster", request={"ClusterName": CLUSTER_ARN})
    return to_delete().model_copy(update={"actions": (action,), "run_id": run_id})


def test_software_that_this_run_has_updated_is_not_updated_again() -> None:
    account = an_account("InService")
    list(apply(to_update_software(), account.ports))
    list(apply(to_update_software(), account.ports))
    assert len(account.calls.of("clusters.update_software")) == 1
    list(apply(to_update_software("run-2"), account.ports))
    assert len(account.calls.of("clusters.update_software")) == 2


@pytest.mark.parametrize(("status", "sent"), [("SystemUpdating", 0), ("Updating", 0), ("InService", 1)])
def test_an_update_of_software_that_may_have_begun_is_looked_at_first(status: str, sent: int) -> None:
    account = an_account("InService")
    plan = to_update_software()
    Journal(plan, account.ports).intent(plan.actions[0])  # and then the process was killed
    account.clusters.add(a_cluster(status))
    list(apply(plan, account.ports))
    assert len(account.calls.of("clusters.update_software")) == sent
