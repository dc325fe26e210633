"""One sandbox in each test process, as it was seeded when a test begins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.inprocess import Command, enter, hurry
from tests.faults.inside import Inside, inside


@pytest.fixture(scope="session")
def _inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("inside")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_inside: Inside) -> Inside:
    """The sandbox: only the seed is in it, no call was made, no fault is in force."""
    _inside.reset()
    return _inside


@pytest.fixture
def hpctl(sandbox: Inside, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command in this process, in the sandbox's time and with records of its own."""
    enter(monkeypatch, sandbox)
    hurry(monkeypatch, sandbox)
    folder = tmp_path_factory.mktemp("hpctl")
    monkeypatch.setenv("HPCTL_STATE_HOME", str(folder / "state"))
    monkeypatch.chdir(folder)
    return Command(sandbox)
