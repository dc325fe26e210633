"""What a lost answer leaves to be seen, and what AWS refuses only for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from hpctl.errors import (
    AccessError,
    ConflictError,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from hpctl.facts.records import Role
from hpctl.plan.apply import apply
from hpctl.plan.create import plan_create
from hpctl.plan.reached import is_reached
from hpctl.plan.send import Sent, send
from hpctl.plan.tags import DIGEST_TAG, RUN_ID_TAG
from hpctl.report.action import Action, Verb
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Remarked, Started
from tests.unit.builders import CLUSTER_ARN, NOW, a_check_report, a_cluster, a_live_group, a_role, a_spec
from tests.unit.fakes import FakeAccount

LOST = [ConflictError("busy"), UnavailableError("the connection was reset")]
IN_USE = ConflictError("`sagemaker:CreateCluster` for `ml-cluster` is in conflict with what is there")
CANNOT_ASSUME = RefusedError(
    "Amazon SageMaker cannot assume the execution role", aws_code="ValidationException", hint="AWS's hint"
)
GONE = NotFoundError("there is no cluster `ml-cluster`")
OLD = NOW - timedelta(hours=1)


def to_create(account: FakeAccount, run_id: str = "run-1") -> PlanReport:
    return plan_create(a_spec(), account.world, run_id=run_id, checks=a_check_report())


def remarks(steps: Sequence[object]) -> list[str]:
    return [step.message for step in steps if isinstance(step, Remarked)]


def action(verb: Verb, **request: object) -> Action:
    return Action(verb=verb, subject="cluster/ml-cluster", request=request)


def with_cluster(**tags: str) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(), **tags)
    return account


@pytest.mark.parametrize("stale", range(11))
def test_our_own_cluster_that_cannot_be_seen_yet_is_waited_for_and_never_made_twice(stale: int) -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.clusters.lose_answer(IN_USE)
    made = a_cluster("Creating", created_at=NOW)
    account.clusters.play(*[GONE] * stale, made)
    steps = list(apply(plan, account.ports))
    assert steps[-1] == Started(time=account.clock.now(), verb="create", cluster="ml-cluster", arn=CLUSTER_ARN)
    assert len(account.clusters.known) == 1
    assert account.clock.slept == [5.0] * stale
    assert len(remarks(steps)) == (stale > 0)
    assert account.state.entries == ["intent", "effect"]


def test_the_name_of_a_deleted_cluster_is_waited_for() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.calls.fail("clusters.create", *[IN_USE] * 4)
    steps = list(apply(plan, account.ports))
    (remark,) = remarks(steps)
    assert remark == (
        "the name `ml-cluster` is in use, and AWS shows no such cluster: it is new, or deleted a moment ago; "
        "hpctl tries again for a minute"
    )
    assert account.clock.slept == [5.0] * 4
    assert list(account.clusters.known) == ["ml-cluster"]


def test_a_name_that_stays_in_use_is_a_conflict_after_a_minute() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.calls.fail_always("clusters.create", IN_USE)
    with pytest.raises(ConflictError) as raised:
        list(apply(plan, account.ports))
    assert raised.value.message == IN_USE.message
    assert raised.value.cause is not None
    assert raised.value.hint == "run the same command again in a few minutes"
    assert sum(account.clock.slept) == 60
    assert account.state.entries == ["intent", "failed"]


def test_a_namesake_that_is_being_deleted_is_said_to_be() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.clusters.add(a_cluster("Deleting", created_at=OLD))
    with pytest.raises(ConflictError) as raised:
        list(apply(plan, account.ports))
    assert raised.value.message == "a cluster named `ml-cluster` is being deleted"
    assert raised.value.hint == "wait until it is gone, then create again: hpctl cluster delete ml-cluster"


def test_tags_that_cannot_be_seen_yet_are_waited_for() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.clusters.lose_answer(IN_USE)
    shown = account.clusters.tags
    times = iter(range(4))

    def tags(arn: str) -> dict[str, str]:
        return shown(arn) if next(times, None) is None else {}

    account.clusters.tags = tags  # type: ignore[method-assign]
    account.clusters.play(replace(a_cluster("Creating"), created_at=NOW))
    steps = list(apply(plan, account.ports))
    assert isinstance(steps[-1], Started)
    assert remarks(steps) == [
        "a cluster named `ml-cluster` is there, and AWS does not show its tags yet; hpctl tries again for a minute"
    ]


def test_a_young_cluster_whose_tags_never_show_is_said_to_be_somebody_elses() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.clusters.add(a_cluster("Creating", created_at=NOW))
    with pytest.raises(ConflictError) as raised:
        list(apply(plan, account.ports))
    assert sum(account.clock.slept) == 60
    assert raised.value.hint == (
        "somebody else made it meanwhile: hpctl cluster describe ml-cluster\nchoose another name, or delete it first"
    )


def test_a_cluster_of_our_run_and_another_wish_is_not_ours() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.clusters.add(a_cluster(created_at=OLD), **{RUN_ID_TAG: "run-1", DIGEST_TAG: "of another spec"})
    with pytest.raises(ConflictError, match="exists already"):
        list(apply(plan, account.ports))


@pytest.mark.parametrize("times", [1, 12])
def test_a_role_that_cannot_be_assumed_yet_is_tried_again(times: int) -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.calls.fail("clusters.create", *[CANNOT_ASSUME] * times)
    steps = list(apply(plan, account.ports))
    assert remarks(steps) == [
        "AWS cannot assume the execution role yet; its trust policy is in order; hpctl tries again for a minute"
    ]
    assert account.clock.slept == [5.0] * times
    assert account.signals.steps == times + 1  # between two tries a signal takes effect at once


def test_a_role_that_cannot_be_assumed_for_a_minute_is_refused() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.calls.fail("clusters.create", *[CANNOT_ASSUME] * 13)
    with pytest.raises(RefusedError) as raised:
        list(apply(plan, account.ports))
    assert raised.value is CANNOT_ASSUME


@pytest.mark.parametrize("role", [a_role(trusted_services=frozenset({"ec2.amazonaws.com"})), a_role("another")])
def test_a_role_whose_trust_is_wrong_is_refused_at_once(role: Role) -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.holding(role)
    account.calls.fail("clusters.create", CANNOT_ASSUME)
    with pytest.raises(RefusedError):
        list(apply(plan, account.ports))
    assert account.clock.slept == []


def test_where_the_trust_cannot_be_seen_a_refusal_is_one() -> None:
    account = FakeAccount()
    plan = to_create(account)
    account.calls.fail("iam.role", AccessError("denied"))
    account.calls.fail("clusters.create", CANNOT_ASSUME)
    with pytest.raises(RefusedError):
        list(apply(plan, account.ports))


UPDATE = {
    "ClusterName": CLUSTER_ARN,
    "InstanceGroups": [{"InstanceGroupName": "workers", "InstanceCount": 4, "LifeCycleConfig": {"OnCreate": "x.sh"}}],
    "InstanceGroupsToDelete": ["old"],
    "NodeRecovery": "None",
}
WORKERS = {"InstanceGroupName": "workers", "InstanceCount": 4, "LifeCycleConfig": {"OnCreate": "x.sh", "More": 1}}
REACHED = {"InstanceGroups": [{"InstanceGroupName": "system"}, WORKERS], "NodeRecovery": "None", "VpcConfig": {}}


def test_what_the_live_cluster_has_is_reached_whatever_else_it_has() -> None:
    assert is_reached(UPDATE, REACHED)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {**REACHED, "NodeRecovery": "Automatic"},
        {**REACHED, "InstanceGroups": []},
        {**REACHED, "InstanceGroups": [WORKERS | {"InstanceCount": 2}]},
        {**REACHED, "InstanceGroups": [WORKERS | {"LifeCycleConfig": {"OnCreate": "y.sh"}}]},
        {**REACHED, "InstanceGroups": [WORKERS | {"LifeCycleConfig": None}]},
        {**REACHED, "InstanceGroups": [WORKERS, {"InstanceGroupName": "old"}]},
        {**REACHED, "RestrictedInstanceGroups": [{"InstanceGroupName": "old"}]},
    ],
)
def test_what_the_live_cluster_lacks_is_not_reached(other: dict[str, object]) -> None:
    assert not is_reached(UPDATE, other)


@pytest.mark.parametrize(
    ("seen", "wanted", "same"),
    [
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ("ab", ["a", "b"], False),
        ("a", "a", True),
    ],
)
def test_lists_are_compared_one_by_one(seen: object, wanted: object, same: bool) -> None:
    assert is_reached({"X": wanted}, {"X": seen}) is same


@pytest.mark.parametrize("error", LOST)
def test_a_lost_answer_to_an_update_is_recognised_by_the_live_cluster(error: HpctlError) -> None:
    account = with_cluster()
    account.clusters.lose_answer(error)
    account.clusters.requests["ml-cluster"] = REACHED
    assert send(action("update", **UPDATE), account.ports) == Sent()
    assert account.calls.of("clusters.describe") == [(CLUSTER_ARN,)]


@pytest.mark.parametrize("error", LOST)
def test_an_update_that_did_not_begin_keeps_its_error(error: HpctlError) -> None:
    account = with_cluster()
    account.calls.fail("clusters.update", error)
    account.clusters.requests["ml-cluster"] = {"NodeRecovery": "Automatic"}
    with pytest.raises(type(error)) as raised:
        send(action("update", **UPDATE), account.ports)
    assert raised.value is error


TAG = {"ResourceArn": CLUSTER_ARN, "Tags": [{"Key": "team", "Value": "ml"}]}
UNTAG = {"ResourceArn": CLUSTER_ARN, "TagKeys": ["team"]}


@pytest.mark.parametrize("error", LOST)
def test_a_lost_answer_about_tags_is_recognised_by_reading_them(error: HpctlError) -> None:
    account = with_cluster(owner="ada")
    account.clusters.lose_answer(error)
    account.clusters.lose_answer(error)
    assert send(action("tag", **TAG), account.ports) == Sent()
    assert account.clusters.tags_of[CLUSTER_ARN] == {"owner": "ada", "team": "ml"}
    assert send(action("untag", **UNTAG), account.ports) == Sent()
    assert account.clusters.tags_of[CLUSTER_ARN] == {"owner": "ada"}


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize(("verb", "call", "request_", "tags"), [
    ("tag", "clusters.add_tags", TAG, {"team": "other"}),
    ("untag", "clusters.remove_tags", UNTAG, {"team": "ml"}),
])  # fmt: skip
def test_tags_that_did_not_change_keep_the_error(
    verb: Verb, call: str, request_: dict[str, object], tags: dict[str, str], error: HpctlError
) -> None:
    account = with_cluster(**tags)
    account.calls.fail(call, error)
    with pytest.raises(type(error)):
        send(action(verb, **request_), account.ports)


BEGUN = [
    a_cluster("SystemUpdating"),
    a_cluster("Updating"),
    a_cluster("InService", a_live_group(software_update="InProgress")),
    a_cluster("InService", a_live_group(software_update="Pending")),
]


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("seen", BEGUN)
def test_a_lost_answer_to_an_update_of_software_is_recognised_by_its_beginning(seen: object, error: HpctlError) -> None:
    account = with_cluster()
    account.clusters.play(a_cluster(), seen)  # type: ignore[arg-type]
    account.clusters.lose_answer(error)
    assert send(action("update-software", ClusterName=CLUSTER_ARN), account.ports) == Sent()


@pytest.mark.parametrize("before", BEGUN)
def test_what_somebody_else_has_begun_is_not_taken_for_ours(before: object) -> None:
    account = with_cluster()
    account.clusters.play(before)  # type: ignore[arg-type]
    account.calls.fail("clusters.update_software", ConflictError("busy"))
    with pytest.raises(ConflictError, match="busy"):
        send(action("update-software", ClusterName=CLUSTER_ARN), account.ports)


def test_an_update_of_software_that_did_not_begin_keeps_its_error() -> None:
    account = with_cluster()
    account.calls.fail("clusters.update_software", UnavailableError("reset"))
    with pytest.raises(UnavailableError, match="reset"):
        send(action("update-software", ClusterName=CLUSTER_ARN), account.ports)


def test_a_namesake_made_meanwhile_is_not_deleted() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(arn=CLUSTER_ARN.replace("abcdef", "fedcba")))
    assert send(action("delete", ClusterName=CLUSTER_ARN), account.ports) == Sent()
    assert account.clusters.known["ml-cluster"].status == "InService"
