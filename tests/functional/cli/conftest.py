"""A sandbox of its own for each test process, started and stopped by the command that is tested."""

from __future__ import annotations

import itertools
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.calls_made import note
from tests.conftest import present
from tests.functional.cli.account import Account
from tests.functional.cli.command import EXECUTABLE, Hpctl, bare_environment
from tests.functional.cli.proxy import Proxy, proxy_to

PACE_S = 0.5
SLOW_PACE_S = 120.0

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: the command in its environment, and its account from the side."""

    hpctl: Hpctl
    account: Account


def _sandbox(home: Path, name: str, pace_s: float) -> Iterator[Sandbox]:
    present(EXECUTABLE, "the command `hpctl`", "run `make test`")
    outside = bare_environment() | {
        "HPCTL_SANDBOX_HOME": str(home / "sandboxes"),
        "HPCTL_STATE_HOME": str(home / "state"),
    }
    hpctl = Hpctl(outside, home)
    hpctl("sandbox", "up", "--name", name, "--pace", f"{pace_s:g}")
    try:
        inside = _evaluated(hpctl("sandbox", "env", "--name", name).out, outside)
        account = Account(inside["AWS_ENDPOINT_URL"], inside["AWS_REGION"], inside)
        yield Sandbox(Hpctl(inside, home), account)
        note(home / "sandboxes" / name)
    finally:
        hpctl("sandbox", "down", "--name", name, "--delete")


def _evaluated(exports: str, outside: dict[str, str]) -> dict[str, str]:
    """Return the environment after a POSIX shell has evaluated `hpctl sandbox env`."""
    script = f"{exports}\nenv -0"
    told = subprocess.run(["/bin/sh", "-c", script], env=outside, capture_output=True, encoding="utf-8", check=True)
    pairs = (line.partition("=") for line in told.stdout.split("\0") if line)
    return {name: value for name, _, value in pairs if name not in {"_", "OLDPWD", "PWD", "SHLVL"}}


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell starts what it runs in the background deaf to SIGINT, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox of this test process; a cluster takes half a second."""
    yield from _sandbox(tmp_path_factory.mktemp("sandbox"), "cli", PACE_S)


@pytest.fixture(scope="session")
def slow_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose clusters are still being created when a test ends."""
    yield from _sandbox(tmp_path_factory.mktemp("slow"), "slow", SLOW_PACE_S)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    """The sandbox's account, seen through boto3."""
    return sandbox.account


@pytest.fixture
def hpctl(sandbox: Sandbox, tmp_path: Path) -> Hpctl:
    """The command in the sandbox's environment, in a folder of this test."""
    return Hpctl(sandbox.hpctl.env, tmp_path)


@pytest.fixture
def slow(slow_sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """The slow sandbox, with the command in a folder of this test."""
    return Sandbox(Hpctl(slow_sandbox.hpctl.env, tmp_path), slow_sandbox.account)


@pytest.fixture
def proxy(account: Account) -> Iterator[Proxy]:
    """A proxy to the sandbox."""
    with proxy_to(account.endpoint) as proxy:
        yield proxy


@pytest.fixture
def watched(hpctl: Hpctl, proxy: Proxy) -> Hpctl:
    """The command, its road to the sandbox going through the proxy."""
    return hpctl.with_env(AWS_ENDPOINT_URL=proxy.endpoint)


@pytest.fixture
def name() -> str:
    """A cluster name that no other test of this process uses."""
    return f"t{next(_numbers)}"


@pytest.fixture(scope="session")
def cpu_cluster(sandbox: Sandbox) -> str:
    """A Slurm cluster with events that is in service all the while, for tests that only look."""
    sandbox.account.create("looked-at", NodeProvisioningMode="Continuous")
    sandbox.account.settle("looked-at")
    return "looked-at"
