"""The engine: order, needs, skips, observers, concurrency, and what it makes of errors and bugs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Barrier, Event

import pytest

from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.checks.declare import Check, Judge, Target, check
from hpctl.checks.engine import Reach, in_order, run_checks, with_needs
from hpctl.errors import AccessError, NotFoundError, RefusedError, UnavailableError, UsageError
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator, Outcome
from tests.unit.builders import ROLE, a_finding, a_slurm_spec, a_spec
from tests.unit.fakes import FakeAccount

WAIT_S = 10.0
"""Longer than any scheduling delay: reached only when the thing waited for never comes."""


def silent(_spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Find nothing."""
    return iter(())


def finds(*levels: str) -> Judge:
    def judge(_spec: ClusterSpec, _world: World) -> Iterator[Finding]:
        return (a_finding(level, "x", "found") for level in levels)  # type: ignore[arg-type]

    return judge


def raises(error: Exception, *before: str) -> Judge:
    def judge(spec: ClusterSpec, world: World) -> Iterator[Finding]:
        yield from finds(*before)(spec, world)
        raise error

    return judge


def a_check(check_id: str, judge: Judge = silent, *needs: str, blocking: bool = True) -> Check:
    return Check(check_id, f"title of {check_id}", judge, ("name",), needs, (), blocking)


def run(*checks: Check, skip: tuple[str, ...] = (), account: FakeAccount | None = None) -> CheckReport:
    return run_checks(checks, (a_spec(),), (account or FakeAccount()).world, skip=skip)


def outcomes(report: CheckReport) -> dict[str, str]:
    return {one.id: str(one.outcome) for one in report.results}


def reasons(report: CheckReport) -> dict[str, str | None]:
    return {one.id: one.reason for one in report.results}


def test_results_come_in_catalogue_order_whatever_needs_what() -> None:
    report = run(a_check("a-last", silent, "a-first"), a_check("a-middle"), a_check("a-first"))
    assert [one.id for one in report.results] == ["a-last", "a-middle", "a-first"]
    assert report.subject == "cluster/ml-cluster"


