"""`hpctl doctor CLUSTER`: a cluster of the sandbox that is well, and one whose nodes find no capacity until they do."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.shapes import broken_promises, promised, reports
from tests.functional.cli.test_doctor import unwell


@pytest.fixture
def starved(hpctl: Hpctl, account: Account, name: str) -> Iterator[str]:
    """A cluster whose node never comes, for want of capacity, until the fault is over."""
    hpctl("sandbox", "inject", "no-capacity", "--name", "cli", "--cluster", name)
    account.create(name, NodeProvisioningMode="Continuous")
    account.fail(name)
    yield name
    hpctl("sandbox", "inject", "--name", "cli", "--clear")


def test_a_cluster_that_is_well_and_its_node_pass_every_check(hpctl: Hpctl, cpu_cluster: str) -> None:
    answer = hpctl("doctor", cpu_cluster, "--fail-on", "warn", "-o", "json").json()
    assert broken_promises(answer, promised(reports()["Checks"])) == []
    # Its scripts make no Slurm: nobody there could be asked, and that is said.
    assert (answer["subject"], unwell(answer)) == (f"cluster/{cpu_cluster}", {"live-slurm-controller": "unknown"})
    assert {row["id"].partition("-")[0] for row in answer["results"]} == {"tools", "identity", "live"}
    node = hpctl("node", "list", "--cluster", cpu_cluster, "-o", "name").out.split()[0]
    # This cluster has no controller, and so no Slurm.
    words = ("--skip", "node-scheduler", "--fail-on", "warn", "-o", "json")
    judged = hpctl("doctor", cpu_cluster, "--node", node, *words).json()
    assert (judged["subject"], unwell(judged)) == (f"node/{cpu_cluster}/{node}", {})
    assert {"live-node-status", "live-node-log"} <= {row["id"] for row in judged["results"]}


def _while_a_node_has_failed(hpctl: Hpctl, cluster: str) -> Any:
    """What is said of the cluster while its node, too, is said to have failed: each pause between two tries to get it
    is twice the last.
    """
    for _ in range(8):
        answer = hpctl("doctor", cluster, "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
        failed = [row["findings"] for row in answer["results"] if row["id"] == "live-nodes-running" and row["findings"]]
        if failed:
            node = failed[0][0]["remedy"].split()[-1]
            if "has failed" in hpctl("doctor", cluster, "--node", node, ends=None).out:
                return answer
    raise TimeoutError(cluster)


def test_what_keeps_nodes_away_is_named_until_they_are_there(hpctl: Hpctl, starved: str) -> None:
    answer = _while_a_node_has_failed(hpctl, starved)
    assert unwell(answer) == {
        "live-status": "warn",
        "live-count-target": "fail",
        "live-nodes-running": "fail",
        "live-events-errors": "warn",
        "live-slurm-controller": "unknown",
    }
    (broken,) = (row["findings"] for row in answer["results"] if row["id"] == "live-nodes-running")
    assert "known as: capacity-continuous" in broken[0]["evidence"]
    waiting = hpctl.start("doctor", starved, "--wait")
    assert waiting.stderr is not None
    line = waiting.stderr.readline()
    # Whether the node itself has failed changes with each try to get it.
    assert line.startswith("not well yet: "), line
    assert "`live-count-target`" in line, line
    hpctl("sandbox", "inject", "--name", "cli", "--clear")
    out, _err = waiting.communicate(timeout=90)
    assert (waiting.returncode, out.splitlines()[-1].startswith(f"cluster/{starved}: nothing")) == (0, True)


def test_waiting_ends_with_its_time_and_with_ctrl_c_and_tells_the_way_back(hpctl: Hpctl, starved: str) -> None:
    late = hpctl("doctor", starved, "--wait", "--timeout", "1s", ends=ExitCode.TIMEOUT)
    assert f"to go on waiting: hpctl doctor {starved} --wait" in late.err
    assert "instance groups have as many nodes as asked for (live-count-target)" in late.out
    waiting = hpctl.start("doctor", starved, "--wait")
    assert waiting.stderr is not None
    waiting.stderr.readline()
    time.sleep(0.2)
    waiting.send_signal(signal.SIGINT)
    _out, err = waiting.communicate(timeout=90)
    assert waiting.returncode == ExitCode.INTERRUPTED
    assert "stopped waiting; nothing was changed" in err
    assert f"to go on waiting: hpctl doctor {starved} --wait" in err


@pytest.mark.parametrize(
    ("words", "ends", "said"),
    [
        (("no-such", "--wait"), ExitCode.NOT_FOUND, "there is no cluster `no-such`"),
        (("no-such", "-f", "cluster.yaml"), ExitCode.USAGE, "`CLUSTER` does not go with `--file`"),
        (("--node", "i-1"), ExitCode.USAGE, "`--node` is about a live cluster, and none is named"),
    ],
)
def test_what_cannot_be_examined_is_told(hpctl: Hpctl, words: tuple[str, ...], ends: int, said: str) -> None:
    assert said in hpctl("doctor", *words, ends=ends).err
