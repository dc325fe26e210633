"""The benchmark measures CPU time, not waiting, and says when a target is missed."""

from __future__ import annotations

import os
import sys

import pytest

from tests.benchmarks.measure import Command, Target, cpu_seconds, measure, medians, table


def python(name: str, code: str) -> Command:
    return Command(name, (sys.executable, "-c", code), os.environ)


def test_waiting_costs_nothing_and_work_costs_what_it_takes() -> None:
    assert cpu_seconds(python("sleeps", "import time; time.sleep(0.5)")) < 0.4
    assert cpu_seconds(python("works", "import time\nwhile time.process_time() < 0.5: pass")) >= 0.5


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3\n.*no such cluster"):
        cpu_seconds(python("fails", "import sys; print('no such cluster', file=sys.stderr); sys.exit(3)"))


def test_every_command_gives_a_sample_a_round() -> None:
    samples = measure([python("a", ""), python("b", "")], rounds=2)
    assert {name: len(values) for name, values in samples.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("ours", 0.30), True),
        (Target("ours", 0.29), False),
        (Target("ours", 0.5, yardstick="theirs"), True),
        (Target("ours", 0.4, yardstick="theirs"), False),
    ],
)
def test_a_target_is_met_at_its_ceiling_and_missed_above(target: Target, met: bool) -> None:
    assert target.met({"ours": 0.30, "theirs": 0.60}) is met


def test_the_table_shows_medians_ratios_and_verdicts() -> None:
    samples = {"theirs": [0.5, 0.6, 0.9], "ours": [0.3, 0.3, 9.0]}
    assert medians(samples) == {"theirs": 0.6, "ours": 0.3}
    lines = list(table(samples, [Target("ours", 0.4, yardstick="theirs")], yardstick="theirs"))
    assert lines[2].split()[:5] == ["ours", "0.300", "0.300", "9.000", "0.50"]
    assert lines[2].endswith("  MISSED: at most 0.40 x `theirs`")
    assert lines[-1] == "ratio: to `theirs`; medians of 3 interleaved runs"
