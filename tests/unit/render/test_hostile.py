"""Whatever AWS, a cluster or a file says, a terminal shows it and does not obey it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from hpctl.errors import AccessError, HpctlError, Problem, RefusedError, SpecError
from hpctl.render.errors import show_error
from hpctl.render.notices import ask, say
from hpctl.render.output import Output
from hpctl.render.progress import follow
from hpctl.render.show import show
from hpctl.report.base import Part, Report
from tests.in_turn import in_turn
from tests.unit.render.cluster_samples import CLUSTERS, NOW
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.samples import EVERY_REPORT
from tests.unit.render.test_progress import STEPS

HOSTILE = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\x07\x08\r[/foo][link=http://x]\u202e\u2066\x7f\x85\u2028"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
OUR_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
OUR_CURSOR = re.compile(r"\x1b\[(\?25[lh]|[0-9]*A|2K)|\r")

CLOSED_WORDS = {
    *("schema_version", "direction", "kind", "verb", "result", "state", "outcome", "type", "judges", "part", "change"),
}
TIMES = {
    "time",
    "created_at",
    "launched_at",
    "started_at",
    "created",
    "started",
    "ended",
    "at",
    "last",
    "reason_at",
    "since",
}


def poisoned(value: Any, key: str = "") -> Any:
    match value:
        case Mapping():
            closed = CLOSED_WORDS | TIMES
            closed |= {"level"} if "remedy" in value else {"status"} if "pace_s" in value else set()
            return {
                (name if name.isidentifier() else name + HOSTILE): item if name in closed else poisoned(item, name)
                for name, item in value.items()
            }
        case str():
            return value + HOSTILE + "\n[bold]x[/bold]"
        case tuple() | list():
            return [poisoned(item) for item in value]
        case _:
            return value


def poison(report: Part) -> Any:
    return type(report).model_validate(poisoned(report.model_dump(mode="json")))


def test_the_poison_is_what_it_should_be() -> None:
    assert RAW.search(HOSTILE)
    assert RAW.search("a\nb\tc [/foo] \\x1b caf\u00e9") is None


@in_turn("name", EVERY_REPORT)
@pytest.mark.parametrize("output", list(Output))
def test_no_field_of_a_report_reaches_stdout_raw(name: str, output: Output) -> None:
    report: Report = poison(EVERY_REPORT[name])
    for terminal in (on_a_tty(), in_a_pipe(), on_a_tty(COLUMNS="30")):
        show(report, output, None, terminal, now=NOW)
        text = OUR_COLOUR.sub("", out(terminal))
        assert text
        assert RAW.search(text) is None
        assert RAW.search(OUR_COLOUR.sub("", err(terminal))) is None


@in_turn("name", EVERY_REPORT)
def test_machines_get_the_exact_data_however_hostile(name: str) -> None:
    report: Report = poison(EVERY_REPORT[name])
    terminal = in_a_pipe()
    show(report, Output.JSON, None, terminal)
    assert json.loads(out(terminal)) == report.model_dump(mode="json")


@pytest.mark.parametrize("output", [Output.TABLE, Output.JSON])
@pytest.mark.parametrize(
    "error",
    [
        HpctlError(HOSTILE, hint=f"{HOSTILE}\nmore {HOSTILE}"),
        AccessError(HOSTILE, action=HOSTILE + "x"),
        RefusedError(HOSTILE, aws_code=HOSTILE + "x"),
        SpecError(HOSTILE, (Problem(HOSTILE, 1, 2, HOSTILE, HOSTILE, HOSTILE),)),
    ],
)
def test_no_part_of_an_error_reaches_stderr_raw(error: HpctlError, output: Output) -> None:
    for terminal in (on_a_tty(), in_a_pipe()):
        show_error(error, output, terminal)
        assert RAW.search(OUR_COLOUR.sub("", err(terminal))) is None


def test_no_part_of_a_step_reaches_a_stream_raw() -> None:
    steps = [poison(step) for step in STEPS]
    for terminal, output in ((on_a_tty(), Output.TABLE), (in_a_pipe(), Output.TABLE), (in_a_pipe(), Output.JSONL)):
        follow(iter(steps), output, terminal)
        assert RAW.search(OUR_CURSOR.sub("", OUR_COLOUR.sub("", err(terminal) + out(terminal)))) is None


def test_remarks_and_questions_are_safe() -> None:
    terminal = on_a_tty("yes\n")
    say(HOSTILE, terminal)
    ask(HOSTILE, terminal)
    assert RAW.search(err(terminal)) is None


def test_hostile_text_survives_yaml_unharmed() -> None:
    terminal = in_a_pipe()
    show(poison(EVERY_REPORT["clusters"]), Output.YAML, None, terminal)
    assert RAW.search(out(terminal)) is None
    assert HOSTILE in YAML(typ="safe", pure=True).load(out(terminal))["clusters"][0]["name"]


@pytest.mark.parametrize("output", [Output.TABLE, Output.NAME, Output.JSON, Output.YAML])
def test_half_a_surrogate_pair_is_shown_and_no_crash(output: Output) -> None:
    broken = CLUSTERS.model_copy(update={"clusters": (replace(CLUSTERS.clusters[0], name="ml\ud800"),)})
    terminal = in_a_pipe()
    show(broken, output, None, terminal)
    assert r"ml\ud800" in out(terminal).lower()
