"""A fix is killed at any of its calls; the same command again mends what is left, and nothing twice."""

from __future__ import annotations

import pytest

from tests.crash import kills
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(600)


def test_a_fix_mends_all_that_is_planted(stage: Stage) -> None:
    assert list(stage.undisturbed("fix").taken) == [
        "UpdateClusterConfig",
        "AuthorizeSecurityGroupIngress",
        "AuthorizeSecurityGroupEgress",
        "PutRolePolicy",
        "PutObject",
        "PutObject",
    ]


@pytest.mark.parametrize("reaching", [True, False], ids=["the-answer-on-its-way", "before-aws-had-the-call"])
def test_killed_at_a_call(stage: Stage, reaching: bool) -> None:
    assert kills.at_calls(stage, "fix", reaching=reaching) == {}
