"""Results of checks as they come: on a terminal, as JSON lines, and not at all in a pipe."""

from __future__ import annotations

import json

import pytest

from hpctl.render.junit import junit
from hpctl.render.output import CheckOutput, Output
from hpctl.render.results import ResultTeller
from hpctl.render.show import show
from hpctl.render.terminal import Terminal
from hpctl.report.check import CheckReport, CheckResult
from hpctl.terms import Outcome
from tests.unit.render.check_samples import CHECKS
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.job_samples import JOB_PLAN


def told(output: CheckOutput, terminal: Terminal, report: CheckReport = CHECKS, query: str | None = None) -> list[str]:
    """Return what stood on stdout after each result, and at the end."""
    teller = ResultTeller(output, query, terminal)
    teller.expect(tuple(result.id for result in report.results))
    seen = []
    for result in report.results:
        teller.tell(result)
        seen.append(out(terminal))
    teller.end(report)
    return [*seen, out(terminal)]


def a_result(check_id: str, outcome: Outcome = Outcome.PASS, *, blocking: bool = True) -> CheckResult:
    return CheckResult(id=check_id, title=f"title of {check_id}", outcome=outcome, blocking=blocking)


AREAS = CheckReport(
    subject="cluster/a", results=tuple(map(a_result, ("tools-a", "network-b", "network-c", "iam-d", "tools-e")))
)


def test_an_area_stands_there_when_all_of_it_and_of_those_before_it_are_known() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    teller = ResultTeller(CheckOutput.TABLE, None, terminal)
    teller.expect(tuple(result.id for result in AREAS.results))
    seen = []
    for number in (1, 2, 0, 4, 3):
        teller.tell(AREAS.results[number])
        seen.append(out(terminal).split())
    network = ["tools", "2", "passed", "network", "2", "passed"]
    assert seen == [[], [], [], network, [*network, "iam", "1", "passed"]]


def test_what_is_told_in_pieces_is_the_whole_report() -> None:
    pieces, whole = on_a_tty(), on_a_tty()
    told(CheckOutput.TABLE, pieces)
    show(CHECKS, Output.TABLE, None, whole)
    assert out(pieces) == out(whole)


def test_what_a_query_asks_for_is_told_alone_and_at_the_end() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    *before, whole = told(CheckOutput.WIDE, terminal, AREAS, "results[:2].{ID: id, OUTCOME: outcome}")
    assert {*before} == {""}
    assert [line.split() for line in whole.splitlines()] == [
        ["ID", "OUTCOME"],
        ["tools-a", "pass"],
        ["network-b", "pass"],
    ]


def test_a_person_sees_how_far_it_is_and_what_is_waited_for() -> None:
    terminal = on_a_tty()
    told(CheckOutput.TABLE, terminal, AREAS)
    assert [text for text in err(terminal).split("\r\x1b[K") if text] == [
        "1 of 5 checks, waiting for tools",
        "2 of 5 checks, waiting for tools",
        "3 of 5 checks, waiting for tools",
        "4 of 5 checks, waiting for tools",
    ]
    assert err(terminal).endswith("\r\x1b[K")


def test_a_terminal_that_cannot_redraw_gets_no_count() -> None:
    terminal = on_a_tty(TERM="dumb")
    told(CheckOutput.TABLE, terminal)
    assert err(terminal) == ""


def test_on_a_terminal_the_end_is_the_verdict_alone() -> None:
    *_results, last, end = told(CheckOutput.TABLE, on_a_tty(NO_COLOR="1"))
    assert " ".join(end.removeprefix(last).split()) == (
        f"{CHECKS.subject}: not ready: 2 failed, 1 could not look, 1 warned, 1 skipped, 2 passed"
    )


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((Outcome.PASS, Outcome.FAIL, Outcome.WARN), "not ready: 1 failed, 1 warned, 1 passed"),
        ((Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS), "not known: 1 could not look, 1 warned, 1 passed"),
        ((Outcome.PASS, Outcome.WARN), "nothing stops it: 1 warned, 1 passed"),
        ((Outcome.PASS, Outcome.SKIP), "nothing wrong: 1 skipped, 1 passed"),
        ((Outcome.SKIP,), "1 skipped"),
        ((), "none ran"),
    ],
)
def test_the_verdict_is_that_of_the_worst(results: tuple[Outcome, ...], verdict: str) -> None:
    report = CheckReport(subject="x", results=tuple(a_result(f"a-{one}", one) for one in results))
    assert told(CheckOutput.TABLE, in_a_pipe(), report)[-1].splitlines()[-1] == f"x: {verdict}"


