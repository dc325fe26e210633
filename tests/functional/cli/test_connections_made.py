"""What the command connects to: the endpoint that it is told of, and nothing where nothing has to be asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.benchmarks.measure import Command, cpu_seconds
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import EXECUTABLE, Hpctl

AUDIT = """
import os, sys
def hear(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        address = given[1] if event in ("socket.connect", "socket.sendto") else given[:2]
        with open(os.environ["AUDITED"], "a") as file:
            print(*address[:2] if isinstance(address, tuple) else [address], sep=":", file=file)
sys.addaudithook(hear)
"""
"""Python imports a module of this name before anything else (`site`); the hook cannot be taken away again."""

HELP_CPU_S = 0.45
"""The target is 0.30 s, held by `make bench` on a quiet machine; a busy one gets half as much again."""


@pytest.fixture
def audited(hpctl: Hpctl, tmp_path: Path) -> Hpctl:
    (tmp_path / "sitecustomize.py").write_text(AUDIT, encoding="utf-8")
    return hpctl.with_env(PYTHONPATH=str(tmp_path), AUDITED=str(tmp_path / "audited"))


def heard(hpctl: Hpctl) -> set[str]:
    """Return what was connected to or looked up so far."""
    path = Path(hpctl.env["AUDITED"])
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


@pytest.mark.scorecard(17, 57)
def test_a_command_reaches_the_endpoint_that_it_is_told_of_and_nothing_else(
    audited: Hpctl, account: Account, name: str
) -> None:
    file = specs.write(audited.folder, specs.slurm(name))
    audited("cluster", "create", "-f", file, "--yes")
    audited("cluster", "delete", name, "--yes")
    assert heard(audited) == {account.endpoint.removeprefix("http://")}


@pytest.mark.scorecard(18)
@pytest.mark.parametrize(
    "words",
    [
        ("cluster", "create", "--help"),
        ("cluster", "schema"),
        ("doctor", "-f", "cluster.yaml", "--offline"),
        ("check-model", "Qwen/Qwen3-8B", "-t", "trn1.32xlarge"),
        ("explain", "EFA health checks did not run successfully"),
        ("instances", "describe", "ml.p5.48xlarge"),
    ],
    ids=" ".join,
)
def test_what_needs_no_network_touches_none(words: tuple[str, ...], audited: Hpctl) -> None:
    specs.write(audited.folder, specs.slurm("offline"))
    nobody = audited.with_env(AWS_ENDPOINT_URL=None, AWS_REGION=None, AWS_DEFAULT_REGION=None)
    assert nobody(*words).out
    assert heard(nobody) == set()


def test_a_connection_elsewhere_would_be_heard(audited: Hpctl) -> None:
    audited.with_env(AWS_ENDPOINT_URL="http://127.0.0.1:9")("cluster", "list", ends=ExitCode.UNAVAILABLE)
    assert heard(audited) == {"127.0.0.1:9"}


@pytest.mark.scorecard(16)
def test_help_takes_little_time() -> None:
    help_of_all = Command("help", (str(EXECUTABLE), "--help"), dict(os.environ))
    assert min(cpu_seconds(help_of_all) for _ in range(3)) < HELP_CPU_S
