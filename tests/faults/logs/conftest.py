"""A log server of its own for each test, and limits of time that fit one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpctl import timeouts
from hpctl.report.logs import LogGap, LogLines, LogNote, LogStep
from hpctl.services.job.logs import LogWish, follow_logs
from tests.faults.logs import client
from tests.faults.logs.server import LogServer, serving

Follow = Callable[..., list[LogStep]]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-key")


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (
        ("LOG_IDLE_S", 0.4),
        ("LOG_LOOK_S", 0.05),
        ("LOG_AGAIN_S", 0.01),
        ("LOG_AGAIN_CAP_S", 0.1),
        ("LOG_GRACE_S", 0.3),
        ("KUBE_AGAIN_S", 0.05),
    ):
        monkeypatch.setattr(timeouts, name, seconds)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LogServer]:
    with serving(tmp_path / "tls") as server:
        yield server


@pytest.fixture
def steps(server: LogServer) -> Follow:
    """Follow (or, as the wish says, read) the server's job to the end."""

    def follow(wish: LogWish | None = None, *, each: Callable[[LogStep], object] = lambda _step: None) -> list[LogStep]:
        ports = client.ports()
        found = []
        for step in follow_logs(client.job(server.cluster, ports), server.cluster, ports, wish or LogWish(follow=True)):
            found.append(step)
            each(step)
        return found

    return follow


def printed(steps: list[LogStep], rank: int) -> list[bytes]:
    """Return the lines of a rank."""
    blocks = [step for step in steps if isinstance(step, LogLines) and step.source.rank == rank]
    return [line for block in blocks for line in block.lines]


def gaps(steps: list[LogStep]) -> list[LogGap]:
    return [step for step in steps if isinstance(step, LogGap)]


def notes(steps: list[LogStep]) -> list[str]:
    return [step.message for step in steps if isinstance(step, LogNote)]
