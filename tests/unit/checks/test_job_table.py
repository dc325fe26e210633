"""Every check of jobs, row by row: outcome, findings word for word, and what it asks."""

from __future__ import annotations

import re

import pytest

from hpctl.checks.catalogue import CHECKS, JOB_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import run_checks
from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError
from hpctl.facts.job_model import JobModel, Origin
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import Stage
from hpctl.report.check import CheckResult
from hpctl.services.create import Judging
from hpctl.services.job.check import judge_job
from hpctl.terms import Outcome
from tests.in_turn import in_turn
from tests.unit.checks import rows_job_cluster, rows_job_model, rows_job_pods, rows_job_rules
from tests.unit.checks.job_rows import JobRow, a_container, a_pod, a_target, job_account, resources
from tests.unit.checks.rows_job_cluster import QUEUE_LABEL, kueue, mounting
from tests.unit.checks.rows_live import contact
from tests.unit.fakes import FakeAccount

ROWS: tuple[JobRow, ...] = (
    *rows_job_cluster.ROWS,
    *rows_job_pods.ROWS,
    *rows_job_rules.ROWS,
    *rows_job_model.ROWS,
)
BY_ID = {one.id: one for one in JOB_CHECKS}
each_check = in_turn("one", JOB_CHECKS, ids=lambda one: one.id)

NODES = "kubernetes.nodes"
EKS = "eks.describe"
READ = "jobs.read"
ASKS: dict[str, tuple[str, ...]] = {
    "job-namespace": (EKS, READ),
    "job-permissions": (EKS, "kubernetes.reviews"),
    "job-names-free": (EKS, READ, "jobs.served"),
    "job-kind": (EKS, "kubernetes.api_versions"),
    "job-operator": (EKS, "kubernetes.workloads"),
    "job-team-queue": (EKS, "kubernetes.api_versions"),
    "job-fits": (EKS, NODES),
    "job-nodes-well": (EKS, NODES),
    "job-room": (EKS, NODES, "jobs.pods"),
    "job-image-registry": ("caller.identity",),
    "job-image-platform": (EKS, NODES),
    "job-efa": (EKS, NODES),
    "job-efa-offered": (EKS, NODES),
    "job-environment": (EKS, NODES),
    "job-toleration": (EKS, NODES),
}
"""What a check asks about the healthy job; those that are not here ask nothing about it."""

BLIND_SPOTS = [(check_id, operation) for check_id, asks in ASKS.items() for operation in asks]


def judge(check_id: str, job: JobInCluster, account: FakeAccount) -> CheckResult:
    """Run one check alone, as it runs when those it needs are left out with `--skip`."""
    (result,) = run_checks([BY_ID[check_id]], (job,), account.world).results
    return result


@in_turn("row", ROWS)
def test_a_check_judges_as_its_row_says(row: JobRow) -> None:
    result = judge(row.check, row.job, job_account(row.happen))
    assert (result.outcome, result.findings) == (row.outcome, row.findings)


@each_check
def test_every_check_is_shown_to_hold_and_to_complain(one: Check) -> None:
    outcomes = {row.outcome for row in ROWS if row.check == one.id}
    assert Outcome.PASS in outcomes
    assert outcomes & {Outcome.WARN, Outcome.FAIL}


@in_turn("row", [row for row in ROWS if row.findings])
def test_findings_keep_the_house_style(row: JobRow) -> None:
    for found in row.findings:
        assert not found.message.endswith(".")
        assert found.remedy or found.level == "note"


@each_check
def test_a_check_is_called_and_described_as_the_others(one: Check) -> None:
    assert re.fullmatch(r"(job|storage)(-[a-z0-9]+)+", one.id)
    assert one.title[0].islower() or one.title.startswith(("ConfigMaps", "MPI"))
    assert not one.title.endswith(".")
    assert len(one.page.split()) > len(one.title.split())
    assert one.page.strip().endswith(".")


@each_check
def test_a_check_needs_checks_that_exist_and_stop_as_hard_as_itself(one: Check) -> None:
    known = {other.id: other for other in CHECKS}
    for need in one.needs:
        assert known[need].blocking or not one.blocking


@each_check
def test_a_check_asks_nothing_else_about_the_healthy_job(one: Check) -> None:
    account = job_account()
    assert judge(one.id, a_target(), account).outcome is Outcome.PASS
    assert set(account.calls.operations) == set(ASKS.get(one.id, ()))
    assert bool(one.reads) >= bool(ASKS.get(one.id))


