"""Doctor judges a job's file as its submission would be judged, and creates nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.checks.catalogue import CHECKS
from hpctl.errors import AccessError, HpctlError, UnavailableError, UsageError
from hpctl.facts.kubernetes import Contact, Stage
from hpctl.facts.records import Machine
from hpctl.report.check import CheckReport
from hpctl.services.bundle import read, written
from hpctl.services.doctor import Examination, examine
from hpctl.services.job.examine import a_job
from hpctl.services.job.prepare import Asked
from hpctl.services.patient import Patient
from hpctl.spec.job import JobSpec
from hpctl.spec.job_wish import JobNotation, LoadedJob
from hpctl.terms import Outcome
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, FakeFiles
from tests.unit.services.test_job_prepare import a_spec as a_wish
from tests.unit.services.test_job_prepare import account, prepared

__all__ = ["account"]

MACHINE = Machine(python="3.12.1", botocore="1.44.5")


def a_patient(account: FakeAccount, spec: JobSpec | None = None) -> Patient:
    loaded = LoadedJob(spec or a_wish(), JobNotation.HPCTL)
    asked = Asked(run_id="run-1", user="alice", env={}, seed=bytes(32))
    return a_job(MACHINE, loaded, AT, asked, account.world, account.ports, FakeFiles())


def examined(account: FakeAccount, spec: JobSpec | None = None, **wanted: Any) -> CheckReport:
    return examine(a_patient(account, spec), account.world, Examination(**wanted))


def outcomes(report: CheckReport) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in report.results}


def test_a_job_stands_the_checks_of_its_submission_and_those_of_the_machine(account: FakeAccount) -> None:
    submitted = prepared(account, a_wish()).report.checks
    report = examined(account)
    machine = [one.id for one in CHECKS if one.target is Machine]
    assert submitted is not None
    assert report.subject == "job/train"
    assert [one.id for one in report.results] == [*machine, *(one.id for one in submitted.results)]
    assert {one.id: one.findings for one in submitted.results}.items() <= {
        one.id: one.findings for one in report.results
    }.items()
    assert account.calls.of("jobs.create") == []


def test_values_of_secrets_are_not_asked_for(account: FakeAccount) -> None:
    assert outcomes(examined(account, a_wish(secrets=("HF_TOKEN",))))["job-fits"] is Outcome.PASS


@pytest.mark.parametrize("error", [AccessError("may not list nodes"), UnavailableError("no answer")], ids=repr)
def test_a_cluster_that_tells_nothing_leaves_the_job_unknown(account: FakeAccount, error: HpctlError) -> None:
    account.calls.fail_always("kubernetes.nodes", error)
    report = examined(account)
    (fits,) = (one for one in report.results if one.id == "job-fits")
    assert (fits.outcome, fits.reason) == (Outcome.UNKNOWN, f"could not look: {error.message}")
    assert [one for one in outcomes(report) if one.startswith("job-")] == ["job-namespace", "job-fits"]


def test_behind_a_refused_token_the_token_is_what_is_told(account: FakeAccount) -> None:
    account.kubernetes.first = Contact(Stage.REFUSED, "Unauthorized")
    account.calls.fail_always("kubernetes.nodes", AccessError("Unauthorized"))
    found = outcomes(examined(account))
    assert (found["kube-token"], found["job-fits"]) == (Outcome.FAIL, Outcome.SKIP)


def test_a_bundle_of_a_job_judged_again_gives_the_same_report(account: FakeAccount) -> None:
    world = account.world
    patient = a_patient(account, a_wish(run="torchrun --standalone a.py"))
    report = examine(patient, world, Examination())
    bundle = read(written(patient, world, report))
    assert outcomes(report)["job-rendezvous"] is Outcome.WARN
    assert examine(bundle.patient, bundle.world, Examination()) == bundle.report


def test_what_fits_nowhere_fails(account: FakeAccount) -> None:
    assert outcomes(examined(account, a_wish(nodes=3)))["job-fits"] is Outcome.FAIL


def test_one_check_can_be_asked_for_by_name(account: FakeAccount) -> None:
    assert set(outcomes(examined(account, only=("job-namespace",)))) >= {"job-namespace", "kube-token"}
    with pytest.raises(UsageError, match="`spec-tags` judges a spec, and none is given"):
        examined(account, only=("spec-tags",))
