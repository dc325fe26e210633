"""The plan to update: what is sent, in which order, what is sent again, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hpctl.errors import NotFoundError
from hpctl.plan.apply import apply
from hpctl.plan.create import plan_create
from hpctl.plan.tags import DIGEST_TAG, PROTECTION_TAG, RUN_ID_TAG
from hpctl.plan.update import plan_update
from hpctl.report.plan import PlanReport
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    CLUSTER_ARN,
    ROLE,
    a_check_report,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
)
from tests.unit.fakes import FakeAccount


def account_with(spec: ClusterSpec, status: str = "InService") -> FakeAccount:
    """An account in which hpctl made the cluster that `spec` asks for."""
    account = FakeAccount()
    plan = plan_create(spec, account.world, run_id="run-1", checks=a_check_report())
    list(apply(plan, account.ports))
    account.calls.made.clear()
    return settled(account, status)


def settled(account: FakeAccount, status: str = "InService") -> FakeAccount:
    """The same account, looked at anew."""
    later = FakeAccount()
    clusters = account.clusters
    later.clusters.known = {name: replace(one, status=status) for name, one in clusters.known.items()}
    later.clusters.tags_of, later.clusters.requests = clusters.tags_of, clusters.requests
    return later


def planned(spec: ClusterSpec, account: FakeAccount, *delete_groups: str) -> PlanReport:
    return plan_update(spec, account.world, run_id="run-2", checks=a_check_report(), delete_groups=delete_groups)


def the_update(spec: ClusterSpec, account: FakeAccount, *delete_groups: str) -> dict[str, Any]:
    return next(action.request for action in planned(spec, account, *delete_groups).actions if action.verb == "update")


def group_of(account: FakeAccount, **members: Any) -> FakeAccount:
    """Let the first group live with other members than it was asked for."""
    live: dict[str, Any] = dict(account.clusters.requests["ml-cluster"])
    group, *others = live["InstanceGroups"]
    account.clusters.requests["ml-cluster"] = {**live, "InstanceGroups": [{**group, **members}, *others]}
    return account


def test_a_cluster_that_is_not_there_cannot_be_updated() -> None:
    with pytest.raises(NotFoundError) as raised:
        planned(a_spec(), FakeAccount())
    assert (raised.value.message, raised.value.hint) == (
        "there is no cluster `ml-cluster`",
        "to make it: hpctl cluster create -f FILE",
    )


def test_a_cluster_as_asked_needs_nothing() -> None:
    plan = planned(a_spec(), account_with(a_spec()))
    assert (plan.state, plan.changes, plan.actions, plan.notices) == ("same", (), (), ())


def test_an_update_takes_the_digest_away_first_and_gives_the_new_one_last() -> None:
    account = account_with(a_spec())
    wish = a_spec(a_group(count=4))
    plan = planned(wish, account)
    assert plan.state == "changed"
    assert [action.verb for action in plan.actions] == ["untag", "update", "tag"]
    untag, update, tag = plan.actions
    assert untag.request == {"ResourceArn": CLUSTER_ARN, "TagKeys": [DIGEST_TAG]}
    assert update.request["ClusterName"] == CLUSTER_ARN
    assert [one["Key"] for one in tag.request["Tags"]] == [DIGEST_TAG]
    list(apply(plan, account.ports))
    assert plan_create(wish, settled(account).world, run_id="r", checks=a_check_report()).state == "same"


def test_only_changed_groups_are_sent_and_each_in_full() -> None:
    spec = a_spec(a_group(), a_plain_group("system"))
    update = the_update(a_spec(a_group(count=4), a_plain_group("system")), account_with(spec))
    assert update == {
        "ClusterName": CLUSTER_ARN,
        "InstanceGroups": [
            {
                "InstanceCount": 4,
                "InstanceGroupName": "workers",
                "InstanceType": "ml.p5.48xlarge",
                "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-x/lc"},
                "ExecutionRole": ROLE,
                "ThreadsPerCore": 2,
            }
        ],
    }


def test_what_an_update_would_reset_is_sent_as_it_lives_and_said() -> None:
    account = group_of(account_with(a_spec(a_plain_group())), ThreadsPerCore=2, ImageId="ami-0123456789abcdef0")
    wish = a_spec(a_plain_group(count=4))
    (group,) = the_update(wish, account)["InstanceGroups"]
    assert (group["ThreadsPerCore"], group["ImageId"]) == (2, "ami-0123456789abcdef0")
    assert planned(wish, account).notices == (
        "the spec does not name `instance_groups[system].threads_per_core`: what the cluster has (`2`) is kept",
    )


@pytest.mark.parametrize(
    ("wished", "live", "sent"),
    [
        ({}, {"ImageId": "ami-00112233", "ImageReleaseVersion": "1.2.3"}, {"ImageReleaseVersion": "1.2.3"}),
        ({"image_id": "ami-44556677"}, {"ImageReleaseVersion": "1.2.3"}, {"ImageId": "ami-44556677"}),
        ({"image_release_version": "1.3.0"}, {"ImageId": "ami-00112233"}, {"ImageReleaseVersion": "1.3.0"}),
        ({}, {"MinInstanceCount": 0}, {"MinInstanceCount": 0}),
    ],
)
def test_the_image_is_named_once(wished: dict[str, Any], live: dict[str, Any], sent: dict[str, Any]) -> None:
    account = group_of(account_with(a_spec()), **live)
    (group,) = the_update(a_spec(a_group(count=4, **wished)), account)["InstanceGroups"]
    told = {key: value for key, value in group.items() if key.startswith("Image") or key == "MinInstanceCount"}
    assert told == sent


def test_a_date_of_patching_that_aws_chose_is_not_sent_back() -> None:
    patching = {"patching_strategy": "WhenIdle"}
    live = {"PatchingStrategy": "WhenIdle", "PatchSchedule": {"NextPatchDate": "2026-01-01T00:00:00Z"}}
    account = group_of(account_with(a_spec(a_group(auto_patch=patching))), AutoPatchConfig=live)
    (group,) = the_update(a_spec(a_group(count=4, auto_patch=patching)), account)["InstanceGroups"]
    assert group["AutoPatchConfig"] == {"PatchingStrategy": "WhenIdle"}


def test_settings_of_the_cluster_go_whole_and_without_network_and_tags() -> None:
    tiered = {"mode": "Enable", "instance_memory_allocation_percentage": 30}
    account = account_with(a_spec(tiered_storage=tiered, tags={"team": "nlp"}))
    update = the_update(a_spec(node_recovery="None", tiered_storage={"mode": "Disable"}), account)
    assert update == {
        "ClusterName": CLUSTER_ARN,
        "TieredStorageConfig": {"Mode": "Disable", "InstanceMemoryAllocationPercentage": 30},
        "NodeRecovery": "None",
    }


def test_groups_of_both_kinds_come_and_go() -> None:
    spec = a_spec(a_group(), a_plain_group("old"), restricted_instance_groups=(a_restricted_group("nova"),))
    wish = a_spec(a_group(), a_plain_group("new"))
    update = the_update(wish, account_with(spec), "old", "nova")
    assert [group["InstanceGroupName"] for group in update["InstanceGroups"]] == ["new"]
    assert update["InstanceGroupsToDelete"] == ["old", "nova"]


def test_a_group_that_nobody_named_stays_and_nothing_is_sent() -> None:
    plan = planned(a_spec(), account_with(a_spec(a_group(), a_plain_group("old"))))
    assert (plan.state, plan.actions) == ("other", ())
    assert [change.path for change in plan.changes if change.refused] == ["instance_groups[old]"]


def test_one_change_that_cannot_be_made_stops_all() -> None:
    plan = planned(a_spec(a_group(count=4), network=a_network("subnet-2")), account_with(a_spec()))
    assert (plan.state, plan.actions) == ("other", ())
    assert [(change.path, change.refused) for change in plan.changes] == [
        ("network.subnet_ids", True),
        ("instance_groups[workers].count", False),
    ]


@pytest.mark.parametrize("status", ["Failed", "Deleting", "RollingBack"])
def test_a_cluster_that_fails_or_goes_is_not_compared(status: str) -> None:
    plan = planned(a_spec(a_group(count=4)), account_with(a_spec(), status))
    assert (plan.state, plan.changes, plan.actions) == ("other", (), ())


def test_tags_alone_need_no_update() -> None:
    account = account_with(a_spec(tags={"team": "nlp", "old": "1"}))
    plan = planned(a_spec(tags={"team": "vision"}), account)
    untag, tag = plan.actions
    assert (untag.verb, untag.request["TagKeys"]) == ("untag", ["old", DIGEST_TAG])
    assert (tag.verb, [one["Key"] for one in tag.request["Tags"]]) == ("tag", ["team", DIGEST_TAG])


@pytest.mark.parametrize(
    ("before", "after", "verb"), [(False, True, "tag"), (True, False, "untag")], ids=["set", "lifted"]
)
def test_protection_is_a_tag_that_comes_and_goes(before: bool, after: bool, verb: str) -> None:
    account = account_with(a_spec(protection=before))
    plan = planned(a_spec(protection=after), account)
    assert [(one.path, one.before, one.after) for one in plan.changes] == [("protection", before, after)]
    list(apply(plan, account.ports))
    assert (account.clusters.tags_of[CLUSTER_ARN].get(PROTECTION_TAG) == "true") is after
    assert planned(a_spec(protection=after), settled(account)).state == "same"


def test_protection_in_aws_s_own_notation_is_the_tag_itself() -> None:
    account = account_with(a_spec(protection=True))
    assert planned(a_spec(tags={PROTECTION_TAG: "true"}), account).state == "same"


def test_a_protected_create_says_so_in_its_tags_and_its_digest() -> None:
    def tags(spec: ClusterSpec) -> dict[str, str]:
        (action,) = plan_create(spec, FakeAccount().world, run_id="r", checks=a_check_report()).actions
        return {tag["Key"]: tag["Value"] for tag in action.request["Tags"]}

    assert tags(a_spec(protection=True))[PROTECTION_TAG] == "true"
    assert PROTECTION_TAG not in tags(a_spec())
    assert tags(a_spec(protection=True))[DIGEST_TAG] != tags(a_spec())[DIGEST_TAG]


def test_a_cluster_that_hpctl_did_not_make_gets_no_tags_of_hpctl() -> None:
    account = account_with(a_spec())
    for key in (RUN_ID_TAG, DIGEST_TAG):
        del account.clusters.tags_of[CLUSTER_ARN][key]
    assert planned(a_spec(), account).actions == ()
    assert [action.verb for action in planned(a_spec(a_group(count=4)), settled(account)).actions] == ["update"]


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_killed_after_any_step_the_same_update_again_ends_the_same(steps: int) -> None:
    wish = a_spec(a_group(count=4), tags={"team": "nlp"})
    account = account_with(a_spec(tags={"old": "1"}))
    undisturbed = account_with(a_spec(tags={"old": "1"}))
    list(apply(planned(wish, undisturbed), undisturbed.ports))
    begun = apply(planned(wish, account), account.ports)
    for _ in range(steps):
        next(begun)
    again = settled(account)
    list(apply(planned(wish, again), again.ports))
    assert again.clusters.tags_of == undisturbed.clusters.tags_of
    assert again.clusters.requests == undisturbed.clusters.requests
    assert planned(wish, settled(again)).actions == ()


def test_a_create_of_the_changed_spec_meets_another_cluster_and_shows_in_what() -> None:
    plan = plan_create(a_spec(a_group(count=4)), account_with(a_spec()).world, run_id="r", checks=a_check_report())
    assert (plan.state, [change.path for change in plan.changes]) == ("other", ["instance_groups[workers].count"])


def test_a_create_of_its_own_spec_is_the_same_though_somebody_changed_the_cluster() -> None:
    account = group_of(account_with(a_spec()), InstanceCount=7)
    plan = plan_create(a_spec(), account.world, run_id="r", checks=a_check_report())
    assert (plan.state, [change.path for change in plan.changes]) == ("same", ["instance_groups[workers].count"])
    (notice,) = plan.notices
    assert notice.startswith("it was made by this very spec, and is not quite what the spec says")


def test_a_create_takes_a_cluster_that_somebody_else_made_just_so() -> None:
    account = account_with(a_slurm_spec())
    account.clusters.tags_of[CLUSTER_ARN].clear()
    plan = plan_create(a_slurm_spec(), account.world, run_id="r", checks=a_check_report())
    assert (plan.state, plan.changes) == ("same", ())