@in_turn(("check_id", "operation"), BLIND_SPOTS)
@pytest.mark.parametrize(
    "error", [UnavailableError("no answer", hint="try again"), AccessError("denied", hint="ask somebody")], ids=repr
)
def test_no_answer_is_unknown_with_its_hint(check_id: str, operation: str, error: HpctlError) -> None:
    account = job_account()
    account.calls.fail_always(operation, error)
    result = judge(check_id, a_target(), account)
    assert (result.outcome, result.findings) == (Outcome.UNKNOWN, ())
    assert (result.reason, result.hint) == (f"could not look: {error.message}", error.hint)


def test_a_claim_that_cannot_be_read_is_no_claim_that_is_there() -> None:
    account = job_account()
    account.calls.fail_always(READ, AccessError("denied"))
    assert judge("job-storage", mounting("fsx"), account).outcome is Outcome.UNKNOWN


def test_queues_that_cannot_be_listed_are_unknown() -> None:
    account = job_account(kueue)
    account.calls.fail_always("jobs.queues", AccessError("denied"))
    assert judge("job-queue", a_target(labels={QUEUE_LABEL: "team-queue"}), account).outcome is Outcome.UNKNOWN


def test_a_healthy_job_passes_every_check() -> None:
    report = judge_job(a_target(), job_account().world, Judging())
    assert report.subject == "job/train"
    assert {one.id: one.outcome for one in report.results if one.outcome is not Outcome.PASS} == {}


def test_behind_a_refused_token_nothing_is_looked_at() -> None:
    report = judge_job(a_target(), job_account(contact(Stage.REFUSED, "Unauthorized")).world, Judging())
    outcomes = {one.id: one.outcome for one in report.results}
    assert outcomes.pop("kube-token") is Outcome.FAIL
    assert {outcome for name, outcome in outcomes.items() if name.startswith("job-")} == {Outcome.SKIP}


def test_what_fits_nowhere_is_told_once() -> None:
    job = a_target(a_pod(a_container(**resources(gpu=16))))
    outcomes = {one.id: one.outcome for one in judge_job(job, job_account().world, Judging()).results}
    assert outcomes["job-fits"] is Outcome.FAIL
    assert {outcomes[name] for name in ("job-room", "job-efa", "job-image-platform")} == {Outcome.SKIP}
    assert {outcomes[name] for name in ("job-image", "job-storage", "job-secrets")} == {Outcome.PASS}


def test_of_a_job_without_a_place_no_more_is_said_than_that() -> None:
    job = a_target(job=None, kind=None, before=(), refusal=NotFoundError("no node has 16 GPUs", hint="ask for 8"))
    report = judge_job(job, job_account().world, Judging(skip=("job-ssh",)))
    assert [one.id for one in report.results if one.id.startswith("job-")] == ["job-namespace", "job-fits"]
    assert [one.id for one in report.failed] == ["job-fits"]


def test_of_a_model_that_nobody_knows_nothing_is_said() -> None:
    report = judge_job(a_target(), job_account().world, Judging(skip=("job-model",)))
    assert "job-model" not in {one.id for one in report.results}


def test_a_model_that_does_not_fit_stops_a_submission_and_an_unknown_one_does_not() -> None:
    target = a_target(model=rows_job_model.a_model(rows_job_model.BAD))
    report = judge_job(target, job_account().world, Judging(), locate=lambda path: f"job.yaml:{path}")
    (found,) = report.failed
    assert (found.id, found.findings[0].location) == ("job-model", "job.yaml:('model',)")
    blind = a_target(model=JobModel("x", Origin.SAID, "`model`", blind=rows_job_model.BLIND))
    (one,) = (row for row in judge_job(blind, job_account().world, Judging()).results if row.id == "job-model")
    assert (one.outcome, one.blocking) == (Outcome.UNKNOWN, False)
    assert (one.reason, one.hint) == (f"could not look: {rows_job_model.BLIND.message}", rows_job_model.BLIND.hint)


def test_a_check_can_be_left_out() -> None:
    (left_out,) = (
        one
        for one in judge_job(a_target(), job_account().world, Judging(skip=("job-room",))).results
        if one.id == "job-room"
    )
    assert (left_out.outcome, left_out.reason) == (Outcome.SKIP, "left out with `--skip`")
