"""Waiting that ends early: the work goes on at AWS, and the words say how to go on with the waiting."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import PATIENCE_S, Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Proxy

SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def _words_of_the_hint(err: str) -> list[str]:
    found = re.search(r"to go on waiting: (hpctl .*)", err)
    assert found, err
    return shlex.split(found[1])[1:]


def _read_until(running: subprocess.Popen[str], word: str) -> str:
    assert running.stderr
    told = ""
    for line in running.stderr:
        told += line
        if word in line:
            return told
    raise AssertionError(told)


@pytest.mark.scorecard(24)
def test_a_create_that_runs_out_of_time_can_be_resumed(
    watched: Hpctl, proxy: Proxy, account: Account, name: str, tmp_path: Path
) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    told = watched("cluster", "create", "-f", file, "--yes", "--timeout", "0.1s", ends=ExitCode.TIMEOUT)
    assert f"error: cluster `{name}` was not there yet after 0.1 s; AWS goes on working\n" in told.err
    resume = _words_of_the_hint(told.err)
    assert resume == ["cluster", "create", "-f", file, "--yes"]
    watched(*resume)
    assert account.statuses()[name] == "InService"
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


@pytest.mark.scorecard(24)
def test_a_delete_that_runs_out_of_time_can_be_resumed(slow: Sandbox, name: str) -> None:
    slow.account.create(name, NodeProvisioningMode="Continuous")
    words = ("cluster", "delete", name, "--yes")
    told = slow.hpctl(*words, "--timeout=0.1s", "-o", "json", ends=ExitCode.TIMEOUT)
    assert told.out == ""
    assert told.error()["code"] == "timed_out"
    assert _words_of_the_hint(told.error()["hint"]) == [*words, "-o", "json"]
    again = slow.hpctl(*words, "--timeout", "0.1s", ends=ExitCode.TIMEOUT)
    assert f"cluster `{name}` is being deleted already: nothing to do" in again.err


@pytest.mark.scorecard(58)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_the_waiting_and_not_the_work(
    number: signal.Signals, slow: Sandbox, name: str, tmp_path: Path
) -> None:
    words = ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    running = slow.hpctl.start(*words)
    _read_until(running, "; waiting for ")
    running.send_signal(number)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out) == (SIGNALS[number], "")
    assert "error: stopped waiting; AWS goes on working" in err
    assert _words_of_the_hint(err) == list(words)
    assert "Traceback" not in err
    assert slow.account.statuses()[name] == "Creating"


@pytest.mark.scorecard(6)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_leaves_only_json_behind_with_jsonl(
    number: signal.Signals, slow: Sandbox, name: str, tmp_path: Path
) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    running = slow.hpctl.start("cluster", "create", "-f", file, "--yes", "-o", "jsonl")
    assert running.stdout
    first = [json.loads(running.stdout.readline()) for _ in range(2)]
    running.send_signal(number)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert first[0]["type"] == "started"
    assert all(json.loads(line)["type"] in {"event", "observed"} for line in out.splitlines())
    error = json.loads(err.splitlines()[-1])["error"]
    assert (error["exit_code"], running.returncode) == (SIGNALS[number], SIGNALS[number])
    assert "to go on waiting: hpctl cluster create" in error["hint"]


@pytest.mark.scorecard(23)
def test_the_same_command_after_a_kill_goes_on_with_the_same_cluster(
    watched: Hpctl, proxy: Proxy, account: Account, name: str, tmp_path: Path
) -> None:
    words = ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    running = watched.start(*words)
    _read_until(running, "creating cluster")
    running.kill()
    running.communicate(timeout=PATIENCE_S)
    watched(*words)
    assert account.statuses()[name] == "InService"
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


def test_without_waiting_the_command_returns_while_the_work_goes_on(slow: Sandbox, name: str, tmp_path: Path) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    made = slow.hpctl("cluster", "create", "-f", file, "--yes", "--no-wait", "-o", "json").json()
    assert (made["result"], slow.account.statuses()[name]) == ("started", "Creating")
    gone = slow.hpctl("cluster", "delete", name, "--yes", "--no-wait", "-o", "json").json()
    assert (gone["result"], slow.account.statuses()[name]) == ("started", "Deleting")


def test_deleting_what_aws_still_creates_is_a_conflict_with_a_way_out(slow: Sandbox, name: str) -> None:
    slow.account.create(name)
    told = slow.hpctl("cluster", "delete", name, "--yes", ends=ExitCode.CONFLICT)
    assert "hint: wait until it is settled, then delete again" in told.err
    assert slow.account.statuses()[name] == "Creating"
