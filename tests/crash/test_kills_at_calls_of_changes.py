"""An update or a delete is killed at any of its calls; the same command again does what is left, and no step twice."""

from __future__ import annotations

import pytest

from tests.crash import kills
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(600)
NAMES = ("update", "update-software", "delete")


@pytest.mark.parametrize("name", NAMES)
def test_killed_with_the_answer_on_its_way(stage: Stage, name: str) -> None:
    assert kills.at_calls(stage, name, reaching=True) == {}


@pytest.mark.parametrize("name", NAMES)
def test_killed_before_aws_had_the_call(stage: Stage, name: str) -> None:
    assert kills.at_calls(stage, name, reaching=False) == {}
