"""A cluster on a real Slurm, looked at and cared for by the real command: its status, drained nodes, doctor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.command import Hpctl
from tests.functional.nodes.commands import environment
from tests.functional.sandbox.running import until
from tests.functional.slurm.ready import CONTROLLER, NAME, SlurmCluster

pytestmark = pytest.mark.timeout(240)  # several sessions each, on a machine that may be busy


@pytest.fixture
def hpctl(ready_slurm: SlurmCluster, tmp_path: Path) -> Iterator[Hpctl]:
    """The command; nodes that a test drained take jobs again at its end."""
    yield Hpctl(environment(ready_slurm, tmp_path), tmp_path)
    for name, state in ready_slurm.states().items():
        if state.startswith("drain"):
            ready_slurm.says("scontrol", "update", f"nodename={name}", "state=resume")


def test_the_status_names_nodes_partitions_and_whose_jobs_run(hpctl: Hpctl, ready_slurm: SlurmCluster) -> None:
    first, second = ready_slurm.names()
    job = ready_slurm.says("sbatch", "--parsable", "-w", first, "-o", "/dev/null", "--wrap", "sleep 300").strip()
    try:
        until(ready_slurm.states, lambda states: states[first] in ("mixed", "allocated"))
        report = hpctl("slurm", "status", "--cluster", NAME, "-o", "json").json()
    finally:
        ready_slurm.says("scancel", job)
    until(ready_slurm.states, lambda states: set(states.values()) == {"idle"})
    nodes = {node["name"]: node for node in report["nodes"]}
    ids = [node["InstanceId"] for node in ready_slurm.nodes()]
    assert [nodes[name]["node_id"] for name in (first, second)] == ids
    assert [one["job_id"] for one in nodes[first]["jobs"]] == [job]
    assert (nodes[second]["meaning"], nodes[second]["gres"], nodes[second]["jobs"]) == ("free", "gpu:8", [])
    rows = {row["name"]: (row["default"], row["nodes"]) for row in report["partitions"]}
    assert rows == {"dev": (True, 2), "train": (False, 2)}
    assert report["controller"] == ready_slurm.nodes(CONTROLLER)[0]["InstanceId"]


def test_a_node_is_drained_with_its_reason_to_the_letter_and_resumed(hpctl: Hpctl, ready_slurm: SlurmCluster) -> None:
    name = ready_slurm.names()[0]
    reason = 'it\'s $(hot) `x` "q" = State=UP, ada'
    drained = hpctl("slurm", "drain", ready_slurm.nodes()[0]["InstanceId"], "--reason", reason, "--cluster", NAME)
    assert "drained" in drained.out
    assert ready_slurm.states()[name] == "drained"
    told = hpctl("slurm", "status", "--cluster", NAME, "-o", "json").json()["nodes"]
    assert [node["reason"] for node in told if node["name"] == name] == [reason]
    judged = hpctl("doctor", NAME, "--only", "live-slurm-nodes", "--fail-on", "warn", ends=ExitCode.CHECKS_UNKNOWN)
    assert f"Slurm node/{name}: takes no jobs: drained" in judged.out
    again = hpctl("slurm", "drain", name, "--reason", reason, "--cluster", NAME)
    assert f"note: {name} was drained already" in again.out
    hpctl("slurm", "resume", name, "--cluster", NAME)
    until(ready_slurm.states, lambda states: states[name] == "idle")


def test_what_is_asked_wrongly_is_told(hpctl: Hpctl, ready_slurm: SlurmCluster) -> None:
    name = ready_slurm.names()[0]
    near = hpctl("slurm", "drain", f"{name}x", "--reason", "x", "--cluster", NAME, ends=ExitCode.NOT_FOUND)
    assert f"did you mean `{name}`?" in near.err
    action = hpctl("slurm", "drain", name, "--reason", "Action:Reboot", "--cluster", NAME, ends=ExitCode.USAGE)
    assert f"hint: hpctl node reboot {name}" in action.err
    assert ready_slurm.states()[name] == "idle"


def test_a_cluster_and_its_nodes_that_are_well_pass_what_takes_a_session(
    hpctl: Hpctl, ready_slurm: SlurmCluster
) -> None:
    whole = hpctl("doctor", NAME, "-o", "json").json()
    slurm = {row["id"]: row["outcome"] for row in whole["results"] if row["id"].startswith("live-slurm-")}
    assert len(slurm) == 6
    assert set(slurm.values()) == {"pass"}
    for node in (ready_slurm.names()[0], "controller/0"):
        # Not the disks, the memory and the kernel's log: they are this machine's, and may be anything.
        apart = ("--skip", "node-disk", "--skip", "node-memory", "--skip", "node-gpu-xid")
        inside = hpctl("doctor", NAME, "--node", node, *apart, "-o", "json").json()
        found = {row["id"]: row["outcome"] for row in inside["results"] if row["id"].startswith("node-")}
        assert len(found) > 8
        assert {outcome for outcome in found.values() if outcome != "skip"} == {"pass"}


def test_what_is_wrong_inside_is_found(hpctl: Hpctl, ready_slurm: SlurmCluster) -> None:
    node = ready_slurm.nodes()[1]
    ready_slurm.says("sh", "-c", "mkdir -p ~/.aws; echo x >~/.aws/credentials", on=node)
    try:
        words = ("doctor", NAME, "--node", "workers/1", "--only", "node-static-credentials", "--fail-on", "warn")
        found = hpctl(*words[:3], node["InstanceId"], *words[4:], ends=ExitCode.CHECKS_UNKNOWN)
    finally:
        ready_slurm.says("sh", "-c", "rm ~/.aws/credentials", on=node)
    assert "there are keys in `" in found.out
    assert "/.aws/credentials`" in found.out


def test_what_a_reboot_would_disturb_is_said_and_a_controller_is_not_replaced(
    hpctl: Hpctl, ready_slurm: SlurmCluster
) -> None:
    node = ready_slurm.nodes()[1]
    plan = hpctl("node", "reboot", node["InstanceId"], "--cluster", NAME, "--dry-run", "-o", "json").json()
    assert plan["actions"][0]["request"]["NodeIds"] == [node["InstanceId"]]
    refused = hpctl("node", "replace", "controller/0", "--cluster", NAME, "--yes", ends=ExitCode.USAGE)
    assert "is the Slurm controller, which HyperPod does not replace" in refused.err
