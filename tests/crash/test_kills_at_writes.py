"""A command is killed at anything that it does to its records, or in the middle of a line."""

from __future__ import annotations

import pytest

from tests.crash import kills
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(600)


@pytest.mark.scorecard(23)
@pytest.mark.parametrize("name", ["create-slurm", "update-software", "delete"])
def test_killed_before_it_is_done(stage: Stage, name: str) -> None:
    assert kills.at_writes(stage, name, "SIGKILL") == {}


@pytest.mark.parametrize("name", ["create-slurm", "update-software", "delete"])
def test_killed_in_the_middle_of_a_line(stage: Stage, name: str) -> None:
    assert kills.at_writes(stage, name, "tear") == {}
