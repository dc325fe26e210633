"""Ctrl-C and SIGTERM outside of the steps: at once, and the same command again ends where an undisturbed one does."""

from __future__ import annotations

import signal

import pytest

from tests.crash import points
from tests.crash.interruptions import at_writes, elsewhere
from tests.crash.stories import STORIES, Stage

pytestmark = pytest.mark.timeout(300)
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("name", STORIES)
def test_while_it_looks_before_it_changes_anything(stage: Stage, name: str, number: signal.Signals) -> None:
    first = points.steps(stage, name)[0]
    assert elsewhere(stage, name, number, call=1) == []
    assert elsewhere(stage, name, number, call=first - 1) == []


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("name", STORIES)
def test_while_it_waits(stage: Stage, name: str, number: signal.Signals) -> None:
    last = points.steps(stage, name)[-1]
    assert elsewhere(stage, name, number, call=last + 1) == []


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("update", signal.SIGTERM),
        ("delete", signal.SIGINT),
    ],
    ids=str,
)
def test_while_it_writes_down_what_it_does(stage: Stage, name: str, number: signal.Signals) -> None:
    assert at_writes(stage, name, number) == {}
