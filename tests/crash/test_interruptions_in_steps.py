"""Ctrl-C and SIGTERM in the middle of a step: the first lets it end, the second does not."""

from __future__ import annotations

import signal

import pytest

from tests.crash.interruptions import Interruption, in_steps
from tests.crash.stories import STORIES, Stage

pytestmark = pytest.mark.timeout(300)
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.scorecard(58)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("name", STORIES)
def test_the_first_lets_the_step_end_and_says_how_to_go_on(stage: Stage, name: str, number: signal.Signals) -> None:
    assert in_steps(stage, name, Interruption(number)) == {}


@pytest.mark.parametrize("reaching", [True, False], ids=["taken by AWS", "not taken"])
@pytest.mark.parametrize("name", STORIES)
def test_the_second_leaves_at_once_and_says_what_may_be_unfinished(stage: Stage, name: str, *, reaching: bool) -> None:
    assert in_steps(stage, name, Interruption(signal.SIGINT, times=2, reaching=reaching)) == {}


@pytest.mark.parametrize("name", ["create-slurm", "update"])
def test_sigterm_twice_leaves_at_once_too(stage: Stage, name: str) -> None:
    assert in_steps(stage, name, Interruption(signal.SIGTERM, times=2)) == {}
