"""Every check of live clusters, row by row: outcome, findings word for word, and what it asks."""

from __future__ import annotations

import pytest

from hpctl.checks.catalogue import KUBERNETES_CHECKS
from hpctl.checks.engine import run_checks
from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError
from hpctl.facts.kubernetes import ClusterOnEks, Stage
from hpctl.report.check import CheckResult
from hpctl.services.cluster_check import check_live
from hpctl.services.create import Judging
from hpctl.terms import Outcome
from tests.in_turn import in_turn
from tests.unit.builders import a_cluster
from tests.unit.checks import rows_kube_inside, rows_kube_parts, rows_live
from tests.unit.checks.rows_live import LiveRow, contact, live_account
from tests.unit.fakes import FakeAccount

ROWS: tuple[LiveRow, ...] = (*rows_live.ROWS, *rows_kube_parts.ROWS, *rows_kube_inside.ROWS)
ASKS = {**rows_live.ASKS, **rows_kube_parts.ASKS, **rows_kube_inside.ASKS}
BY_ID = {one.id: one for one in KUBERNETES_CHECKS}
LIVE = ClusterOnEks("ml-cluster", "training", "team")
BLIND_SPOTS = [(check_id, operation) for check_id, asks in ASKS.items() for operation in asks]

PORT_OF = {
    "eks:DescribeAccessEntry": "eks.access_entry",
    "eks:DescribeAddon": "eks.addons",
    "eks:DescribeCluster": "eks.describe",
    "eks:ListAccessEntries": "eks.access_entry",
    "eks:ListAddons": "eks.addons",
    "eks:ListPodIdentityAssociations": "eks.pod_identities",
    "kubernetes:apigroups": "kubernetes.api_versions",
    "kubernetes:customresourcedefinitions.apiextensions.k8s.io": "kubernetes.custom_resources",
    "kubernetes:daemonsets.apps": "kubernetes.workloads",
    "kubernetes:deployments.apps": "kubernetes.workloads",
    "kubernetes:configmaps": "jobs.read",
    "kubernetes:nodes": "kubernetes.nodes",
    "kubernetes:persistentvolumeclaims": "jobs.objects",
    "kubernetes:storageclasses.storage.k8s.io": "jobs.read",
    "kubernetes:selfsubjectaccessreviews.authorization.k8s.io": "kubernetes.reviews",
    "kubernetes:version": "kubernetes.contact",
    "sagemaker:DescribeCluster": "clusters.describe",
    "sagemaker:ListClusterNodes": "clusters.nodes",
}
SOMETIMES = {
    "kube-access-entry": {"kubernetes.contact"},
    "kube-task-governance": {"kubernetes.workloads"},
    "eks-aws-auth-shadow": {"eks.access_entry", "jobs.read"},
    "eks-kueue-preinstalled": {"eks.addons"},
    "eks-operator-pod-identity": {"eks.pod_identities"},
    "storage-csi-ready": {"jobs.read"},
    "live-autoscaler-conflict": {"kubernetes.nodes"},
}
"""What is asked only where something is wrong, or installed."""


def judge(check_id: str, account: FakeAccount) -> CheckResult:
    """Run one check alone, as it runs when those it needs are left out with `--skip`."""
    (result,) = run_checks([BY_ID[check_id]], (LIVE,), account.world).results
    return result


@in_turn("row", ROWS)
def test_a_check_judges_as_its_row_says(row: LiveRow) -> None:
    result = judge(row.check, live_account(row.happen))
    findings = tuple(found.model_copy(update={"fix": ()}) for found in result.findings)  # `test_fixes` has those
    assert (result.outcome, findings) == (row.outcome, row.findings)


@in_turn("check_id", BY_ID)
def test_every_check_is_shown_to_hold_and_to_complain(check_id: str) -> None:
    outcomes = {row.outcome for row in ROWS if row.check == check_id}
    assert Outcome.PASS in outcomes
    assert outcomes & {Outcome.WARN, Outcome.FAIL}


@in_turn("row", [row for row in ROWS if row.findings])
def test_findings_keep_the_house_style(row: LiveRow) -> None:
    for found in row.findings:
        assert not found.message.endswith(".")
        assert found.remedy or found.level == "note"


def test_every_check_has_its_questions_listed() -> None:
    assert set(ASKS) == set(BY_ID)


@in_turn("check_id", BY_ID)
def test_a_check_asks_what_it_declares_and_nothing_else(check_id: str) -> None:
    account = live_account()
    assert judge(check_id, account).outcome is Outcome.PASS
    asked = {str(operation) for operation in account.calls.operations} - {"caller.identity"}
    assert asked == set(ASKS[check_id])
    declared = {PORT_OF[action] for action in BY_ID[check_id].reads}
    assert asked | SOMETIMES.get(check_id, set()) == declared


@in_turn(("check_id", "operation"), BLIND_SPOTS)
@pytest.mark.parametrize(
    "error", [UnavailableError("no answer", hint="try again"), AccessError("denied", hint="ask somebody")], ids=repr
)
def test_no_answer_is_unknown_with_its_hint(check_id: str, operation: str, error: HpctlError) -> None:
    account = live_account()
    account.calls.fail_always(operation, error)
    result = judge(check_id, account)
    assert (result.outcome, result.findings) == (Outcome.UNKNOWN, ())
    assert (result.reason, result.hint) == (f"could not look: {error.message}", error.hint)


def test_lists_of_people_that_cannot_be_read_are_unknown() -> None:
    account = live_account(rows_kube_inside.mapped())
    account.calls.fail_always("jobs.read", AccessError("denied"))
    assert judge("eks-aws-auth-shadow", account).outcome is Outcome.UNKNOWN


def outcomes(account: FakeAccount) -> dict[str, Outcome]:
    report = check_live("ml-cluster", "team", account.world, Judging())
    assert report.subject == "cluster/ml-cluster"
    return {result.id: result.outcome for result in report.results if result.id in BY_ID}


def test_a_healthy_cluster_passes_every_check() -> None:
    assert set(outcomes(live_account()).values()) == {Outcome.PASS}


def test_behind_a_refused_token_nothing_is_looked_at() -> None:
    found = outcomes(live_account(contact(Stage.REFUSED, "Unauthorized")))
    assert found.pop("kube-token") is Outcome.FAIL
    assert {found.pop(name) for name in ("kube-control-plane", "kube-endpoint", "kube-certificate")} == {Outcome.PASS}
    assert found.pop("kube-access-entry") is Outcome.PASS
    assert set(found.values()) == {Outcome.SKIP}


def test_an_eks_cluster_that_is_gone_is_told_once() -> None:
    found = outcomes(live_account(lambda account: account.eks.known.clear()))
    assert found.pop("kube-control-plane") is Outcome.FAIL
    assert set(found.values()) == {Outcome.SKIP}


def test_the_namespace_is_the_one_that_is_asked_about() -> None:
    account = live_account()
    check_live("ml-cluster", "team", account.world, Judging())
    asked = [wish for _cluster, wishes in account.calls.of("kubernetes.reviews") for wish in wishes]  # type: ignore[attr-defined]
    assert {wish.namespace for wish in asked} == {None, "team"}


def test_a_cluster_on_slurm_is_judged_without_kubernetes() -> None:
    account = live_account()
    account.clusters.add(a_cluster(eks_cluster_arn=None, orchestrator="slurm"))
    assert not set(outcomes(account)) & set(BY_ID)


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        check_live("other", "team", live_account().world, Judging())
