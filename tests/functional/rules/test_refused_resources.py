"""Rules of CreateCluster about what the account has: networks, capacity, quotas and roles."""

from __future__ import annotations

import pytest

from tests.functional.rules.proof import Proof
from tests.functional.rules.rule import Ending
from tests.functional.rules.table import CAPACITY, IDENTITY, NETWORK

ROWS = [rule for rule in (*NETWORK, *CAPACITY, *IDENTITY) if rule.ending is not Ending.FAILS]

# Each row runs the command five times; a busy machine takes its time.
pytestmark = pytest.mark.timeout(240)


@pytest.mark.scorecard(31)
@pytest.mark.parametrize("proof", ROWS, indirect=True, ids=[rule.name for rule in ROWS])
def test_a_rule(proof: Proof, request: pytest.FixtureRequest) -> None:
    proof.holds(lambda: request.getfixturevalue("aws_cli"))
