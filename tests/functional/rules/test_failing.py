"""Rules that CreateCluster does not judge: the cluster is accepted, and its nodes fail later."""

from __future__ import annotations

import pytest

from tests.functional.rules.proof import Proof
from tests.functional.rules.rule import Ending
from tests.functional.rules.table import RULES

ROWS = [rule for rule in RULES if rule.ending is Ending.FAILS]

# Each row runs the command five times; a busy machine takes its time.
pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("proof", ROWS, indirect=True, ids=[rule.name for rule in ROWS])
def test_a_rule(proof: Proof, request: pytest.FixtureRequest) -> None:
    proof.holds(lambda: request.getfixturevalue("aws_cli"))
