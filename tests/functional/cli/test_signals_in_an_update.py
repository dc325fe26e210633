"""The installed command is stopped in a step of an update: the same again does what is left, and no step twice."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import PATIENCE_S, Hpctl
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.stepping import held, read_until

FINISHING = "finishing the step that is under way; once more to leave at once"
STEPS = ["sagemaker:DeleteTags", "sagemaker:UpdateCluster", "sagemaker:AddTags"]


@pytest.fixture
def update(watched: Hpctl, account: Account, name: str, tmp_path: Path) -> tuple[str, ...]:
    """The words that change the count and a tag of a cluster in service."""
    spec: dict[str, Any] = specs.slurm(name, tags={"team": "old"})
    watched("cluster", "create", "-f", specs.write(tmp_path, spec), "--yes")
    account.settle(name)
    spec["instance_groups"][1]["count"], spec["tags"] = 3, {"team": "new"}
    return ("cluster", "update", "-f", specs.write(tmp_path, spec), "--yes")


@pytest.mark.parametrize("action", STEPS)
def test_a_kill_in_a_step(action: str, watched: Hpctl, proxy: Proxy, update: tuple[str, ...]) -> None:
    with held(proxy, action, reaches_aws=True) as step:
        running = watched.start(*update)
        assert step.arrived.wait(PATIENCE_S)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    assert f"note: taking over the lock of a process that is gone (process {running.pid} on " in _again(watched, update)
    assert proxy.calls.count("sagemaker:UpdateCluster") == 1


def test_ctrl_c_in_a_step_leaves_the_next_to_the_same_command(
    watched: Hpctl, proxy: Proxy, update: tuple[str, ...]
) -> None:
    with held(proxy, STEPS[1], reaches_aws=True) as step:
        running = watched.start(*update)
        assert step.arrived.wait(PATIENCE_S)
        running.send_signal(signal.SIGINT)
        read_until(running, FINISHING)
        step.let_go.set()
        out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out) == (ExitCode.INTERRUPTED, "")
    assert "error: stopped after 2 of 3 steps; AWS goes on working on those\n" in err
    assert f"to do the rest: hpctl {' '.join(update)}\n" in err
    _again(watched, update)
    assert proxy.mutations[1:] == STEPS


def _again(watched: Hpctl, update: tuple[str, ...]) -> str:
    told = watched(*update)
    assert "note: going on with the update that began at " in told.err
    planned = watched("cluster", "plan", *update[2:4], "--detailed-exitcode")
    assert planned.code == ExitCode.OK
    return told.err
