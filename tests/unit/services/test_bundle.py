"""A bundle judged again: the same report, by whatever the world answered, and nobody is asked."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Hashable
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hpctl import __version__
from hpctl.checks.declare import Check, Target
from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError, UnavailableError, UsageError
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import LiveCluster
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.services.bundle import Bundle, read, written
from hpctl.services.doctor import Examination, examine
from hpctl.services.patient import Patient
from hpctl.terms import Outcome
from tests.unit.builders import a_group, a_slurm_spec, a_spec
from tests.unit.checks.row import Row, one_check
from tests.unit.checks.test_table import ROWS
from tests.unit.fakes import FakeAccount

MACHINE = Machine("3.12.1", "1.44.5")
RUNS = {"source_s3_uri": "s3://sagemaker-x/lc", "on_create": "on_create.sh"}
SPEC = Patient((MACHINE, a_spec(a_group(lifecycle=RUNS))), lambda path: f"cluster.yaml:{len(path)}:1")
PATIENTS = {
    "spec": SPEC,
    "slurm": Patient((MACHINE, a_slurm_spec())),
    "warned": Patient((MACHINE, a_spec(a_group(threads_per_core=1), node_recovery="None"))),
    "live": Patient((MACHINE, LiveCluster("ml-cluster"), ClusterOnEks("ml-cluster", "training"))),
    "machine": Patient((MACHINE,)),
}
ERRORS: tuple[HpctlError, ...] = (
    AccessError("denied to arn:aws:iam::123456789012:user/ana", action="x:Look", hint="allow it"),
    NotFoundError("gone"),
    UnavailableError("no answer"),
    RefusedError("no", aws_code="Validation"),
)


def bundled(patient: Patient, world: World) -> tuple[CheckReport, Bundle, str]:
    report = examine(patient, world, Examination())
    text = written(patient, world, report)
    return report, read(text), text


def again(bundle: Bundle, **wanted: Any) -> CheckReport:
    return examine(bundle.patient, bundle.world, Examination(**wanted))


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)
def test_a_bundle_judged_again_gives_the_report_in_it(patient: Patient) -> None:
    report, bundle, _text = bundled(patient, FakeAccount().world)
    assert again(bundle) == bundle.report
    assert [(one.id, one.outcome) for one in bundle.report.results] == [(one.id, one.outcome) for one in report.results]


@cache
def known(name: str) -> dict[Hashable, object]:
    """Return what a healthy world answers about a patient."""
    world = FakeAccount().world
    examine(PATIENTS[name], world, Examination())
    return dict(world.answers)


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_whatever_the_world_answered_is_judged_the_same_again(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(PATIENTS)))
    patient, answers = PATIENTS[name], known(name)
    struck = data.draw(st.lists(st.sampled_from(sorted(answers, key=repr)), unique=True))
    answers = {**answers, **{one: data.draw(st.sampled_from(ERRORS)) for one in struck}}
    _report, bundle, _text = bundled(patient, World(FakeAccount().ports, answers))
    assert again(bundle) == bundle.report


def test_every_row_of_the_table_is_found_again() -> None:
    """Facts of every kind that checks ask for, and everything that they find."""
    lost = [str(row) for row in ROWS if not found_again(row)]
    assert (lost, len(ROWS) > 500) == ([], True)


def found_again(row: Row) -> bool:
    check, world = one_check(row.check), row.account.world
    patient = Patient((row.spec,))
    bundle = read(written(patient, world, judged(check, row.spec, world)))
    (spec,) = bundle.patient.targets
    found = judged(check, spec, bundle.world)
    return found.model_dump(mode="json") == bundle.report.model_dump(mode="json")  # a fix's content is in no report


def judged(check: Check, target: Target, world: World) -> CheckReport:
    """Run one check in this thread: many of them are run here."""
    findings: list[Finding] = []
    reason = None
    try:
        findings.extend(check.judge(target, world))
    except HpctlError as error:
        reason = error.message
    result = CheckResult(
        id=check.id, title="", outcome=Outcome.PASS, blocking=True, findings=tuple(findings), reason=reason
    )
    return CheckReport(subject="x", results=(result,))


def test_nobody_is_asked_and_what_was_not_asked_then_is_not_known() -> None:
    _report, bundle, text = bundled(Patient((MACHINE,)), FakeAccount().world)
    of_spec = Bundle(Patient((MACHINE, a_spec())), bundle.world, bundle.report, bundle.hpctl)
    outcomes = {one.id: (one.outcome, one.reason) for one in again(of_spec).results}
    unknown = (Outcome.UNKNOWN, "could not look: the bundle has no answer to this")
    assert outcomes["network-ids-exist"] == outcomes["eks-cluster-active"] == unknown
    assert outcomes["identity-credentials"][0] is Outcome.PASS
    assert bundle.hpctl == json.loads(text)["hpctl"] == __version__


def test_a_choice_of_checks_can_be_judged_again() -> None:
    _report, bundle, _text = bundled(SPEC, FakeAccount().world)
    assert [one.id for one in again(bundle, only=("eks-auth-mode",)).results] == ["eks-cluster-active", "eks-auth-mode"]


def test_places_in_the_file_are_told_again() -> None:
    _report, bundle, _text = bundled(
        Patient(PATIENTS["warned"].targets, lambda path: f"mine.yaml:{len(path)}:1"), FakeAccount().world
    )
    located = {found.location for one in again(bundle).results for found in one.findings if found.path}
    assert located
    assert all(place and place.startswith("mine.yaml:") for place in located)


def test_no_account_is_in_it() -> None:
    _report, _bundle, text = bundled(SPEC, FakeAccount().world)
    assert "123456789012" not in text
    assert "000000000001" in text


def test_a_secret_of_a_script_is_not_in_it_and_is_found_again() -> None:
    account = FakeAccount()
    secret = "hf_abcdefghijklmnopqrstuvwxyzABCDEF12"
    account.storage.buckets["sagemaker-x"]["lc/on_create.sh"] += f"export HF_TOKEN={secret}\n".encode()
    report, bundle, text = bundled(SPEC, account.world)
    assert secret not in text
    assert {one.id: one.outcome for one in report.results}["lifecycle-secrets"] is Outcome.WARN
    assert again(bundle) == bundle.report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "this is no bundle of doctor: it is no JSON"),
        ("[]", "this is no bundle of doctor"),
        ('{"kind": "Checks"}', "this is no bundle of doctor"),
        ('{"kind": "DoctorBundle", "facts": []}', "the bundle is not whole: it has no `hpctl`"),
    ],
)
def test_what_is_no_bundle_is_wrong_usage(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(text)
    assert (raised.value.message, raised.value.hint) == (message, "write one: hpctl doctor --bundle FILE")


@pytest.mark.parametrize("member", ["targets", "facts", "report", "places"])
def test_a_bundle_that_somebody_broke_is_wrong_usage(member: str) -> None:
    _report, _bundle, text = bundled(Patient((MACHINE,)), FakeAccount().world)
    with pytest.raises(UsageError):
        read(json.dumps({**json.loads(text), member: [7]}))


LETTERS = string.ascii_letters + string.digits
FORMS: tuple[Callable[[str], str], ...] = (
    lambda core: f"export HF_TOKEN=hf_{core}",
    lambda core: f"aws_key: AKIA{core[:16].upper()}",
    lambda core: f"git clone https://me:ghp_{core}@example.com/x.git",
    lambda core: f"DB_PASSWORD='{core}&1'",
    lambda core: f'{{"api_key": "{core}"}}',
    lambda core: f"pip install -i https://me:{core}@pypi.example/simple",
    lambda core: f"WANDB_API_KEY={core} python train.py",
    lambda core: f"-----BEGIN RSA PRIVATE KEY-----\n{core}\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.scorecard(55)
def test_of_five_thousand_secrets_none_is_in_a_bundle_nor_in_the_report() -> None:
    random = Random(55)  # noqa: S311  the same secrets each time
    cores = ["".join(random.choices(LETTERS, k=36)) for _ in range(5000)]
    account = FakeAccount()
    lines = "\n".join(FORMS[place % len(FORMS)](core) for place, core in enumerate(cores))
    account.storage.buckets["sagemaker-x"]["lc/on_create.sh"] = f"#!/bin/bash\n{lines}\n".encode()
    report, _bundle, text = bundled(SPEC, account.world)
    assert '"#!/bin/bash' in text  # it is there, or nothing could be missing from it
    shown = set(re.findall(r"[A-Za-z0-9]{12,}", text + report.model_dump_json()))
    assert shown & {form for core in cores for form in (core, core[:16].upper(), f"AKIA{core[:16].upper()}")} == set()
