"""`hpctl cluster events`: filters, what is derived where there are no events, and following to the end."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import PATIENCE_S, Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Answer, Forward, Proxy, failure

SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
LIST = "sagemaker:ListClusterEvents"


def _end(running: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the end; `communicate` would lose what a first `readline` has buffered."""
    assert running.stdout
    assert running.stderr
    with running:
        running.wait(timeout=PATIENCE_S)
        out, err = running.stdout.read(), running.stderr.read()
    assert "Traceback" not in err
    return out, err


def _first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline()


def test_events_can_be_of_one_group_of_one_node_and_of_late(hpctl: Hpctl, cpu_cluster: str) -> None:
    words = ("cluster", "events", cpu_cluster, "-o", "json")
    every = hpctl(*words).json()["events"]
    group = hpctl(*words, "--group", "controller").json()
    assert {event["instance_group"] for event in group["events"]} == {"controller"}
    assert group["instance_group"] == "controller"
    [node] = {event["node_id"] for event in every if event["node_id"]}
    assert {event["node_id"] for event in hpctl(*words, "--node", node).json()["events"]} == {node}
    last = every[-1]["time"]
    assert hpctl(*words, "--since", last).json()["events"] == []
    assert hpctl(*words, "--since", "1h").json()["events"] == every


@pytest.mark.scorecard(49)
def test_times_are_of_the_zone_that_is_named_and_else_utc(hpctl: Hpctl, cpu_cluster: str) -> None:
    words = ("cluster", "events", cpu_cluster)
    rows = [event["time"] for event in hpctl(*words, "-o", "json").json()["events"]]
    assert {row[-1] for row in rows} == {"Z"}
    there = [event["time"] for event in hpctl(*words, "--timezone", "Asia/Kolkata", "-o", "json").json()["events"]]
    assert {row[-6:] for row in there} == {"+05:30"}
    assert [*map(datetime.fromisoformat, there)] == [*map(datetime.fromisoformat, rows)]
    shown = hpctl(*words, "--timezone", "Pacific/Honolulu").out.splitlines()[1].partition("  ")[0]
    assert shown.endswith("-10:00")
    assert datetime.fromisoformat(shown) == datetime.fromisoformat(rows[0]).replace(microsecond=0)


def test_a_filter_that_leaves_nothing_is_a_sentence(hpctl: Hpctl, cpu_cluster: str) -> None:
    told = hpctl("cluster", "events", cpu_cluster, "--node", "i-00000000000000000")
    assert (told.out, told.err) == ("", f"no events of cluster {cpu_cluster} of node i-00000000000000000\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--group", "worker"), ExitCode.NOT_FOUND, "has no instance group `worker`"),
        (("--node", "nobody"), ExitCode.NOT_FOUND, "`nobody`"),
        (("--since", "yesterday"), ExitCode.USAGE, "`--since yesterday` is neither a duration nor a time"),
        (("--follow", "-o", "yaml"), ExitCode.USAGE, "`--follow` does not go with `-o yaml`"),
        (("--follow", "--query", "events"), ExitCode.USAGE, "`--query` does not go with `--follow`"),
        (("--follow", "--group", "worker"), ExitCode.NOT_FOUND, "has no instance group `worker`"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], code: ExitCode, said: str, hpctl: Hpctl, cpu_cluster: str
) -> None:
    assert said in hpctl("cluster", "events", cpu_cluster, *words, ends=code).err


def test_events_of_a_cluster_without_any_are_derived_and_say_so(hpctl: Hpctl, account: Account, name: str) -> None:
    account.create(name)
    account.settle(name)
    told = hpctl("cluster", "events", name)
    assert f"Cluster {name} was created" in told.out
    assert "InstanceGroup controller is InService, has 1 of 1 nodes" in told.out
    assert told.err.startswith("note: AWS publishes events of clusters with `node_provisioning: Continuous` alone")
    answer = hpctl("cluster", "events", name, "-o", "json").json()
    assert {event["derived"] for event in answer["events"]} == {True}
    assert answer["note"] is not None


def test_following_tells_what_was_and_what_comes_until_the_cluster_is_gone(
    hpctl: Hpctl, account: Account, name: str
) -> None:
    account.create(name, NodeProvisioningMode="Continuous")
    account.settle(name)
    running = hpctl.start("cluster", "events", name, "--follow")
    assert _first_line(running).endswith(f"Info: Cluster {name} creation started successfully\n")
    account.client("sagemaker").delete_cluster(ClusterName=name)
    out, err = _end(running)
    assert running.returncode == ExitCode.OK
    assert "Instance creation" in out
    assert f"cluster `{name}`: Deleted, after " in err


def test_following_a_cluster_without_events_tells_its_transitions(slow: Sandbox, name: str) -> None:
    slow.account.create(name)
    running = slow.hpctl.start("cluster", "events", name, "-f", "-o", "jsonl")
    first = [json.loads(_first_line(running)) for _ in range(3)]
    assert [step["type"] for step in first] == ["remark", "event", "event"]
    assert "these lines are derived" in first[0]["message"]
    assert all(step["event"]["derived"] for step in first[1:])
    running.send_signal(signal.SIGINT)
    _end(running)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_following_with_the_command_to_go_on(
    number: signal.Signals, hpctl: Hpctl, cpu_cluster: str
) -> None:
    running = hpctl.start("cluster", "events", cpu_cluster, "--follow", "--group", "controller")
    assert "controller" in _first_line(running)
    running.send_signal(number)
    _, err = _end(running)
    assert running.returncode == SIGNALS[number]
    assert err == (
        "error: stopped following\n\n"
        f"hint: to go on following: hpctl cluster events {cpu_cluster} --follow --group controller\n"
    )


def test_following_goes_on_after_a_storm(watched: Hpctl, proxy: Proxy, account: Account, name: str) -> None:
    account.create(name, NodeProvisioningMode="Continuous")
    account.settle(name)
    refusals = iter([failure(LIST, "ThrottlingException", "Rate exceeded", 400), Answer(500, b""), Answer(503, b"")])

    def swap(forward: Forward) -> Answer:
        return next(refusals, None) or forward()

    proxy.swaps[LIST] = swap
    running = watched.start("cluster", "events", name, "--follow", "-o", "name")
    assert _first_line(running).strip()
    assert proxy.calls.count(LIST) == 4
    account.client("sagemaker").delete_cluster(ClusterName=name)
    _end(running)
    assert running.returncode == ExitCode.OK


def test_who_may_not_read_events_is_told_the_action(watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> None:
    proxy.deny(LIST)
    told = watched("cluster", "events", cpu_cluster, "--follow", "-o", "jsonl", ends=ExitCode.ACCESS)
    assert told.error()["action"] == LIST


def test_a_create_goes_on_without_events_that_may_not_be_read(
    watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    proxy.deny(LIST)
    told = watched("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    assert told.err.count("note: the cluster's events cannot be read") == 1


def test_status_lines_of_a_create_in_a_pipe_are_few(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    told = hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    lines = [line for line in told.err.splitlines() if "; waiting for " in line]
    assert len(lines) <= 1 + told.seconds / 10
