"""Rules that CreateCluster judges, and those that hpctl alone knows: nothing is made until they are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.rules.proof import Proof
from tests.functional.rules.rule import Ending
from tests.functional.rules.table import RULES

ROWS = [rule for rule in RULES if rule.ending is not Ending.FAILS]


# Each row runs the command five times; a busy machine takes its time.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def proof(request: pytest.FixtureRequest, hpctl: Hpctl, account: Account, name: str) -> Iterator[Proof]:
    proof = Proof(request.param, hpctl, account, name)
    yield proof
    proof.clear(name, "rules-busy-a", "rules-busy-b")


@pytest.mark.parametrize("proof", ROWS, indirect=True, ids=[rule.name for rule in ROWS])
def test_a_rule(proof: Proof, request: pytest.FixtureRequest) -> None:
    proof.holds(lambda: request.getfixturevalue("aws_cli"))
