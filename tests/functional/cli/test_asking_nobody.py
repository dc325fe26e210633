"""Every command that would ask, where nobody answers; and a terminal that wants neither questions nor colour."""

from __future__ import annotations

import pytest

from hpctl.cli.tree import leaves
from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.command import Hpctl
from tests.functional.cli.screen import Screen

ASKING = {
    "cluster create": ("-f", "cluster.yaml"),
    "cluster delete": ("looked-at",),
    "cluster update": ("-f", "cluster.yaml"),
    "cluster update-software": ("looked-at",),
    "dev down": ("pod",),
    "doctor": ("-f", "cluster.yaml", "--fix"),
    "job cancel": ("train",),
    "job delete": ("train",),
    "lifecycle upload": (".", "-f", "cluster.yaml"),
    "node label": ("--cluster", "looked-at"),
    "node reboot": ("workers/0", "--cluster", "looked-at"),
    "node replace": ("workers/0", "--cluster", "looked-at"),
}
"""Commands with a question, and words with which they come to it."""

OTHERWISE = {
    "dev stop": "looks first whether there is something to lose",
    "init": "a wizard: what is missing is told all at once",
    "job init": "the same",
    "job submit": "asks nothing: what is submitted is shown, and can be cancelled",
    "sky setup": "looks first what there is to do",
}
"""What has `--yes` and no question, or one that comes later; it has tests of its own."""

QUIET = (
    {"NO_COLOR": "1"},
    {"TERM": "dumb"},
    {"GITHUB_ACTIONS": "true"},
    {"CI": "1"},
    {"CI": "True"},
    {"CI": "yes"},
)


def test_every_command_that_may_ask_is_in_the_table() -> None:
    found = {" ".join(words[1:]) for words, command in leaves() if "yes" in {one.name for one in command.params}}
    assert found == ASKING.keys() | OTHERWISE.keys()


@pytest.mark.scorecard(12, 13)
@pytest.mark.timeout(180)  # a dozen commands, on a machine that may be busy
def test_whoever_cannot_be_asked_is_told_the_flag_at_once(hpctl: Hpctl, cpu_cluster: str) -> None:
    specs.write(hpctl.folder, specs.slurm("unasked"))
    told = {name: hpctl(*name.split(), *words, ends=ExitCode.UNCONFIRMED) for name, words in ASKING.items()}
    assert {name: one.err for name, one in told.items() if "hint: add --yes" not in one.err} == {}
    assert {name: one.out for name, one in told.items() if one.out} == {}


@pytest.mark.scorecard(11)
@pytest.mark.parametrize("env", QUIET, ids=lambda env: "=".join(*env.items()))
def test_a_terminal_that_wants_neither_gets_no_escape_and_no_spinner(
    env: dict[str, str], hpctl: Hpctl, cpu_cluster: str
) -> None:
    with Screen(hpctl.with_env(**env), "cluster", "describe", cpu_cluster) as screen:
        assert screen.end() == ExitCode.OK
    assert cpu_cluster in screen.text
    assert b"\x1b" not in screen.raw
