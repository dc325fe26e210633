"""The journal's format, read back: which run is not finished, and what of it is known."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import ClusterFailedError, RefusedError, UnavailableError
from hpctl.plan.delete import plan_delete
from hpctl.plan.journal import Journal, Line, close, key_of, purpose_of, run_of, runs, unfinished
from hpctl.report.action import Action, Verb
from hpctl.report.plan import PlanReport
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, an_identity
from tests.unit.fakes import FakeAccount

KEY = "123456789012.us-west-2.ml-cluster"


def a_plan(*verbs: Verb, run_id: str = "run-1") -> PlanReport:
    actions = tuple(
        Action(verb=verb, subject="cluster/ml-cluster", request={"ClusterName": str(number), "Tags": []})
        for number, verb in enumerate(verbs)
    )
    return plan_delete(a_cluster(), an_identity(), run_id=run_id).model_copy(update={"actions": actions, "arn": None})


def written(account: FakeAccount) -> tuple[Line, ...]:
    return account.state.lines(KEY)


def a_run(*entries: str, verb: Verb = "create", run_id: str = "run-1", account: FakeAccount | None = None) -> Any:
    """Write the entries that a run of one action would; `failed` with an outage, `refused` with a refusal."""
    account = account or FakeAccount()
    plan = a_plan(verb, run_id=run_id)
    journal, action = Journal(plan, account.ports), plan.actions[0]
    for entry in entries:
        match entry:
            case "intent":
                journal.intent(action)
            case "effect":
                journal.effect(action, CLUSTER_ARN)
            case "failed":
                journal.failed(action, UnavailableError("no answer"))
            case "refused":
                journal.failed(action, RefusedError("no", aws_code="ValidationException"))
            case "broke":
                close(plan, purpose_of(plan), account.ports, ClusterFailedError("it failed"))
            case "done":
                close(plan, purpose_of(plan), account.ports)
    return written(account)


def test_the_key_names_account_region_and_cluster() -> None:
    assert key_of(an_identity(), "ml-cluster") == KEY


@pytest.mark.parametrize(
    ("verbs", "purpose"),
    [
        (("create",), "create"),
        (("delete",), "delete"),
        (("update-software",), "update-software"),
        (("update",), "update"),
        (("tag", "untag"), "update"),
        (("tag", "update", "untag"), "update"),
        ((), "update"),
    ],
)
def test_a_plan_tells_its_purpose(verbs: tuple[Verb, ...], purpose: str) -> None:
    assert purpose_of(a_plan(*verbs)) == purpose


@pytest.mark.parametrize(
    ("entries", "open_"),
    [
        (("intent",), True),
        (("intent", "effect"), True),
        (("intent", "failed"), True),
        (("intent", "refused"), False),
        (("intent", "effect", "broke"), False),
        (("intent", "effect", "done"), False),
    ],
)
def test_a_run_is_unfinished_until_it_is_done_or_refused(entries: tuple[str, ...], open_: bool) -> None:
    lines = a_run(*entries)
    (run,) = runs(lines)
    assert run.unfinished is open_
    assert unfinished("create", lines) == (run if open_ else None)
    assert (run.run_id, run.purpose, run.began) == ("run-1", "create", NOW)


def test_only_the_last_run_and_only_for_the_same_purpose_is_gone_on_with() -> None:
    account = FakeAccount()
    a_run("intent", run_id="run-1", account=account)
    assert unfinished("delete", written(account)) is None
    a_run("intent", "effect", "done", verb="delete", run_id="run-2", account=account)
    assert unfinished("create", written(account)) is None
    a_run("intent", run_id="run-3", account=account)
    assert getattr(unfinished("create", written(account)), "run_id", None) == "run-3"


@pytest.mark.parametrize(
    ("entries", "under_way", "effects"),
    [
        (("intent",), "create cluster/ml-cluster", 0),
        (("intent", "effect"), None, 1),
        (("intent", "failed"), None, 0),
        (("intent", "effect", "done"), None, 1),
    ],
)
def test_a_run_tells_how_far_it_came(entries: tuple[str, ...], under_way: str | None, effects: int) -> None:
    run = run_of("run-1", a_run(*entries))
    assert run is not None
    assert (run.under_way, run.effects) == (under_way, effects)
    assert run.arn == (CLUSTER_ARN if effects else None)


def test_an_action_is_known_by_its_request() -> None:
    account = FakeAccount()
    plan = a_plan("tag", "tag", "tag")
    journal = Journal(plan, account.ports)
    journal.intent(plan.actions[0])
    journal.effect(plan.actions[0], None)
    journal.intent(plan.actions[1])
    run = run_of("run-1", written(account))
    assert run is not None
    assert [run.had_effect(action) for action in plan.actions] == [True, False, False]
    assert [run.intended(action) for action in plan.actions] == [True, True, False]


def test_an_intent_is_written_once() -> None:
    assert len(a_run("intent", "intent", "intent")) == 1


def test_no_request_is_written() -> None:
    account = FakeAccount()
    secret = {"ClusterName": "ml-cluster", "Orchestrator": {"Password": "hunter2"}}
    plan = a_plan("create").model_copy(
        update={"actions": (Action(verb="create", subject="cluster/ml-cluster", request=secret),)}
    )
    Journal(plan, account.ports).intent(plan.actions[0])
    (line,) = written(account)
    assert "hunter2" not in str(line)
    assert set(line) == {"time", "entry", "run_id", "purpose", "verb", "subject", "arn", "digest"}


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"entry": "effect"},
        {"entry": "a later kind"},
        {"entry": "done", "run_id": 7},
        {"entry": "intent", "run_id": "x"},
    ],
)
def test_what_is_no_entry_is_passed_over(strange: Line) -> None:
    lines = a_run("intent")
    assert runs((strange, *lines, strange)) == runs(lines)
    assert run_of("another", lines) is None
    assert unfinished("create", ()) is None


@pytest.mark.parametrize("time", ["", "yesterday"])
def test_an_entry_without_a_time_is_passed_over(time: str) -> None:
    (line,) = a_run("intent")
    assert runs([{**line, "time": time}]) == ()
