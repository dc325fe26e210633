"""The equipment of the command's tests, a sandbox for each test process, and the proof of one row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.inprocess import keep_loaded
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.conftest import account, hpctl, name, sandbox
from tests.functional.rules.inside import HpctlInside
from tests.functional.rules.proof import Proof

__all__ = ["account", "hpctl", "name", "sandbox"]


@pytest.fixture
def inside(hpctl: Hpctl, monkeypatch: pytest.MonkeyPatch) -> HpctlInside:
    """The command in this process."""
    keep_loaded(monkeypatch)
    return HpctlInside(hpctl.env, hpctl.folder)


@pytest.fixture
def proof(request: pytest.FixtureRequest, inside: HpctlInside, account: Account, name: str) -> Iterator[Proof]:
    """The row that a test is parametrised with, planted; its clusters are gone afterwards."""
    proof = Proof(request.param, inside, account, name)
    yield proof
    proof.clear(name, "rules-busy-a", "rules-busy-b")
