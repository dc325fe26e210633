"""Every check of the catalogue, row by row: outcome, findings word for word, and what it asked of AWS."""

from __future__ import annotations

import pytest

from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.checks.engine import run_checks
from hpctl.errors import AccessError, HpctlError, UnavailableError
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Outcome
from tests.in_turn import in_turn
from tests.unit.builders import a_network, a_plain_group, a_security_group, a_slurm_spec, a_spec, an_identity
from tests.unit.checks import (
    rows_capacity,
    rows_capacity_supply,
    rows_eks,
    rows_eks_cluster,
    rows_eks_reach,
    rows_iam,
    rows_iam_keys,
    rows_iam_use,
    rows_lifecycle,
    rows_lifecycle_text,
    rows_network,
    rows_network_acls,
    rows_network_addresses,
    rows_network_endpoints,
    rows_network_groups,
    rows_network_routes,
    rows_offline,
    rows_quota,
    rows_slurm,
    rows_slurm_files,
    rows_spec_images,
    rows_spec_rules,
    rows_storage,
)
from tests.unit.checks.row import BY_ID, Row, judge
from tests.unit.checks.scenes import PORT_OF, SAME_ACTION, SCENES
from tests.unit.fakes import FakeAccount

MODULES = (
    rows_spec_rules,
    rows_spec_images,
    rows_slurm,
    rows_eks,
    rows_network,
    rows_network_groups,
    rows_network_routes,
    rows_network_acls,
    rows_network_endpoints,
    rows_network_addresses,
    rows_capacity,
    rows_capacity_supply,
    rows_quota,
    rows_slurm_files,
    rows_eks_cluster,
    rows_eks_reach,
    rows_iam,
    rows_iam_keys,
    rows_iam_use,
    rows_lifecycle,
    rows_lifecycle_text,
    rows_offline,
    rows_storage,
)
ROWS: tuple[Row, ...] = tuple(row for module in MODULES for row in module.ROWS)
OFFLINE = [one.id for one in CLUSTER_CHECKS if not one.reads]

BLIND_SPOTS = [(check_id, operation) for check_id, scene in SCENES.items() for operation in scene.asks]


@in_turn("row", ROWS)
def test_a_check_judges_as_its_row_says(row: Row) -> None:
    result = judge(row.check, row.spec, row.account)
    findings = tuple(found.model_copy(update={"fix": ()}) for found in result.findings)  # `test_fixes` has those
    assert (result.outcome, findings, result.reason) == (row.outcome, row.findings, row.reason)


NOTES_ONLY = (
    "iam-exec-role-fresh",
    "network-multi-subnet",
    "lifecycle-log-file",
    "capacity-min-count",
    "quota-pending",
)


@in_turn("check_id", BY_ID)
def test_every_check_is_shown_to_hold_and_to_complain(check_id: str) -> None:
    outcomes = {row.outcome for row in ROWS if row.check == check_id}
    complaints = {Outcome.WARN, Outcome.FAIL} | ({Outcome.PASS} if check_id in NOTES_ONLY else set())
    assert Outcome.PASS in outcomes
    assert outcomes & complaints


@in_turn("check_id", OFFLINE)
def test_an_offline_check_asks_nothing_of_aws(check_id: str) -> None:
    for row in (one for one in ROWS if one.check == check_id):
        account = FakeAccount()
        judge(check_id, row.spec, account)
        assert account.calls.made == []


@in_turn("row", [row for row in ROWS if row.findings])
def test_findings_keep_the_house_style(row: Row) -> None:
    for found in row.findings:
        assert not found.message.endswith(".")
        assert found.remedy or found.level != "fail"


def test_exactly_the_checks_that_read_aws_are_shown_to_go_blind() -> None:
    assert set(SCENES) == {one.id for one in CLUSTER_CHECKS if one.reads}


@in_turn("check_id", SCENES)
def test_a_check_asks_what_it_declares_and_nothing_else(check_id: str) -> None:
    scene = SCENES[check_id]
    account = scene.account()
    assert judge(check_id, scene.spec, account).outcome is Outcome.PASS
    declared = {PORT_OF[action] for action in BY_ID[check_id].reads}
    assert set(account.calls.operations) == set(scene.asks)
    asked = {SAME_ACTION.get(operation, operation) for operation in scene.asks}
    assert asked - {"caller.identity"} == declared - {"caller.identity"}


