"""Mending: the plan is carried out and written down, AWS is waited for, and the checks are run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hpctl.checks.fixes import admit_members, allow_role, take_access_entries
from hpctl.errors import RefusedError, UnavailableError
from hpctl.facts.network import Direction
from hpctl.plan.fix import Bedside, plan_fix
from hpctl.plan.journal import run_of, unfinished
from hpctl.report.action import Action
from hpctl.report.check import CheckReport
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Remarked, Started
from hpctl.services.fix import fix, look_again, settled
from hpctl.services.record import recorded
from hpctl.terms import Outcome
from tests.unit.builders import NOW, a_check_report, a_finding, a_result, an_eks_cluster
from tests.unit.fakes import FakeAccount

INWARD, OUTWARD = (admit_members("sg-nodes", way) for way in Direction)
ALLOWING = allow_role("hyperpod", "hyperpod-vpc", "{}")
ENTRIES = take_access_entries("training")
WELL = a_check_report(a_result("network-sg-self-ref", Outcome.PASS))
KEY = "123456789012.us-west-2.ml-cluster"


def ill(*actions: Action, subject: str = "role/hyperpod") -> CheckReport:
    found = a_finding("fail", subject, "is not well").model_copy(update={"fix": actions})
    return a_check_report(a_result("iam-exec-vpc", Outcome.FAIL, findings=(found,)))


def planned(account: FakeAccount, *actions: Action) -> PlanReport:
    return plan_fix(Bedside("ml-cluster", "eks"), ill(*actions), account.world, run_id="run-1")


def test_each_change_is_made_in_order_written_down_and_told_in_words() -> None:
    account = FakeAccount()
    plan = planned(account, INWARD, OUTWARD)
    steps = list(recorded(fix(plan, account.ports), plan, "fix", account.ports))
    assert [one[:2] for one in account.changes.made] == [(one.verb, one.request) for one in (INWARD, OUTWARD)]
    assert account.state.entries == ["intent", "effect", "intent", "effect", "done"]
    assert steps[0] == Started(time=NOW, verb=INWARD.verb, cluster="ml-cluster", does=INWARD.does)
    assert INWARD.does == "let members of security group `sg-nodes` talk to each other, in"


def test_what_aws_refuses_ends_it_and_is_written_down() -> None:
    account = FakeAccount()
    account.calls.let_pass("changes.make")
    account.calls.fail("changes.make", RefusedError("AWS refused", aws_code="Denied"))
    plan = planned(account, INWARD, OUTWARD)
    with pytest.raises(RefusedError):
        list(recorded(fix(plan, account.ports), plan, "fix", account.ports))
    assert account.state.entries == ["intent", "effect", "intent", "failed"]
    assert unfinished("fix", account.state.lines(KEY)) is None


def test_what_was_left_half_done_is_gone_on_with() -> None:
    account = FakeAccount()
    account.calls.let_pass("changes.make")
    account.calls.fail("changes.make", UnavailableError("the connection was reset"))
    plan = planned(account, INWARD, OUTWARD)
    with pytest.raises(UnavailableError):
        list(recorded(fix(plan, account.ports), plan, "fix", account.ports))
    run = unfinished("fix", account.state.lines(KEY))
    assert run is not None
    assert (run.run_id, run.purpose) == ("run-1", "fix")


def test_fixes_and_what_is_done_to_the_cluster_do_not_overtake_each_other() -> None:
    account = FakeAccount()
    create = {"time": NOW.isoformat(), "entry": "intent", "run_id": "run-0", "purpose": "create"}
    account.state.append(KEY, {**create, "verb": "create", "subject": "cluster/ml-cluster"})
    plan = planned(account, INWARD)
    list(recorded(fix(plan, account.ports), plan, "fix", account.ports))
    lines = account.state.lines(KEY)
    begun = unfinished("create", lines)
    assert begun is not None
    assert begun.run_id == "run-0"
    assert unfinished("fix", lines) is None
    assert run_of("run-1", lines) is not None


def updating(account: FakeAccount, seconds: float) -> None:
    """Let the EKS cluster be busy, and active again so many seconds from now."""
    active = an_eks_cluster()
    account.eks.known = [replace(active, status="UPDATING")]
    account.clock.at(seconds, lambda: setattr(account.eks, "known", [active]))


def test_an_eks_cluster_that_was_changed_is_waited_for_and_said_once() -> None:
    account = FakeAccount()
    updating(account, 12)
    steps = list(fix(planned(account, ENTRIES), account.ports))
    told = [step.message for step in steps if isinstance(step, Remarked)]
    assert told == ["waiting until EKS cluster `training` is active again"]
    assert sum(account.clock.slept) == 15


def test_an_eks_cluster_that_stays_busy_is_not_waited_for_for_ever() -> None:
    account = FakeAccount()
    account.eks.known = [replace(an_eks_cluster(), status="UPDATING")]
    list(fix(planned(account, ENTRIES), account.ports))
    assert sum(account.clock.slept) == 20 * 60


def test_what_an_earlier_command_did_not_stay_for_is_waited_for_first() -> None:
    account = FakeAccount()
    plan = planned(account, ENTRIES, INWARD)
    steps = recorded(fix(plan, account.ports), plan, "fix", account.ports)
    next(steps)  # and there the process ends
    updating(account, 3)
    resumed = unfinished("fix", account.state.lines(KEY))
    assert [type(step) for step in settled(resumed, account.ports)] == [Remarked]
    assert account.eks.known[0].status == "ACTIVE"


def test_without_an_earlier_command_nothing_is_waited_for() -> None:
    account = FakeAccount()
    assert list(settled(None, account.ports)) == []
    assert account.calls.made == []


def reports(*told: CheckReport) -> Iterator[CheckReport]:
    yield from told


def test_permissions_that_aws_has_not_taken_in_are_looked_at_again() -> None:
    account = FakeAccount()
    plan = planned(account, ALLOWING)
    looks = reports(ill(ALLOWING), ill(ALLOWING), WELL)
    assert look_again(lambda: next(looks), plan, account.clock) == WELL
    assert account.clock.slept == [5, 5]


def test_after_a_minute_what_is_seen_is_what_is() -> None:
    account = FakeAccount()
    still = ill(ALLOWING)
    assert look_again(lambda: still, planned(account, ALLOWING), account.clock) == still
    assert sum(account.clock.slept) == 60


@pytest.mark.parametrize(
    "after",
    [ill(), ill(subject="role/another"), WELL],
    ids=["what-is-told-at-once", "another-subject", "well"],
)
def test_what_aws_knows_at_once_is_looked_at_once(after: CheckReport) -> None:
    account = FakeAccount()
    plan = planned(account, INWARD if after == ill() else ALLOWING)
    assert look_again(lambda: after, plan, account.clock) == after
    assert account.clock.slept == []
