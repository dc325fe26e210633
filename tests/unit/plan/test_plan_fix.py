"""What doctor mends by itself, and why it leaves the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hpctl.catalog.left_alone import why_left_alone
from hpctl.checks.fixes import admit_members, allow_role, let_in, upload
from hpctl.errors import AccessError
from hpctl.facts.network import Direction
from hpctl.plan.fix import Bedside, plan_fix
from hpctl.plan.journal import purpose_of
from hpctl.report.action import Fix
from hpctl.report.check import CheckReport
from hpctl.report.plan import LeftAlone, PlanReport
from hpctl.terms import Outcome
from tests.unit.builders import a_check_report, a_finding, a_result
from tests.unit.fakes import FakeAccount

INWARD = admit_members("sg-nodes", Direction.IN)
ALLOWING = allow_role("hyperpod", "hyperpod-vpc", "{}")
SCRIPTS = {"on_create.sh": b"#!/bin/bash\n", "lib/more.sh": b"true\n"}
NOWHERE = upload("sagemaker-x", "mine/", "on_create.sh")


def complaint(*fix: Fix, check: str = "network-sg-self-ref", subject: str = "sg-nodes", **members: Any) -> CheckReport:
    found = a_finding("fail", subject, "is not well").model_copy(update={"fix": fix})
    return a_check_report(a_result(check, Outcome.FAIL, findings=(found,), **members))


def planned(
    checks: CheckReport, account: FakeAccount | None = None, scripts: Mapping[str, bytes] | None = None
) -> PlanReport:
    bedside = Bedside("ml-cluster", "eks", "lifecycle", scripts or {})
    return plan_fix(bedside, checks, (account or FakeAccount()).world, run_id="run-1")


def left(why: str, *, check: str = "network-sg-self-ref", subject: str = "sg-nodes") -> tuple[LeftAlone, ...]:
    return (LeftAlone(check=check, subjects=(subject,), why=why),)


def test_a_fix_is_planned_as_it_was_found() -> None:
    plan = planned(complaint(INWARD))
    assert (plan.actions, plan.left_alone) == ((INWARD,), ())
    assert (plan.state, plan.cluster, plan.run_id, purpose_of(plan)) == ("around", "ml-cluster", "run-1", "fix")


def test_what_two_checks_find_is_mended_once() -> None:
    both = a_check_report(*complaint(INWARD).results, *complaint(INWARD, check="network-other").results)
    assert planned(both).actions == (INWARD,)


def test_a_finding_without_a_fix_is_left_for_the_reason_of_its_check() -> None:
    plan = planned(complaint(check="network-egress-path", subject="subnet-1"))
    why = "NAT gateways and interface endpoints cost money by the hour"
    assert plan.actions == ()
    assert plan.left_alone == left(why, check="network-egress-path", subject="subnet-1")


def test_subjects_that_are_left_for_one_reason_are_told_together() -> None:
    found = tuple(a_finding("fail", one, "is not well") for one in ("subnet-1", "subnet-2", "subnet-1"))
    (row,) = planned(a_check_report(a_result("network-nacl", Outcome.FAIL, findings=found))).left_alone
    assert row == LeftAlone(check="network-nacl", subjects=("subnet-1", "subnet-2"), why=why_left_alone("network-nacl"))


def test_a_note_is_no_complaint() -> None:
    noted = a_result("lifecycle-log-file", Outcome.PASS, findings=(a_finding("note", "x", "says nothing"),))
    plan = planned(a_check_report(noted))
    assert (plan.actions, plan.left_alone) == ((), ())


def test_what_a_stack_owns_is_left_to_it() -> None:
    account = FakeAccount()
    account.changes.stacks["sg-nodes"] = "eksctl-training"
    plan = planned(complaint(INWARD), account)
    why = "CloudFormation stack `eksctl-training` owns it: change its template, or its next update undoes this"
    assert (plan.actions, plan.left_alone) == ((), left(why))


def test_what_may_be_somebody_elses_is_left_when_that_cannot_be_seen() -> None:
    account = FakeAccount()
    account.calls.fail_always("changes.stack_of", AccessError("not allowed to look", action="ec2:DescribeTags"))
    plan = planned(complaint(INWARD), account)
    assert (plan.actions, plan.left_alone) == (
        (),
        left("whether it may be changed cannot be seen: not allowed to look"),
    )


def test_a_policy_of_the_same_name_is_never_overwritten() -> None:
    account = FakeAccount()
    account.changes.policies.add(("hyperpod", "hyperpod-vpc"))
    why = "role `hyperpod` has an inline policy `hyperpod-vpc` that says something else: look at it first"
    plan = planned(complaint(ALLOWING, check="iam-exec-vpc", subject="role/hyperpod"), account)
    assert (plan.actions, plan.left_alone) == ((), left(why, check="iam-exec-vpc", subject="role/hyperpod"))
    assert planned(complaint(ALLOWING, check="iam-exec-vpc")).actions == (ALLOWING,)


def test_of_a_remedy_with_a_part_that_is_left_nothing_is_done() -> None:
    account = FakeAccount()
    account.changes.stacks["sg-nodes"] = "eksctl-training"
    plan = planned(complaint(let_in("training", "arn:aws:iam::1:role/a"), INWARD), account)
    assert (plan.actions, len(plan.left_alone)) == ((), 1)


def test_an_access_entry_is_nobodys_but_its_makers() -> None:
    account = FakeAccount()
    planned(complaint(let_in("training", "arn:aws:iam::1:role/a")), account)
    assert account.calls.of("changes.stack_of") == []


def test_scripts_are_stored_where_there_is_nothing_those_that_run_last() -> None:
    plan = planned(complaint(NOWHERE, check="lifecycle-prefix-exists"), scripts=SCRIPTS)
    assert [(one.verb, one.request["Key"], one.content) for one in plan.actions] == [
        ("put-object", "mine/lib/more.sh", b"true\n"),
        ("put-object", "mine/on_create.sh", b"#!/bin/bash\n"),
    ]
    assert {one.request["IfNoneMatch"] for one in plan.actions} == {"*"}


def test_scripts_that_are_there_are_left_as_they_are() -> None:
    account = FakeAccount()
    account.storage.buckets["sagemaker-x"] = {"mine/lib/more.sh": b"theirs"}
    plan = planned(complaint(NOWHERE, check="lifecycle-entrypoint-present"), account, SCRIPTS)
    assert [one.request["Key"] for one in plan.actions] == ["mine/on_create.sh"]


@pytest.mark.parametrize(
    ("scripts", "why"),
    [
        ({}, "there is no `on_create.sh` in `lifecycle`"),
        ({"another.sh": b"x"}, "there is no `on_create.sh` in `lifecycle`"),
    ],
)
def test_scripts_that_are_not_here_cannot_be_stored(scripts: Mapping[str, bytes], why: str) -> None:
    plan = planned(complaint(NOWHERE, check="lifecycle-entrypoint-present"), scripts=scripts)
    assert (plan.actions, plan.left_alone[0].why) == (
        (),
        f"{why}; name the folder of your scripts: --lifecycle DIR",
    )


def test_a_place_that_cannot_be_listed_is_not_written_to() -> None:
    account = FakeAccount()
    account.calls.fail_always("storage.objects", AccessError("not allowed to list", action="s3:ListBucket"))
    plan = planned(complaint(NOWHERE, check="lifecycle-prefix-exists"), account, SCRIPTS)
    assert (plan.actions, plan.left_alone[0].why) == (
        (),
        "whether it may be changed cannot be seen: not allowed to list",
    )
