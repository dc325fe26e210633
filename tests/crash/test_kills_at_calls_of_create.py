"""A create is killed at any of its calls; the same command again makes one cluster, the one that was asked for."""

from __future__ import annotations

import pytest

from tests.crash import kills
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(600)
NAMES = ("create-judged", "create-eks", "create-slurm")


@pytest.mark.scorecard(22, 23)
@pytest.mark.parametrize("name", NAMES)
def test_killed_with_the_answer_on_its_way(stage: Stage, name: str) -> None:
    assert kills.at_calls(stage, name, reaching=True) == {}


@pytest.mark.scorecard(23)
@pytest.mark.parametrize("name", NAMES)
def test_killed_before_aws_had_the_call(stage: Stage, name: str) -> None:
    assert kills.at_calls(stage, name, reaching=False) == {}
