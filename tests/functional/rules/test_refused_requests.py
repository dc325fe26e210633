"""Rules of CreateCluster about what the request says: scripts, orchestrators and members."""

from __future__ import annotations

import pytest

from tests.functional.rules.proof import Proof
from tests.functional.rules.rule import Ending
from tests.functional.rules.table import EKS, LIFECYCLE, SLURM, SPEC

ROWS = [rule for rule in (*LIFECYCLE, *SLURM, *EKS, *SPEC) if rule.ending is not Ending.FAILS]

# Each row runs the command five times; a busy machine takes its time.
pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("proof", ROWS, indirect=True, ids=[rule.name for rule in ROWS])
def test_a_rule(proof: Proof, request: pytest.FixtureRequest) -> None:
    proof.holds(lambda: request.getfixturevalue("aws_cli"))
