"""Two commands on one cluster: one goes on, the other says who it is."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.command import PATIENCE_S, Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.stepping import read_until


@pytest.mark.scorecard(35)
def test_of_two_that_start_together_one_goes_on(watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path) -> None:
    words = ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    both = [watched.start(*words), watched.start(*words)]
    ended = [running.communicate(timeout=PATIENCE_S) for running in both]
    assert sorted(running.returncode for running in both) == [ExitCode.OK, ExitCode.CONFLICT]
    loser = 1 if both[1].returncode else 0
    assert f"process {both[1 - loser].pid} on host `{socket.gethostname()}`, since 20" in ended[loser][1]
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


@pytest.mark.scorecard(35)
def test_whoever_waits_holds_the_lock_and_a_dead_one_does_not(slow: Sandbox, name: str, tmp_path: Path) -> None:
    words = ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    running = slow.hpctl.start(*words)
    read_until(running, "; waiting for ")
    for locked_out in (words, ("cluster", "delete", name, "--yes")):
        told = slow.hpctl(*locked_out, "-o", "json", ends=ExitCode.CONFLICT).error()
        assert told["code"] == "locked"
        assert re.fullmatch(
            rf"another hpctl works on cluster `{name}`: process {running.pid} on host `\S+`, since \S+Z",
            told["message"],
        )
        assert f"to see how far it is: hpctl cluster describe {name}" in told["hint"]
    slow.hpctl("cluster", "describe", name)
    slow.hpctl(*words, "--dry-run")

    running.kill()
    running.communicate(timeout=PATIENCE_S)
    after = slow.hpctl(*words, "--timeout", "0.1s", ends=ExitCode.TIMEOUT)
    assert f"note: taking over the lock of a process that is gone (process {running.pid} on " in after.err
    assert "note: going on with the create that began at " in after.err
    once_more = slow.hpctl(*words, "--timeout", "0.1s", ends=ExitCode.TIMEOUT)
    assert "taking over" not in once_more.err


def test_another_cluster_is_free(slow: Sandbox, name: str, tmp_path: Path) -> None:
    running = slow.hpctl.start("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name), "one.yaml"), "--yes")
    read_until(running, "; waiting for ")
    other = specs.write(tmp_path, specs.slurm(f"{name}-b"), "two.yaml")
    slow.hpctl("cluster", "create", "-f", other, "--yes", "--no-wait")
    running.kill()
    running.communicate(timeout=PATIENCE_S)
