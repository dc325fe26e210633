"""Every check of a live cluster or node that asks SageMaker, row by row: outcome, findings, and what it asks."""

from __future__ import annotations

import pytest

from hpctl.checks.catalogue import LIVE_CHECKS, NODE_CHECKS
from hpctl.checks.engine import run_checks
from hpctl.errors import AccessError, HpctlError, UnavailableError
from hpctl.facts.live_targets import LiveCluster, LiveNode, NodeOnEks
from hpctl.report.check import CheckResult
from hpctl.terms import Outcome
from tests.in_turn import in_turn
from tests.unit.checks import rows_live_cluster, rows_live_node
from tests.unit.checks.rows_live import Happen, LiveRow, live_account
from tests.unit.fakes import FakeAccount

BY_ID = {one.id: one for one in (*LIVE_CHECKS, *NODE_CHECKS)}
ROWS = (*rows_live_cluster.ROWS, *rows_live_node.ROWS)
SCENES: dict[str, tuple[Happen, tuple[str, ...]]] = {**rows_live_cluster.SCENES, **rows_live_node.SCENES}
BLIND_SPOTS = [(check_id, operation) for check_id, (_happen, asks) in SCENES.items() for operation in asks]
NODE = "i-0a1b2c3d4e5f60718"
TARGETS = (LiveCluster("ml-cluster"), LiveNode("ml-cluster", NODE), NodeOnEks("ml-cluster", NODE, "training"))

PORT_OF = {
    "eks:DescribeCluster": "eks.describe",
    "kubernetes:nodes": "kubernetes.nodes",
    "logs:DescribeLogStreams": "logs.streams",
    "logs:GetLogEvents": "logs.last_lines",
    "sagemaker:DescribeCluster": "clusters.describe",
    "sagemaker:DescribeClusterEvent": "clusters.event",
    "sagemaker:DescribeClusterNode": "clusters.node",
    "sagemaker:DescribeClusterOperation": "clusters.operation",
    "sagemaker:DescribeTrainingPlan": "plans.plan",
    "sagemaker:ListClusterEvents": "clusters.events",
    "sagemaker:ListClusterNodes": "clusters.nodes",
    "sagemaker:ListClusterOperations": "clusters.operations",
}


def judge(check_id: str, account: FakeAccount) -> CheckResult:
    """Run one check alone, as it runs when those it needs are left out with `--skip`."""
    (result,) = run_checks([BY_ID[check_id]], TARGETS, account.world).results
    return result


@in_turn("row", ROWS)
def test_a_check_judges_as_its_row_says(row: LiveRow) -> None:
    result = judge(row.check, live_account(row.happen))
    assert (result.outcome, result.findings, result.reason) == (row.outcome, row.findings, None)


@in_turn("check_id", BY_ID)
def test_every_check_is_shown_to_hold_and_to_complain(check_id: str) -> None:
    assert judge(check_id, live_account()).outcome is Outcome.PASS
    outcomes = {row.outcome for row in ROWS if row.check == check_id}
    assert outcomes & {Outcome.WARN, Outcome.FAIL}


@in_turn("row", [row for row in ROWS if row.findings])
def test_findings_keep_the_house_style(row: LiveRow) -> None:
    for found in row.findings:
        assert not found.message.endswith(".")
        assert found.remedy or found.level == "note"


def test_every_check_has_a_scene_in_which_it_asks_all_that_it_declares() -> None:
    assert set(SCENES) == set(BY_ID)


@in_turn("check_id", BY_ID)
def test_a_check_asks_what_it_declares_and_nothing_else(check_id: str) -> None:
    happen, asks = SCENES[check_id]
    account = live_account(happen)
    assert judge(check_id, account).outcome is not Outcome.UNKNOWN
    assert set(account.calls.operations) == set(asks)
    assert {PORT_OF[action] for action in BY_ID[check_id].reads} == set(asks)


@in_turn(("check_id", "operation"), BLIND_SPOTS)
@pytest.mark.parametrize(
    "error", [UnavailableError("no answer", hint="try again"), AccessError("denied", hint="ask somebody")], ids=repr
)
def test_no_answer_is_unknown_with_its_hint(check_id: str, operation: str, error: HpctlError) -> None:
    account = live_account(SCENES[check_id][0])
    account.calls.fail_always(operation, error)
    result = judge(check_id, account)
    assert (result.outcome, result.findings) == (Outcome.UNKNOWN, ())
    assert (result.reason, result.hint) == (f"could not look: {error.message}", error.hint)


@in_turn("check_id", BY_ID)
def test_what_is_gone_meanwhile_is_not_judged(check_id: str) -> None:
    def gone(account: FakeAccount) -> None:
        account.clusters.known.clear()
        account.clusters.nodes_in_full.clear()

    assert judge(check_id, live_account(gone)).outcome is Outcome.UNKNOWN


@in_turn("one", BY_ID.values(), ids=lambda one: one.id)
def test_a_check_has_a_page_that_says_more_than_its_title(one: object) -> None:
    page, title = one.page, one.title  # type: ignore[attr-defined]
    assert len(page.split()) > len(title.split())
    assert page.strip().endswith(".")
