"""Ctrl-C, SIGTERM and SIGKILL in the middle of a call: the same command again ends where an undisturbed one does."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import PATIENCE_S, Hpctl
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.stepping import held, read_until

SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
FINISHING = "finishing the step that is under way; once more to leave at once"


@pytest.fixture
def create(name: str, tmp_path: Path) -> tuple[str, ...]:
    """The words that create a small cluster."""
    return ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_first_signal_lets_the_step_end_and_says_how_to_go_on(
    number: signal.Signals, watched: Hpctl, proxy: Proxy, account: Account, name: str, create: tuple[str, ...]
) -> None:
    with held(proxy, "sagemaker:CreateCluster", reaches_aws=True) as step:
        running = watched.start(*create)
        assert step.arrived.wait(PATIENCE_S)
        running.send_signal(number)
        read_until(running, FINISHING)  # said while the call still waits for its answer
        step.let_go.set()
        out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out) == (SIGNALS[number], "")
    assert "error: stopped waiting; AWS goes on working\n" in err
    assert f"to go on waiting: hpctl {' '.join(create)}\n" in err
    assert f"to cancel: hpctl cluster delete {name}\n" in err
    assert "Traceback" not in err

    again = watched(*create)
    assert "note: going on with the create that began at " in again.err
    assert account.statuses()[name] == "InService"
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


@pytest.mark.parametrize("reaches_aws", [True, False])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_second_signal_leaves_at_once_and_the_same_command_again_converges(
    number: signal.Signals,
    reaches_aws: bool,
    watched: Hpctl,
    proxy: Proxy,
    account: Account,
    name: str,
    create: tuple[str, ...],
) -> None:
    with held(proxy, "sagemaker:CreateCluster", reaches_aws=reaches_aws) as step:
        running = watched.start(*create)
        assert step.arrived.wait(PATIENCE_S)
        running.send_signal(number)
        read_until(running, FINISHING)
        running.send_signal(number)
        out, err = running.communicate(timeout=PATIENCE_S)  # although nobody lets the call go
        assert (running.returncode, out) == (SIGNALS[number], "")
    assert f"error: left at once; `create cluster/{name}` may have reached AWS or not\n" in err
    assert f"to find out and go on: hpctl {' '.join(create)}\n" in err
    assert "Traceback" not in err
    _converges(watched, account, name, create)


@pytest.mark.parametrize("reaches_aws", [True, False])
def test_after_a_kill_in_the_step_the_same_command_converges(
    reaches_aws: bool, watched: Hpctl, proxy: Proxy, account: Account, name: str, create: tuple[str, ...]
) -> None:
    with held(proxy, "sagemaker:CreateCluster", reaches_aws=reaches_aws) as step:
        running = watched.start(*create)
        assert step.arrived.wait(PATIENCE_S)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    again = _converges(watched, account, name, create)
    assert f"note: taking over the lock of a process that is gone (process {running.pid} on " in again
    assert "note: going on with the create that began at " in again


def _converges(watched: Hpctl, account: Account, name: str, create: tuple[str, ...]) -> str:
    again = watched(*create, "-o", "json")
    assert again.json()["result"] in {"done", "unchanged"}
    assert account.statuses()[name] == "InService"
    assert list(account.statuses()).count(name) == 1
    third = watched(*create, "-o", "json")
    assert third.json()["result"] == "unchanged"
    assert "going on" not in third.err
    return again.err


@pytest.mark.parametrize("reaches_aws", [True, False])
def test_after_a_kill_in_a_deletion_the_same_command_converges(
    reaches_aws: bool, watched: Hpctl, proxy: Proxy, account: Account, name: str
) -> None:
    account.create(name, NodeProvisioningMode="Continuous")
    account.settle(name)
    words = ("cluster", "delete", name, "--yes")
    with held(proxy, "sagemaker:DeleteCluster", reaches_aws=reaches_aws) as step:
        running = watched.start(*words)
        assert step.arrived.wait(PATIENCE_S)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    again = watched(*words, "-o", "json")
    assert again.json()["result"] == "done"
    assert "note: going on with the delete that began at " in again.err
    assert name not in account.statuses()
    watched(*words, ends=ExitCode.NOT_FOUND)


def test_a_deletion_that_ends_while_nobody_watches_is_done_and_not_unknown(
    watched: Hpctl, account: Account, name: str
) -> None:
    account.create(name, NodeProvisioningMode="Continuous")
    account.settle(name)
    words = ("cluster", "delete", name, "--yes")
    watched(*words, "--timeout", "0.01s", ends=ExitCode.TIMEOUT)
    _wait_until_gone(account, name)
    again = watched(*words)
    assert f"cluster `{name}` is gone" in again.out
    watched(*words, ends=ExitCode.NOT_FOUND)


def _wait_until_gone(account: Account, name: str) -> None:

    while name in account.statuses():
        time.sleep(0.1)