def test_what_need_not_hold_and_could_not_look_stops_nothing() -> None:
    report = CheckReport(subject="x", results=(a_result("a-b", Outcome.UNKNOWN, blocking=False),))
    assert told(CheckOutput.TABLE, in_a_pipe(), report)[-1].endswith("x: nothing stops it: 1 could not look\n")


@pytest.mark.parametrize(
    ("outcomes", "style"),
    [
        ((Outcome.WARN, Outcome.FAIL, Outcome.PASS), "\x1b[1;31ma        \x1b[0m 1 failed, 1 warned, 1 passed"),
        ((Outcome.SKIP, Outcome.PASS), "\x1b[32ma        \x1b[0m 1 skipped, 1 passed"),
        ((Outcome.SKIP,), "\x1b[2ma        \x1b[0m 1 skipped"),
    ],
)
def test_an_area_has_the_colour_of_its_worst(outcomes: tuple[Outcome, ...], style: str) -> None:
    report = CheckReport(subject="x", results=tuple(a_result(f"a-{one}", one) for one in outcomes))
    assert told(CheckOutput.TABLE, on_a_tty(), report)[-1].splitlines()[0] == style


def test_on_a_terminal_wide_names_every_id() -> None:
    text = told(CheckOutput.WIDE, on_a_tty(NO_COLOR="1", COLUMNS="200"))[-1]
    assert [result.id for result in CHECKS.results if f"({result.id})" not in text] == []


def test_a_terminal_may_have_colour() -> None:
    assert "\x1b[" in told(CheckOutput.TABLE, on_a_tty())[-1]


def test_json_lines_are_one_result_each_and_nothing_more() -> None:
    seen = told(CheckOutput.JSONL, in_a_pipe())
    assert [text.count("\n") for text in seen] == [*range(1, len(CHECKS.results) + 1), len(CHECKS.results)]
    rows = [json.loads(line) for line in seen[-1].splitlines()]
    assert rows == [result.model_dump(mode="json") for result in CHECKS.results]


@pytest.mark.parametrize(
    "output", [CheckOutput.TABLE, CheckOutput.WIDE, CheckOutput.JSON, CheckOutput.YAML, CheckOutput.NAME]
)
def test_in_a_pipe_the_report_comes_whole_at_the_end(output: CheckOutput) -> None:
    *results, end = told(output, in_a_pipe())
    plain = in_a_pipe()
    show(CHECKS, output.elsewhere, None, plain)
    assert set(results) == {""}
    assert end == out(plain)


@pytest.mark.parametrize("output", [CheckOutput.JSON, CheckOutput.YAML, CheckOutput.NAME, CheckOutput.JUNIT])
def test_a_form_for_machines_is_whole_on_a_terminal_too(output: CheckOutput) -> None:
    *results, end = told(output, on_a_tty())
    assert set(results) == {""}
    assert end


def test_a_query_is_answered() -> None:
    assert told(CheckOutput.JSON, in_a_pipe(), query="subject")[-1] == f'"{CHECKS.subject}"\n'


def test_junit_is_the_report_as_junit() -> None:
    assert told(CheckOutput.JUNIT, in_a_pipe())[-1] == junit(CHECKS)


def test_every_form_of_an_answer_is_one_of_what_checks_find() -> None:
    assert [form.elsewhere for form in CheckOutput] == [*Output, Output.TABLE]


def test_in_a_plan_checks_that_were_left_out_for_one_reason_are_named_together() -> None:
    left_out = [
        CheckResult(id=name, title="a title", outcome=Outcome.SKIP, blocking=False, reason=reason)
        for name, reason in (("job-room", "needs `job-fits`"), ("job-alone", "other"), ("job-efa", "needs `job-fits`"))
    ]
    report = CheckReport(subject="job", results=(*left_out, *CHECKS.results))
    terminal = in_a_pipe()
    show(JOB_PLAN.model_copy(update={"checks": report}), Output.TABLE, None, terminal)
    text = out(terminal)
    assert "skip     2 checks: needs `job-fits`\n         job-room, job-efa\n" in text
    assert "skip     a title (job-alone)\n         reason: other\n" in text
    assert [text.count(name) for name in ("job-room", "job-alone", "job-efa", "spec-names")] == [1, 1, 1, 0]