@in_turn(("check_id", "operation"), BLIND_SPOTS)
def test_access_denied_is_unknown_and_names_the_action(check_id: str, operation: str) -> None:
    account = SCENES[check_id].account()
    account.calls.fail_always(operation, AccessError("not allowed to look", action="ec2:DescribeThings"))
    result = judge(check_id, SCENES[check_id].spec, account)
    assert (result.outcome, result.findings) == (Outcome.UNKNOWN, ())
    assert result.reason == "could not look: not allowed to look"
    assert result.hint == "allow `ec2:DescribeThings`, or leave the check out with `--skip`"


@pytest.mark.parametrize(
    "error", [UnavailableError("no answer", hint="try again"), AccessError("expired", hint="log in")]
)
@in_turn(("check_id", "operation"), BLIND_SPOTS)
def test_no_answer_is_unknown_with_its_hint(check_id: str, operation: str, error: HpctlError) -> None:
    account = SCENES[check_id].account()
    account.calls.fail_always(operation, error)
    result = judge(check_id, SCENES[check_id].spec, account)
    assert (result.outcome, result.findings) == (Outcome.UNKNOWN, ())
    assert (result.reason, result.hint) == (f"could not look: {error.message}", error.hint)


@pytest.mark.parametrize("error", [UnavailableError("no answer"), AccessError("not allowed to look")], ids=repr)
@pytest.mark.parametrize("check_id", list(SCENES))
def test_nothing_passes_where_nothing_answers(check_id: str, error: HpctlError) -> None:
    account = SCENES[check_id].account()
    for operation in SCENES[check_id].asks:
        account.calls.fail_always(operation, error)
    assert judge(check_id, SCENES[check_id].spec, account).outcome is Outcome.UNKNOWN


def test_missing_subnets_fail_their_check_and_the_zones_are_not_judged() -> None:
    spec = a_spec(network=a_network("subnet-gone"))
    outcomes = {
        one.id: (one.outcome, one.reason) for one in run_checks(CLUSTER_CHECKS, (spec,), FakeAccount().world).results
    }
    reason = "needs `network-ids-exist`, which did not hold"
    assert outcomes["network-ids-exist"] == (Outcome.FAIL, None)
    assert outcomes["network-efa-single-az"] == (Outcome.SKIP, reason)
    assert outcomes["network-multi-subnet"] == (Outcome.SKIP, reason)


def test_nodes_in_two_vpcs_are_told_once() -> None:
    account = FakeAccount().holding(a_security_group(vpc_id="vpc-2"))
    results = run_checks(CLUSTER_CHECKS, (a_spec(),), account.world).results
    outcomes = {one.id: (one.outcome, one.reason) for one in results}
    assert outcomes["network-same-vpc"] == (Outcome.FAIL, None)
    assert outcomes["eks-same-vpc"] == (Outcome.SKIP, "needs `network-same-vpc`, which did not hold")


@pytest.mark.parametrize("arn_of", ["account", "region"])
def test_an_eks_cluster_that_is_elsewhere_is_not_asked_for(arn_of: str) -> None:
    account = FakeAccount()
    account.caller.who = an_identity(**{arn_of: "somewhere"})
    arn = "arn:aws:eks:us-west-2:123456789012:cluster/training"
    spec = a_spec(orchestrator={"eks": {"cluster_arn": arn}})
    assert judge("eks-cluster-active", spec, account).outcome is Outcome.FAIL
    assert account.calls.operations == ["caller.identity"]


@pytest.mark.parametrize("spec", [a_slurm_spec(), a_spec(), a_spec(a_plain_group())], ids=["slurm", "eks", "plain"])
def test_a_healthy_wish_passes_every_check(spec: ClusterSpec) -> None:
    report = run_checks(CLUSTER_CHECKS, (spec,), FakeAccount().world)
    assert [(one.id, one.outcome, one.findings) for one in report.results if one.outcome is not Outcome.PASS] == []
