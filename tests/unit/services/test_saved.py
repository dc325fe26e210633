"""Saved plans: done exactly, once, in the world that they were made for, or not at all."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from hpctl.errors import ConflictError, UsageError
from hpctl.plan.apply import apply
from hpctl.plan.create import plan_create
from hpctl.plan.delete import plan_delete
from hpctl.plan.tags import RUN_ID_TAG
from hpctl.plan.update import plan_update
from hpctl.report.plan import PlanReport
from hpctl.services.saved import read_plan, still_good
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    CLUSTER_ARN,
    a_check_report,
    a_cluster,
    a_group,
    a_plain_group,
    a_spec,
    an_identity,
)
from tests.unit.fakes import FakeAccount
from tests.unit.plan.test_plan_update import account_with, group_of, settled

WISH = a_spec(a_group(count=4), a_plain_group("new"), tags={"team": "nlp"})
CHANGED = "cluster `ml-cluster` has changed since the plan was made; nothing was done"


def to_create(spec: ClusterSpec, account: FakeAccount) -> PlanReport:
    return plan_create(spec, account.world, run_id="run-1", checks=a_check_report())


def to_update(spec: ClusterSpec, account: FakeAccount) -> PlanReport:
    return plan_update(spec, account.world, run_id="run-2", checks=a_check_report())


def through_a_file(plan: PlanReport, command: Literal["create", "update"]) -> PlanReport:
    return read_plan("plan.json", plan.model_dump_json(), command)


def test_a_plan_survives_its_file() -> None:
    account = account_with(a_spec())
    for plan, command in ((to_create(a_spec(), FakeAccount()), "create"), (to_update(WISH, account), "update")):
        assert through_a_file(plan, command) == plan  # type: ignore[arg-type]


def test_a_saved_create_is_done_as_it_stands() -> None:
    account = FakeAccount()
    plan = through_a_file(to_create(a_spec(), account), "create")
    assert still_good(plan, account.world) == plan


def test_a_saved_create_the_second_time_goes_on_with_its_cluster() -> None:
    account = FakeAccount()
    plan = to_create(a_spec(), account)
    list(apply(plan, account.ports))
    again = still_good(plan, settled(account).world)
    assert (again.state, again.actions, again.arn) == ("same", (), CLUSTER_ARN)


def test_a_saved_create_is_refused_when_somebody_else_made_the_cluster() -> None:
    account = FakeAccount()
    plan = to_create(a_spec(), account)
    account.clusters.add(a_cluster(), **{RUN_ID_TAG: "another run"})
    with pytest.raises(ConflictError) as raised:
        still_good(plan, settled(account).world)
    assert raised.value.message == CHANGED


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_saved_update_does_what_is_left_of_it(steps: int) -> None:
    account = account_with(a_spec(tags={"old": "1"}))
    plan = through_a_file(to_update(WISH, account), "update")
    begun = apply(plan, account.ports)
    for _ in range(steps):
        next(begun)
    again = still_good(plan, settled(account).world)
    assert again.actions == plan.actions[steps:]
    assert again.state == ("changed" if steps < 3 else "same")


def test_a_saved_update_bears_what_aws_fills_into_a_group_that_it_added() -> None:
    account = account_with(a_spec())
    plan = to_update(WISH, account)
    begun = apply(plan, account.ports)
    next(begun), next(begun)
    live = account.clusters.requests["ml-cluster"]
    new = {**live["InstanceGroups"][1], "ThreadsPerCore": 1, "ImageId": "ami-00112233"}  # type: ignore[index]
    account.clusters.requests["ml-cluster"] = {**live, "InstanceGroups": [live["InstanceGroups"][0], new]}  # type: ignore[index]
    assert [action.verb for action in still_good(plan, settled(account).world).actions] == ["tag"]


def moved(account: FakeAccount, how: str) -> None:
    """Let somebody else do something to the cluster."""
    match how:
        case "a count":
            group_of(account, InstanceCount=3)
        case "a setting":
            account.clusters.requests["ml-cluster"] = {
                **account.clusters.requests["ml-cluster"],
                "NodeRecovery": "None",
            }
        case "a tag":
            account.clusters.tags_of[CLUSTER_ARN]["cost-centre"] = "7"
        case "gone":
            account.clusters.known.clear()
        case "made anew":
            arn = CLUSTER_ARN.replace("abcdef", "012345")
            account.clusters.known["ml-cluster"] = a_cluster(arn=arn)
            account.clusters.tags_of[arn] = account.clusters.tags_of[CLUSTER_ARN]


@pytest.mark.parametrize("how", ["a count", "a setting", "a tag", "gone", "made anew"])
@pytest.mark.parametrize("steps", [0, 1])
def test_a_saved_update_is_refused_when_the_world_has_moved(how: str, steps: int) -> None:
    account = account_with(a_spec())
    plan = to_update(WISH, account)
    begun = apply(plan, account.ports)
    for _ in range(steps):
        next(begun)
    moved(account, how)
    with pytest.raises(ConflictError) as raised:
        still_good(plan, settled(account).world)
    assert raised.value.message == CHANGED
    assert raised.value.hint == ("plan again, and look at what is different: hpctl cluster plan -f SPEC --out FILE")


def test_order_in_the_answer_is_no_move() -> None:
    account = account_with(a_spec(a_group(), a_plain_group("b")))
    plan = to_update(a_spec(a_group(count=4), a_plain_group("b")), account)
    live = account.clusters.requests["ml-cluster"]
    account.clusters.requests["ml-cluster"] = {**live, "InstanceGroups": live["InstanceGroups"][::-1]}  # type: ignore[index]
    assert still_good(plan, settled(account).world).actions == plan.actions


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ({"account": "210987654321"}, "the plan is for account `123456789012`, the credentials are for `210987654321`"),
        ({"region": "eu-west-1"}, "the plan is for Region `us-west-2`, the credentials are for `eu-west-1`"),
    ],
)
def test_a_plan_for_elsewhere_is_refused_before_a_look_at_the_cluster(who: dict[str, Any], message: str) -> None:
    account = FakeAccount()
    plan = to_create(a_spec(), FakeAccount())
    account.caller.who = an_identity(**who)
    with pytest.raises(ConflictError) as raised:
        still_good(plan, account.world)
    assert raised.value.message == message
    assert account.calls.operations == ["caller.identity"]


TO_DELETE = plan_delete(a_cluster(), an_identity(), run_id="r")
NO_PLAN = "`plan.json` is not a plan that `hpctl cluster plan --out` wrote: "


def edited(**members: Any) -> str:
    return to_create(a_spec(), FakeAccount()).model_copy(update=members).model_dump_json()


def with_request(**members: Any) -> str:
    plan = to_create(a_spec(), FakeAccount())
    (action,) = plan.actions
    return plan.model_copy(
        update={"actions": (action.model_copy(update={"request": {**action.request, **members}}),)}
    ).model_dump_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", NO_PLAN + "Invalid JSON: EOF while parsing a value at line 1 column 0"),
        ("name: x", NO_PLAN + "Invalid JSON: expected ident at line 1 column 2"),
        ("[]", NO_PLAN + "Input should be an object"),
        ("{}", NO_PLAN + "identity: Field required"),
        (edited(schema_version="hpctl/v2"), NO_PLAN + "schema_version: Input should be 'hpctl/v1'"),
        (edited(basis=None), "`plan.json` is no plan to create a cluster"),
        (TO_DELETE.model_dump_json(), "`plan.json` is no plan to create a cluster"),
        (with_request(ClusterName="other"), NO_PLAN + "it creates `other`"),
        (edited(state="changed"), NO_PLAN + "it creates `ml-cluster`"),
        (
            to_update(WISH, account_with(a_spec())).model_dump_json(),
            "`plan.json` is a plan to update cluster `ml-cluster`",
        ),
        (
            to_update(WISH, account_with(a_spec())).model_copy(update={"arn": "arn:other"}).model_dump_json(),
            NO_PLAN + f"it changes `{CLUSTER_ARN}`",
        ),
    ],
)
def test_what_is_no_plan_to_create_is_refused_with_the_file_and_the_reason(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_plan("plan.json", text, "create")
    assert raised.value.message == message


def test_a_plan_to_create_is_no_plan_to_update() -> None:
    with pytest.raises(UsageError) as raised:
        read_plan("plan.json", edited(), "update")
    assert (raised.value.message, raised.value.hint) == (
        "`plan.json` is a plan to create cluster `ml-cluster`",
        "hpctl cluster create --plan plan.json",
    )
