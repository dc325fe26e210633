"""How a run is written down when it ends, and what is said when a signal ends it early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hpctl.checks.fixes import admit_members
from hpctl.errors import (
    ClusterFailedError,
    ExitCode,
    HpctlError,
    InterruptedWaitError,
    RefusedError,
    StateError,
    Terminated,
    UnavailableError,
    WaitTimeoutError,
)
from hpctl.facts.network import Direction
from hpctl.plan.delete import plan_delete
from hpctl.plan.journal import Journal
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Finished, Progress, Remarked
from hpctl.services.record import farewell, recorded
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, an_identity
from tests.unit.fakes import FakeAccount

FINISHED = Finished(time=NOW, elapsed_s=1, cluster="ml-cluster", status="Deleted")
FULL = StateError("no space left", hint="free some")


def a_plan(actions: int = 1) -> PlanReport:
    plan = plan_delete(a_cluster(), an_identity(), run_id="run-1")
    steps = tuple(
        Action(verb="tag", subject="cluster/ml-cluster", request={"ResourceArn": str(number)})
        for number in range(actions)
    )
    return plan.model_copy(update={"actions": steps})


def begun(plan: PlanReport, effects: int = 1, intents: int | None = None) -> FakeAccount:
    """An account whose journal has so many effects, and an intent more unless `intents` says so."""
    account = FakeAccount()
    journal = Journal(plan, account.ports)
    for number, action in enumerate(plan.actions[: effects if intents is None else intents]):
        journal.intent(action)
        if number < effects:
            journal.effect(action, CLUSTER_ARN)
    return account


def steps(error: BaseException | None = None) -> Iterator[Progress]:
    yield FINISHED
    if error:
        raise error


def test_of_a_plan_that_mends_only_its_own_steps_count_and_no_cluster_is_looked_at() -> None:
    first, second = (admit_members("sg-1", way) for way in Direction)
    earlier = a_plan().model_copy(update={"state": "around", "actions": (first,)})
    account = begun(earlier)
    plan = earlier.model_copy(update={"actions": (second,)})
    told = farewell(KeyboardInterrupt(), plan, account.ports, resume="RESUME", cancel=None)
    assert (told.message, told.hint) == ("stopped before anything was changed", "to begin again: RESUME")
    left = earlier.model_copy(update={"actions": (first, second)})
    told = farewell(KeyboardInterrupt(), left, account.ports, resume="RESUME", cancel=None)
    assert told.message == "stopped after 1 of 2 steps; AWS goes on working on those"
    assert told.hint == "to do the rest: RESUME"


def test_what_reached_its_end_is_done() -> None:
    account = begun(a_plan())
    assert list(recorded(steps(), a_plan(), "delete", account.ports)) == [FINISHED]
    assert account.state.entries == ["intent", "effect", "done"]


def test_a_cluster_that_failed_ends_the_run() -> None:
    account = begun(a_plan())
    with pytest.raises(ClusterFailedError):
        list(recorded(steps(ClusterFailedError("it failed")), a_plan(), "create", account.ports))
    assert account.state.entries == ["intent", "effect", "failed"]


@pytest.mark.parametrize("error", [WaitTimeoutError("late"), UnavailableError("down"), KeyboardInterrupt()])
def test_what_ends_the_waiting_alone_leaves_the_run_open(error: BaseException) -> None:
    account = begun(a_plan())
    with pytest.raises(type(error)):
        list(recorded(steps(error), a_plan(), "delete", account.ports))
    assert account.state.entries == ["intent", "effect"]


def test_where_nothing_was_begun_nothing_is_written() -> None:
    account = FakeAccount()
    list(recorded(steps(), a_plan(), "delete", account.ports))
    assert account.state.entries == []


@pytest.mark.parametrize("operation", ["state.lines", "state.append"])
def test_an_end_that_cannot_be_written_is_a_remark(operation: str) -> None:
    account = begun(a_plan())
    account.calls.fail_always(operation, FULL)
    told = list(recorded(steps(), a_plan(), "delete", account.ports))
    message = "that this is done cannot be written down; the next command may speak of it again: no space left"
    assert told == [FINISHED, Remarked(time=NOW, message=message, hint="free some")]


@pytest.mark.parametrize("operation", ["state.lines", "state.append"])
def test_a_failure_says_more_than_an_unwritable_journal(operation: str) -> None:
    account = begun(a_plan())
    account.calls.fail_always(operation, FULL)
    with pytest.raises(ClusterFailedError):
        list(recorded(steps(ClusterFailedError("it failed")), a_plan(), "create", account.ports))


def said(plan: PlanReport, account: FakeAccount, *, cancel: str | None = "CANCEL") -> InterruptedWaitError:
    return farewell(KeyboardInterrupt(), plan, account.ports, resume="RESUME", cancel=cancel)


LOOK = "to see where it stands: hpctl cluster describe ml-cluster"


@pytest.mark.parametrize(
    ("plan", "account", "message", "hint"),
    [
        (
            a_plan(),
            begun(a_plan()),
            "stopped waiting; AWS goes on working",
            "to go on waiting: RESUME\nto cancel: CANCEL",
        ),
        (
            a_plan(0),
            FakeAccount(),
            "stopped waiting; AWS goes on working",
            "to go on waiting: RESUME\nto cancel: CANCEL",
        ),
        (a_plan(), FakeAccount(), "stopped before anything was changed", "to begin again: RESUME"),
        (
            a_plan(3),
            begun(a_plan(3), effects=2),
            "stopped after 2 of 3 steps; AWS goes on working on those",
            f"{LOOK}\nto do the rest: RESUME\nto cancel: CANCEL",
        ),
        (
            a_plan(3),
            begun(a_plan(3), effects=1, intents=2),
            "left at once; `tag cluster/ml-cluster` may have reached AWS or not",
            f"{LOOK}\nto find out and go on: RESUME\nto cancel: CANCEL",
        ),
    ],
)
def test_a_farewell_says_where_it_stands_and_how_to_go_on(
    plan: PlanReport, account: FakeAccount, message: str, hint: str
) -> None:
    error = said(plan, account)
    assert (error.message, error.hint) == (message, hint)
    assert error.exit_code is ExitCode.INTERRUPTED


def test_what_cannot_be_cancelled_is_not_said_to_be() -> None:
    assert said(a_plan(), begun(a_plan()), cancel=None).hint == "to go on waiting: RESUME"


def test_sigterm_has_its_own_code() -> None:
    error = farewell(Terminated(), a_plan(), FakeAccount().ports, resume="RESUME", cancel=None)
    assert error.exit_code is ExitCode.TERMINATED


def test_without_records_nothing_is_claimed() -> None:
    account = begun(a_plan())
    account.calls.fail("state.lines", FULL)
    error = said(a_plan(), account)
    assert error.message == "stopped; how far it came cannot be read: no space left"
    assert error.hint == f"{LOOK}\nto go on: RESUME\nto cancel: CANCEL"


@pytest.mark.parametrize(
    ("behind", "cause"), [(RefusedError("AWS said no", aws_code="x"), "AWS said no"), (ValueError("a bug"), None)]
)
def test_the_error_of_the_step_that_was_held_is_the_cause(behind: Exception, cause: str | None) -> None:
    end = KeyboardInterrupt()
    end.__context__ = behind
    error: HpctlError = farewell(end, a_plan(), FakeAccount().ports, resume="RESUME", cancel=None)
    assert error.cause == cause
