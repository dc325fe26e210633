"""Results of checks as they come: on a terminal, as JSON lines, and not at all in a pipe."""

from __future__ import annotations

import json

import pytest

from hpctl.render.output import Output
from hpctl.render.results import ResultTeller
from hpctl.render.show import show
from hpctl.render.terminal import Terminal
from hpctl.report.check import CheckReport, CheckResult
from hpctl.terms import Outcome
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.job_samples import JOB_PLAN
from tests.unit.render.samples import CHECKS


def told(output: Output, terminal: Terminal, report: CheckReport = CHECKS, query: str | None = None) -> list[str]:
    """Return what stood on stdout after each result, and at the end."""
    teller = ResultTeller(output, terminal)
    seen = []
    for result in report.results:
        teller.tell(result)
        seen.append(out(terminal))
    teller.end(report, query)
    return [*seen, out(terminal)]


SILENT = {result.id for result in CHECKS.results if result.outcome is Outcome.PASS and not result.findings}


def test_on_a_terminal_each_result_stands_there_when_it_comes() -> None:
    seen = told(Output.TABLE, on_a_tty(NO_COLOR="1"))
    there = {
        result.id
        for result, text in zip(CHECKS.results, seen, strict=False)
        if " ".join(result.title.split()) in " ".join(text.split())
    }
    assert SILENT
    assert there == {result.id for result in CHECKS.results} - SILENT


def test_what_passed_without_a_word_is_counted_beside_the_answer() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    told(Output.TABLE, terminal)
    assert f"\r\x1b[K{len(SILENT)} passed" in err(terminal)


def test_a_terminal_that_cannot_redraw_gets_no_count() -> None:
    terminal = on_a_tty(TERM="dumb")
    told(Output.TABLE, terminal)
    assert err(terminal) == ""


def test_on_a_terminal_the_end_is_the_count_alone() -> None:
    *_results, last, end = told(Output.TABLE, on_a_tty(NO_COLOR="1"))
    counted = end.removeprefix(last)
    assert counted.startswith(f"\n{CHECKS.subject}: ")
    assert counted.count("\n") == 2


def test_on_a_terminal_wide_names_every_id() -> None:
    text = told(Output.WIDE, on_a_tty(NO_COLOR="1", COLUMNS="200"))[-1]
    assert [result.id for result in CHECKS.results if f"({result.id})" not in text] == []


def test_a_terminal_may_have_colour() -> None:
    assert "\x1b[" in told(Output.TABLE, on_a_tty())[-1]


def test_json_lines_are_one_result_each_and_nothing_more() -> None:
    seen = told(Output.JSONL, in_a_pipe())
    assert [text.count("\n") for text in seen] == [*range(1, len(CHECKS.results) + 1), len(CHECKS.results)]
    rows = [json.loads(line) for line in seen[-1].splitlines()]
    assert rows == [result.model_dump(mode="json") for result in CHECKS.results]


@pytest.mark.parametrize("output", [Output.TABLE, Output.WIDE, Output.JSON, Output.YAML, Output.NAME])
def test_in_a_pipe_the_report_comes_whole_at_the_end(output: Output) -> None:
    *results, end = told(output, in_a_pipe())
    plain = in_a_pipe()
    show(CHECKS, output, None, plain)
    assert set(results) == {""}
    assert end == out(plain)


@pytest.mark.parametrize("output", [Output.JSON, Output.YAML, Output.NAME])
def test_a_form_for_machines_is_whole_on_a_terminal_too(output: Output) -> None:
    *results, end = told(output, on_a_tty())
    assert set(results) == {""}
    assert end


def test_a_query_is_answered() -> None:
    assert told(Output.JSON, in_a_pipe(), query="subject")[-1] == f'"{CHECKS.subject}"\n'


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
