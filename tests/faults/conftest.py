"""One sandbox in each test process, as it was seeded when a test begins."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.commands import Mutating, Scope, Start, prepare
from tests.faults.inprocess import Command, enter, hurry
from tests.faults.inside import Inside, inside
from tests.faults.job_matrix import JobBench, Made
from tests.faults.matrix import Bench
from tests.faults.remembered import Remembered, judged


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


@pytest.fixture(scope="session")
def _starts() -> dict[str, Start]:
    return {}


@pytest.fixture
def ready(
    hpctl: Command, _starts: dict[str, Start], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mutating], None]:
    """Bring the account and the current folder to where a command begins; what comes before it is run only once."""

    def bring(command: Mutating) -> None:
        folder = Path(os.environ["HPCTL_STATE_HOME"]).parent
        if command.label not in _starts:
            kept = tmp_path_factory.mktemp("kept") / "start"
            _starts[command.label] = prepare(command, hpctl, folder, kept)
        _starts[command.label].again(hpctl, folder)

    return bring


@pytest.fixture(scope="session")
def _remembered() -> Remembered:
    return Remembered()


@contextmanager
def _at_work(sandbox: Inside, folder: Path, remembered: Remembered) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        sandbox.reset()
        enter(patch, sandbox)
        hurry(patch, sandbox, read_s=20.0)
        patch.setenv("HPCTL_STATE_HOME", str(folder / "state"))
        patch.chdir(folder)
        patch.setattr("hpctl.checks.engine.WORKERS", 1)
        patch.setattr("hpctl.facts.world.DESCRIBES", 1)
        remembered.stand_in(patch)
        yield patch


@pytest.fixture(scope="module")
def bench(
    request: pytest.FixtureRequest,
    _inside: Inside,
    _remembered: Remembered,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    """The module's `COMMAND`, set up to be struck; its checks run one by one, so that its calls keep their order."""
    folder, kept = tmp_path_factory.mktemp("bench"), tmp_path_factory.mktemp("kept") / "start"
    with _at_work(_inside, folder, _remembered) as patch:
        if request.module.COMMAND.scope is Scope.AFTER_THE_CHECKS:
            judged(patch)
        made = Bench.set_up(request.module.COMMAND, Command(_inside), folder, kept, patch)
        gc.freeze()  # what is there now is there for good: no collection need look at it again and again
        yield made


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("kept") / "start")


@pytest.fixture(scope="module")
def job_bench(
    request: pytest.FixtureRequest,
    _inside: Inside,
    _remembered: Remembered,
    _made: Made,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[JobBench]:
    """A job's command, set up to be struck."""
    folder = tmp_path_factory.mktemp("bench")
    with _at_work(_inside, folder, _remembered) as patch:
        yield JobBench.set_up(request.param, Command(_inside), folder, patch, _made)