@pytest.mark.parametrize(
    ("target", "subject"),
    [
        (Machine("3.12.1", "1.44.5"), "this machine"),
        (a_spec(), "cluster/ml-cluster"),
        (LiveCluster("ml-cluster"), "cluster/ml-cluster"),
        (ClusterOnSlurm("ml-cluster"), "cluster/ml-cluster"),
        (ClusterOnEks("ml-cluster", "eks", "default"), "cluster/ml-cluster"),
        (LiveNode("ml-cluster", "i-1"), "node/ml-cluster/i-1"),
        (NodeInside("ml-cluster", "i-1"), "node/ml-cluster/i-1"),
        (NodeOnEks("ml-cluster", "i-1", "eks"), "node/ml-cluster/i-1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_report_is_about_the_last_of_what_is_judged(target: Target, subject: str) -> None:
    targets = (Machine("3.12.1", "1.44.5"), target)
    assert run_checks((), targets, FakeAccount().world).subject == subject


def test_checks_are_ordered_after_what_they_need_and_else_left_alone() -> None:
    checks = (a_check("a-1", silent, "a-3"), a_check("a-2"), a_check("a-3", silent, "a-4"), a_check("a-4"))
    assert [one.id for one in in_order(checks)] == ["a-4", "a-3", "a-1", "a-2"]


@pytest.mark.parametrize(
    ("levels", "outcome"),
    [
        ((), Outcome.PASS),
        (("note",), Outcome.PASS),
        (("note", "warn"), Outcome.WARN),
        (("warn", "fail", "note"), Outcome.FAIL),
    ],
)
def test_the_worst_finding_decides(levels: tuple[str, ...], outcome: Outcome) -> None:
    (result,) = run(a_check("a-check", finds(*levels))).results
    assert (result.outcome, len(result.findings)) == (outcome, len(levels))


def test_a_result_carries_what_its_check_declares() -> None:
    (result,) = run(a_check("a-check", blocking=False)).results
    assert (result.id, result.title, result.blocking) == ("a-check", "title of a-check", False)


@pytest.mark.parametrize(
    ("judge", "outcome"),
    [
        (finds("fail"), "skip"),
        (raises(UnavailableError("no answer")), "skip"),
        (finds("warn"), "pass"),
        (silent, "pass"),
    ],
)
def test_a_check_runs_only_after_its_needs_held(judge: Judge, outcome: str) -> None:
    report = run(a_check("a-need", judge), a_check("a-check", silent, "a-need"))
    assert outcomes(report)["a-check"] == outcome
    assert reasons(report)["a-check"] == (None if outcome == "pass" else "needs `a-need`, which did not hold")


def test_a_skip_for_a_need_hands_down_the_line() -> None:
    report = run(a_check("a-1", finds("fail")), a_check("a-2", silent, "a-1"), a_check("a-3", silent, "a-2"))
    assert outcomes(report) == {"a-1": "fail", "a-2": "skip", "a-3": "skip"}
    assert reasons(report)["a-3"] == "needs `a-2`, which did not hold"


def test_a_skipped_judge_is_not_asked() -> None:
    bug = raises(TypeError("asked"))
    report = run(a_check("a-1", finds("fail")), a_check("a-2", bug, "a-1"), a_check("a-3", bug), skip=("a-3",))
    assert outcomes(report) == {"a-1": "fail", "a-2": "skip", "a-3": "skip"}
    assert reasons(report)["a-3"] == "left out with `--skip`"


def test_what_needs_a_check_that_was_left_out_runs() -> None:
    report = run(a_check("a-1", finds("fail")), a_check("a-2", finds("warn"), "a-1"), skip=("a-1",))
    assert outcomes(report) == {"a-1": "skip", "a-2": "warn"}


def test_leaving_out_a_check_does_not_forgive_its_other_needs() -> None:
    report = run(a_check("a-1"), a_check("a-2", finds("fail")), a_check("a-3", silent, "a-1", "a-2"), skip=("a-1",))
    assert outcomes(report)["a-3"] == "skip"


def test_an_unknown_id_to_skip_names_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        run_checks(CLUSTER_CHECKS, (a_spec(),), FakeAccount().world, skip=["network-efa-single-zone"])
    assert raised.value.message == "there is no check `network-efa-single-zone`"
    assert raised.value.hint == "did you mean `network-efa-single-az`?"


def test_an_unknown_id_like_no_other_lists_all() -> None:
    with pytest.raises(UsageError) as raised:
        run(a_check("a-1"), a_check("a-2"), skip=("zzz",))
    assert raised.value.hint == "checks: a-1, a-2"


def test_an_unknown_id_runs_nothing() -> None:
    with pytest.raises(UsageError):
        run(a_check("a-1", raises(TypeError("asked"))), skip=("zzz",))


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (AccessError("denied", action="eks:Look"), "allow `eks:Look`, or leave the check out with `--skip`"),
        (AccessError("expired", hint="log in again"), "log in again"),
        (UnavailableError("no answer", hint="try later"), "try later"),
        (RefusedError("refused", aws_code="ValidationException"), None),
        (NotFoundError("gone"), None),
    ],
)
def test_what_could_not_be_seen_is_unknown(error: AccessError, hint: str | None) -> None:
    (result,) = run(a_check("a-check", raises(error))).results
    assert (result.outcome, result.reason, result.hint) == (Outcome.UNKNOWN, f"could not look: {error.message}", hint)


@pytest.mark.parametrize(("seen", "outcome"), [("fail", Outcome.FAIL), ("warn", Outcome.UNKNOWN)])
def test_a_failure_seen_before_the_lights_went_out_is_one(seen: str, outcome: Outcome) -> None:
    (result,) = run(a_check("a-check", raises(UnavailableError("no answer"), seen))).results
    assert (result.outcome, result.reason) == (outcome, "could not look: no answer")
    assert [found.level for found in result.findings] == [seen]


@pytest.mark.parametrize("bug", [TypeError("a bug"), KeyError("a bug"), ValueError("a bug")])
def test_a_bug_in_a_check_is_no_result(bug: Exception) -> None:
    with pytest.raises(type(bug), match="a bug"):
        run(a_check("a-1"), a_check("a-2", raises(bug)), a_check("a-3", silent, "a-2"))


def test_a_bug_is_told_once_and_not_logged_beside(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TypeError):
        run(a_check("a-1", raises(TypeError("a bug"))))
    assert caplog.records == []


def test_the_observer_is_told_each_result_once() -> None:
    told: list[CheckResult] = []
    checks = (a_check("a-1", finds("fail")), a_check("a-2", silent, "a-1"), a_check("a-3"))
    report = run_checks(checks, (a_spec(),), FakeAccount().world, skip=("a-3",), observe=told.append)
    assert sorted(told, key=lambda one: one.id) == sorted(report.results, key=lambda one: one.id)


def test_the_observer_is_told_before_the_slowest_is_done() -> None:
    told = Event()

    def waits(_spec: ClusterSpec, _world: World) -> Iterator[Finding]:
        if not told.wait(WAIT_S):
            yield a_finding("fail", "x", "nobody was told of the quick check")

    def tell(result: CheckResult) -> None:
        if result.id == "a-quick":
            told.set()

    report = run_checks((a_check("a-slow", waits), a_check("a-quick")), (a_spec(),), FakeAccount().world, observe=tell)
    assert outcomes(report) == {"a-slow": "pass", "a-quick": "pass"}


def test_the_observer_runs_in_the_caller_s_thread() -> None:
    threads: set[threading.Thread] = set()
    checks = tuple(a_check(f"a-{number}") for number in range(20))
    run_checks(checks, (a_spec(),), FakeAccount().world, observe=lambda _one: threads.add(threading.current_thread()))
    assert threads == {threading.current_thread()}


def test_what_the_observer_raises_is_not_swallowed() -> None:
    def broken(_result: CheckResult) -> None:
        raise UnavailableError("nobody reads")

    with pytest.raises(UnavailableError, match="nobody reads"):
        run_checks((a_check("a-1"),), (a_spec(),), FakeAccount().world, observe=broken)


def test_checks_that_do_not_need_each_other_run_side_by_side_though_they_are_many() -> None:
    together = Barrier(60, timeout=WAIT_S)

    def meets(_spec: ClusterSpec, _world: World) -> Iterator[Finding]:
        together.wait()
        return iter(())

    assert set(outcomes(run(*(a_check(f"a-{number}", meets) for number in range(60)))).values()) == {"pass"}


def test_a_long_chain_of_needs_ends_though_threads_are_few() -> None:
    chain = [a_check("a-0"), *(a_check(f"a-{number}", silent, f"a-{number - 1}") for number in range(1, 200))]
    assert set(outcomes(run(*reversed(chain))).values()) == {"pass"}


def test_a_fact_that_many_checks_ask_for_is_fetched_once() -> None:
    account = FakeAccount()
    run_checks(CLUSTER_CHECKS, (a_spec(),), account.world)
    asked = account.calls.made
    assert {"caller.identity", "eks.describe", "network.subnets"} <= {call[0] for call in asked}
    assert len(asked) == len(set(asked))


def test_a_finding_is_located_by_its_path() -> None:
    def judge(_spec: ClusterSpec, _world: World) -> Iterator[Finding]:
        yield a_finding("fail", "x", "somewhere", path=("network", "subnet_ids"))
        yield a_finding("fail", "x", "at a place the file does not have", path=("tags",))
        yield a_finding("fail", "x", "nowhere")

    def locate(path: tuple[str | int, ...]) -> str | None:
        assert path
        return "cluster.yaml:4:3" if path == ("network", "subnet_ids") else None

    report = run_checks((a_check("a-check", judge),), (a_spec(),), FakeAccount().world, locate=locate)
    assert [found.location for found in report.results[0].findings] == ["cluster.yaml:4:3", None, None]


def a_reading_check(check_id: str, judge: Judge = silent, *needs: str) -> Check:
    return Check(check_id, f"title of {check_id}", judge, ("name",), needs, ("eks:DescribeCluster",))


def test_offline_leaves_out_what_asks_aws_and_says_so() -> None:
    checks = (a_reading_check("a-1", raises(TypeError("asked"))), a_check("a-2"), a_check("a-3", silent, "a-1"))
    report = run_checks(checks, (a_spec(),), FakeAccount().world, reach=Reach.OFFLINE)
    assert outcomes(report) == {"a-1": "skip", "a-2": "pass", "a-3": "pass"}
    assert reasons(report)["a-1"] == "asks AWS; left out with `--offline`"


def test_offline_a_check_left_out_by_name_says_that() -> None:
    report = run_checks((a_reading_check("a-1"),), (a_spec(),), FakeAccount().world, skip=["a-1"], reach=Reach.OFFLINE)
    assert reasons(report)["a-1"] == "left out with `--skip`"


def test_offline_the_whole_catalogue_asks_nothing() -> None:
    account = FakeAccount()
    report = run_checks(CLUSTER_CHECKS, (a_spec(),), account.world, reach=Reach.OFFLINE)
    assert account.calls.made == []
    assert {one.id for one in report.results if one.outcome is Outcome.SKIP} == {
        one.id for one in CLUSTER_CHECKS if one.reads and one.only_on is not Orchestrator.SLURM
    }


@pytest.mark.parametrize(("spec", "foreign"), [(a_spec(), Orchestrator.SLURM), (a_slurm_spec(), Orchestrator.EKS)])
def test_what_only_the_other_orchestrator_has_is_not_called_passed(spec: ClusterSpec, foreign: Orchestrator) -> None:
    report = run_checks(CLUSTER_CHECKS, (spec,), FakeAccount().world, reach=Reach.OFFLINE)
    left = {one.id for one in CLUSTER_CHECKS} - {one.id for one in report.results}
    assert left == {one.id for one in CLUSTER_CHECKS if one.only_on is foreign}
    assert len(left) > 10


def test_a_check_takes_its_target_from_its_first_parameter() -> None:
    @check("a-machine", "a machine is there")
    def judge(machine: Machine, _world: World) -> Iterator[Finding]:
        yield a_finding("note", machine.python, "seen")

    assert judge.target is Machine
    report = run_checks((judge, a_check("a-spec")), (Machine("3.12.1", "1.44.5"),), FakeAccount().world)
    assert [(one.id, one.findings[0].subject) for one in report.results] == [("a-machine", "3.12.1")]


def test_a_choice_of_checks_brings_what_they_need_in_catalogue_order() -> None:
    checks = (a_check("a-1"), a_check("a-2", silent, "a-4"), a_check("a-3"), a_check("a-4", silent, "a-1"))
    assert [one.id for one in with_needs(["a-2"], checks)] == ["a-1", "a-2", "a-4"]


def test_a_choice_of_a_check_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        with_needs(["iam-exec-vcp"], CLUSTER_CHECKS)
    assert raised.value.hint == "did you mean `iam-exec-vpc`?"


def test_the_permissions_of_a_role_are_asked_for_in_as_few_simulations_as_resources() -> None:
    account = FakeAccount()
    run_checks(CLUSTER_CHECKS, (a_spec(),), account.world)
    asked = [(principal, things) for principal, _actions, things in account.calls.of("iam.simulate")]
    of_the_role = [things for principal, things in asked if principal == ROLE]
    assert len(of_the_role) == len(set(of_the_role)) == 6  # everything, interfaces, logs, EKS, the bucket, the script
    assert len(asked) == len(set(asked))
