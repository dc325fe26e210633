"""Doctor: which checks run, what is reported, and what makes the exit code."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.engine import Reach
from hpctl.errors import ChecksFailedError, ChecksUnknownError, ChecksWarnedError, UnavailableError, UsageError
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult
from hpctl.services.create import Blindness
from hpctl.services.doctor import Examination, Threshold, declared, demand_well, examine
from hpctl.services.patient import a_machine
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.load import Loaded
from hpctl.spec.positions import SourceMap
from hpctl.terms import Orchestrator, Outcome
from tests.unit.builders import a_check_report, a_result, a_spec
from tests.unit.fakes import FakeAccount

MACHINE = Machine(python="3.12.1", botocore="1.44.5")
LOADED = Loaded(a_spec(), (), SourceMap("cluster.yaml", {}))


def examined(loaded: Loaded | None = LOADED, world: World | None = None, **wanted: Any) -> CheckReport:
    return examine(a_machine(MACHINE, loaded), world or FakeAccount().world, Examination(**wanted))


def ids(report: CheckReport) -> list[str]:
    return [one.id for one in report.results]


def test_without_a_spec_the_machine_is_examined() -> None:
    report = examined(None)
    assert ids(report) == [one.id for one in CHECKS if one.target is Machine]


def test_with_a_spec_every_check_runs_but_those_of_live_clusters_and_jobs() -> None:
    ours = [one for one in CHECKS if one.target in (Machine, ClusterSpec)]
    assert ids(examined()) == [one.id for one in ours if one.only_on is not Orchestrator.SLURM]


def test_facts_are_fetched_once_for_machine_and_spec() -> None:
    account = FakeAccount()
    examined(world=account.world)
    assert len(account.calls.of("caller.identity")) == 1
    assert len(account.calls.of("eks.describe")) == 1


def test_a_chosen_check_comes_with_what_it_needs() -> None:
    assert ids(examined(only=("eks-auth-mode",))) == ["eks-cluster-active", "eks-auth-mode"]


def test_a_check_of_live_clusters_is_told_where_it_belongs() -> None:
    with pytest.raises(UsageError, match="`kube-endpoint` judges a live cluster on EKS, and none") as raised:
        examined(only=("kube-endpoint",))
    assert raised.value.hint == "hpctl doctor CLUSTER"


def test_a_check_of_the_other_orchestrator_is_told_that_it_has_nothing_to_judge() -> None:
    with pytest.raises(UsageError, match="`slurm-strategy` is a matter of the other orchestrator"):
        examined(only=("slurm-strategy",))


def test_a_choice_without_a_spec_that_it_judges_is_told() -> None:
    with pytest.raises(UsageError) as raised:
        examined(None, only=("eks-auth-mode",))
    assert raised.value.message == "`eks-auth-mode` judges a spec, and none is given"
    assert raised.value.hint == "add `--file FILE`"


@pytest.mark.parametrize("wanted", [{"only": ("eks-auth-mod",)}, {"skip": ("eks-auth-mod",)}])
def test_an_id_that_is_not_there_names_the_nearest(wanted: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as raised:
        examined(None, **wanted)
    assert raised.value.hint == "did you mean `eks-auth-mode`?"


def test_a_check_may_be_chosen_and_its_need_left_out() -> None:
    report = examined(only=("eks-auth-mode",), skip=("eks-cluster-active", "iam-slr"))
    assert [one.outcome for one in report.results] == [Outcome.SKIP, Outcome.PASS]


def test_offline_nobody_is_asked() -> None:
    report = examined(world=World(UnavailableError("nothing is asked")), reach=Reach.OFFLINE)
    assert {one.outcome for one in report.results} == {Outcome.PASS, Outcome.SKIP}


def test_each_result_is_told_as_it_comes() -> None:
    told: list[CheckResult] = []
    report = examined(observe=told.append)
    assert sorted(one.id for one in told) == sorted(ids(report))


def test_the_list_of_checks_says_what_each_judges_needs_and_asks() -> None:
    rows = {one.id: one for one in declared().checks}
    assert list(rows) == [one.id for one in CHECKS]
    assert (rows["tools-clock"].judges, rows["tools-clock"].reads) == ("machine", ("sts:GetCallerIdentity",))
    mode = rows["eks-auth-mode"]
    assert (mode.judges, mode.blocking, mode.needs) == ("spec", True, ("eks-cluster-active",))


WARNED = a_check_report(a_result("a-1", Outcome.WARN), a_result("a-2", Outcome.PASS))


def test_a_warning_is_well_unless_said_otherwise() -> None:
    demand_well(WARNED, Blindness.REFUSED, Threshold.FAIL)
    with pytest.raises(ChecksWarnedError) as raised:
        demand_well(WARNED, Blindness.ALLOWED, Threshold.WARN)
    assert raised.value.message == "1 of 2 checks warned: `a-1`"
    assert raised.value.hint == "mend what they name, or leave one out: --skip a-1"
    assert (raised.value.code, raised.value.exit_code) == ("checks_warned", 21)


def test_a_failure_outweighs_warnings() -> None:
    report = a_check_report(*WARNED.results, a_result("a-3", Outcome.FAIL))
    with pytest.raises(ChecksFailedError):
        demand_well(report, Blindness.ALLOWED, Threshold.WARN)


def test_a_blind_check_that_must_hold_is_not_well_unless_allowed() -> None:
    report = a_check_report(a_result("a-1", Outcome.UNKNOWN, hint="allow it"))
    demand_well(report, Blindness.ALLOWED, Threshold.WARN)
    with pytest.raises(ChecksUnknownError):
        demand_well(report, Blindness.REFUSED, Threshold.FAIL)


def test_who_listens_knows_first_which_results_will_come() -> None:
    heard: list[str] = []
    report = examined(expect=heard.extend, observe=lambda result: heard.append(f"came {result.id}"))
    assert heard[: len(report.results)] == ids(report)
    assert sorted(heard[len(report.results) :]) == sorted(f"came {check_id}" for check_id in ids(report))
