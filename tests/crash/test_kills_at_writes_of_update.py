"""An update, which has several steps, is killed at anything that it does to its records."""

from __future__ import annotations

import pytest

from tests.crash import kills
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("fate", ["SIGKILL", "tear"])
def test_killed_in_an_update(stage: Stage, fate: str) -> None:
    assert kills.at_writes(stage, "update", fate) == {}
