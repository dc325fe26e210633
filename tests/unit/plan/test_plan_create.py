"""The plan to create: the request, its tags, how wish and world stand, the totals, and the guard."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError, ConflictError, UnavailableError
from hpctl.plan.create import DIGEST_TAG, RUN_ID_TAG, digest_of, guard, plan_create, tagged
from hpctl.report.plan import PlannedGroup, PlanReport
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    EKS_ARN,
    a_check_report,
    a_cluster,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
    an_identity,
)
from tests.unit.fakes import FakeAccount


def planned(spec: ClusterSpec, account: FakeAccount | None = None, run_id: str = "run-1") -> PlanReport:
    return plan_create(spec, (account or FakeAccount()).world, run_id=run_id, checks=a_check_report())


def request(spec: ClusterSpec, run_id: str = "run-1") -> dict[str, Any]:
    (action,) = planned(spec, run_id=run_id).actions
    return action.request


def tags(spec: ClusterSpec, run_id: str = "run-1") -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in request(spec, run_id)["Tags"]}


def account_with(status: str, **tags: str) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(status), **tags)
    return account


def test_the_request_is_the_spec_with_two_tags_more() -> None:
    sent = request(a_spec(tags={"team": "nlp"}))
    assert [tag["Key"] for tag in sent["Tags"]] == ["team", "hpctl:run-id", "hpctl:spec-digest"]
    assert sent["ClusterName"] == "ml-cluster"
    assert sent["Orchestrator"] == {"Eks": {"ClusterArn": EKS_ARN}}
    assert tags(a_spec())["hpctl:run-id"] == "run-1"


def test_hpctl_s_own_tags_replace_those_of_a_copied_cluster() -> None:
    copied = {"hpctl:run-id": "an older run", "hpctl:spec-digest": "0" * 16, "team": "nlp"}
    sent = request(a_spec(tags=copied))["Tags"]
    assert [tag["Key"] for tag in sent] == ["team", "hpctl:run-id", "hpctl:spec-digest"]
    assert sent[1] == {"Key": "hpctl:run-id", "Value": "run-1"}


def test_the_digest_does_not_hang_on_the_run() -> None:
    assert tags(a_spec(), "run-1")[DIGEST_TAG] == tags(a_spec(), "run-2")[DIGEST_TAG]


def test_the_digest_does_not_hang_on_the_order_of_members() -> None:
    assert digest_of({"a": 1, "b": {"c": 2, "d": 3}}) == digest_of({"b": {"d": 3, "c": 2}, "a": 1})


def test_the_digest_does_not_hang_on_the_order_of_tags_and_labels() -> None:
    one = a_spec(a_group(kubernetes={"labels": {"x": "1", "y": "2"}}), tags={"a": "1", "b": "2"})
    other = a_spec(a_group(kubernetes={"labels": {"y": "2", "x": "1"}}), tags={"b": "2", "a": "1"})
    assert tags(one)[DIGEST_TAG] == tags(other)[DIGEST_TAG]


@pytest.mark.parametrize(
    "other",
    [
        a_spec(a_group(count=3)),
        a_spec(node_recovery="None"),
        a_spec(network=a_network("subnet-2")),
        a_spec(tags={"team": "nlp"}),
        a_spec(a_group(), a_plain_group()),
        a_spec(orchestrator={"eks": {"cluster": "other"}}),
    ],
)
def test_another_wish_has_another_digest(other: ClusterSpec) -> None:
    assert tags(other)[DIGEST_TAG] != tags(a_spec())[DIGEST_TAG]


def test_what_only_guards_the_wish_is_not_in_its_digest() -> None:
    assert tags(a_spec(region="us-west-2", account="123456789012"))[DIGEST_TAG] == tags(a_spec())[DIGEST_TAG]


def test_a_digest_is_sixteen_hex_digits() -> None:
    digest = digest_of({})
    assert len(digest) == 16
    assert int(digest, 16) >= 0


def test_tagging_leaves_the_request_as_it_was() -> None:
    before: dict[str, Any] = {"ClusterName": "x", "Tags": [{"Key": "a", "Value": "1"}]}
    after = tagged(before, {"b": "2"})
    assert before["Tags"] == [{"Key": "a", "Value": "1"}]
    assert after["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


def test_without_a_namesake_there_is_one_action() -> None:
    plan = planned(a_spec())
    assert (plan.state, plan.names()) == ("absent", ("create/cluster/ml-cluster",))


@pytest.mark.parametrize("status", ["InService", "Creating", "Updating", "SystemUpdating"])
def test_a_namesake_of_the_same_digest_is_ours_and_left_alone(status: str) -> None:
    account = account_with(status, **{DIGEST_TAG: tags(a_spec())[DIGEST_TAG]})
    plan = planned(a_spec(), account, run_id="a later run")
    assert (plan.state, plan.actions) == ("same", ())


@pytest.mark.parametrize("status", ["Failed", "Deleting", "RollingBack"])
def test_a_namesake_that_fails_or_goes_is_another(status: str) -> None:
    account = account_with(status, **{DIGEST_TAG: tags(a_spec())[DIGEST_TAG]})
    plan = planned(a_spec(), account)
    assert (plan.state, plan.actions) == ("other", ())


@pytest.mark.parametrize("found", [{}, {DIGEST_TAG: "0" * 16}, {RUN_ID_TAG: "run-1"}])
def test_a_namesake_of_another_digest_is_another(found: dict[str, str]) -> None:
    plan = planned(a_spec(), account_with("InService", **found))
    assert (plan.state, plan.actions) == ("other", ())


@pytest.mark.parametrize("operation", ["clusters.describe", "clusters.tags"])
@pytest.mark.parametrize("error", [AccessError("denied"), UnavailableError("no answer")])
def test_a_namesake_that_cannot_be_seen_is_no_absent_one(operation: str, error: AccessError) -> None:
    account = account_with("InService")
    account.calls.fail_always(operation, error)
    with pytest.raises(type(error), match=error.message):
        planned(a_spec(), account)


def test_the_plan_carries_who_what_and_how_it_was_judged() -> None:
    checks = a_check_report()
    plan = plan_create(a_slurm_spec(), FakeAccount().world, run_id="r", checks=checks, notices=("said",))
    assert (plan.identity, plan.cluster, plan.orchestrator) == (an_identity(), "ml-cluster", "slurm")
    assert (plan.checks, plan.notices, plan.goes, plan.stays) == (checks, ("said",), (), ())


def test_planned_groups_are_totals_of_the_catalogue_s_facts() -> None:
    spec = a_spec(a_group("workers", count=3), restricted_instance_groups=(a_restricted_group(count=1),))
    workers, nova = planned(spec).groups
    assert workers == PlannedGroup(
        name="workers",
        instance_type="ml.p5.48xlarge",
        count=3,
        role=None,
        accelerators="24 x NVIDIA H100",
        vcpus=576,
        memory_gib=6144,
        efa_interfaces=96,
        addresses=243,
        subnet_ids=("subnet-1",),
    )
    assert (nova.name, nova.count, nova.accelerators) == ("nova", 1, "8 x NVIDIA H100")


def test_a_planned_group_on_slurm_has_a_role_and_fewer_addresses() -> None:
    controller, workers = planned(a_slurm_spec()).groups
    assert (controller.role, controller.accelerators, controller.efa_interfaces) == ("Controller", None, 0)
    assert (workers.role, workers.addresses) == ("Compute", 64)


def test_a_planned_group_in_its_own_network_names_its_own_subnets() -> None:
    (group,) = planned(a_spec(a_group(override_network=a_network("subnet-2")))).groups
    assert group.subnet_ids == ("subnet-2",)


def test_a_planned_group_without_any_network_names_no_subnets() -> None:
    assert {group.subnet_ids for group in planned(a_slurm_spec(network=None)).groups} == {()}


def test_a_planned_group_of_several_types_counts_by_the_preferred_one() -> None:
    types = {"instance_types": ("ml.g5.8xlarge", "ml.c5.2xlarge")}
    (group,) = planned(a_spec(a_group(count=2, instance_requirements=types))).groups
    assert (group.instance_type, group.vcpus) == ("ml.g5.8xlarge | ml.c5.2xlarge", 32)


@pytest.mark.parametrize(("threads", "vcpus"), [(None, 96), (1, 96), (2, 192)])
def test_planned_vcpus_are_those_that_the_nodes_will_show(threads: int | None, vcpus: int) -> None:
    (group,) = planned(a_spec(a_group(type="ml.p5.48xlarge", count=1, threads_per_core=threads))).groups
    assert group.vcpus == vcpus


def test_what_nobody_has_published_stays_unknown() -> None:
    (group,) = planned(a_spec(a_group(type="ml.p6e-gb200.36xlarge"))).groups
    assert (group.efa_interfaces, group.addresses) == (None, None)
    assert group.accelerators == "8 x NVIDIA GB200"


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        (
            a_spec(account="210987654321"),
            "the spec is for account `210987654321`, the credentials are for `123456789012`",
            "use other credentials (`--profile`, `--region`), or change the account in the spec",
        ),
        (
            a_spec(region="eu-west-1"),
            "the spec is for Region `eu-west-1`, the credentials are for `us-west-2`",
            "use other credentials (`--profile`, `--region`), or change the region in the spec",
        ),
    ],
)
def test_a_spec_for_elsewhere_is_refused(spec: ClusterSpec, message: str, hint: str) -> None:
    with pytest.raises(ConflictError) as raised:
        guard(spec, an_identity())
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize("spec", [a_spec(), a_spec(account="123456789012", region="us-west-2")])
def test_a_spec_for_here_or_anywhere_is_not_refused(spec: ClusterSpec) -> None:
    guard(spec, an_identity())
