"""What becomes of a cluster's Slurm when HyperPod's nodes come, go, fail and are replaced; nothing of it is left.

The tests of this file share a sandbox and build on each other's cluster, each leaving it whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import NotFoundError, UnavailableError
from hpctl.sandbox import control
from tests.functional.sandbox.running import Running, sandbox, start, until
from tests.functional.slurm.ready import CONTROLLER, SlurmCluster, created, require_slurm, slurm_name, statuses

PACE = 0.6
NAME = "changing-slurm"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changing")


@pytest.fixture(scope="module")
def slurm(home: Path) -> Iterator[SlurmCluster]:
    require_slurm()
    with sandbox(home, pace=PACE) as running:
        found = created(running, NAME)
        # Nodes are replaced only on a cluster whose software was updated once.
        running.client("sagemaker").update_cluster_software(ClusterName=NAME)
        until(lambda: _status(running), lambda status: status == "InService")
        until(lambda: statuses(running, NAME), lambda found: set(found) == {"Running"})
        yield found


def _status(running: Running) -> str:
    return str(running.client("sagemaker").describe_cluster(ClusterName=NAME)["ClusterStatus"])


@pytest.fixture(autouse=True)
def _whole(slurm: SlurmCluster) -> Iterator[None]:
    """Leave no job and no node out of service to the next test, whatever became of this one."""
    yield
    slurm.says("scancel", "--user=root")
    for name, state in slurm.states().items():
        if state.rstrip("*") not in {"idle", "completing"}:
            slurm.run("scontrol", "update", f"NodeName={name}", "State=RESUME")
    until(slurm.states, lambda states: set(states.values()) == {"idle"})


def _job(slurm: SlurmCluster, *options: str, command: str = "sleep 600") -> str:
    """Submit a job and return its id once it runs."""
    words = ("sbatch", "--parsable", "--output=/dev/null", *options, "--wrap", command)
    job = slurm.says(*words).strip()
    until(lambda: _state(slurm, job), lambda state: state == "RUNNING")
    return job


def _state(slurm: SlurmCluster, job: str) -> str:
    told = slurm.says("scontrol", "--oneliner", "show", "job", job)
    return told.partition("JobState=")[2].split()[0]


def _instances(slurm: SlurmCluster) -> dict[str, str]:
    return {slurm_name(node): str(node["InstanceId"]) for node in slurm.nodes()}


def _running(slurm: SlurmCluster) -> bool:
    return all(node["InstanceStatus"]["Status"] == "Running" for node in slurm.nodes())


def test_a_replaced_node_keeps_its_name_and_its_job_runs_again(slurm: SlurmCluster) -> None:
    first, second = slurm.names()
    before = _instances(slurm)
    job = _job(slurm, f"--nodelist={first}")
    aws = slurm.running.client("sagemaker")
    aws.batch_replace_cluster_nodes(ClusterName=NAME, NodeIds=[before[first]])
    # What ran on the machine ended with it; jobs may be requeued, as Slurm does by itself.
    until(lambda: _state(slurm, job), lambda state: state == "PENDING")
    # Slurm calls a job failed that it begins on a node and that a slow start of its daemon then loses.
    slurm.says("scontrol", "hold", job)
    until(lambda: _instances(slurm), lambda found: found.get(first) not in {None, before[first]})
    until(lambda: slurm.states()[first], lambda state: state == "idle")
    slurm.says("scontrol", "release", job)
    # It keeps a requeued one back for a while, too.
    slurm.says("scontrol", "update", f"JobId={job}", "StartTime=now")
    until(lambda: _state(slurm, job), lambda state: state == "RUNNING")
    slurm.says("scancel", job)
    assert _instances(slurm)[second] == before[second]
    on_first = next(node for node in slurm.nodes() if slurm_name(node) == first)
    assert (
        slurm.says("srun", f"--nodelist={first}", "cat", "/opt/sagemaker_cluster/.instance").strip()
        == (on_first["InstanceId"])
    )


@pytest.mark.parametrize("reason", ["Action:Reboot", "Action:Replace"])
def test_hyperpod_acts_on_its_own_reason_alone(slurm: SlurmCluster, reason: str) -> None:
    first, second = slurm.names()
    before, nodes = _instances(slurm), slurm.nodes()
    for node in nodes:
        # In memory: gone with a reboot, and with the machine.
        slurm.says("touch", "/run/up-since-then", on=node)
    slurm.says("scontrol", "update", f"NodeName={second}", "State=FAIL", f"Reason={reason.lower()}")
    slurm.says("scontrol", "update", f"NodeName={first}", "State=FAIL", f"Reason={reason}")
    until(lambda: _running(slurm) and _fresh(slurm), lambda found: found == [first])
    until(lambda: slurm.states()[first], lambda state: state == "idle")
    after = _instances(slurm)
    assert (after[first] != before[first]) == (reason == "Action:Replace")
    assert (after[second], slurm.states()[second]) == (before[second], "fail")
    slurm.says("scontrol", "update", f"NodeName={second}", "State=RESUME")


def _fresh(slurm: SlurmCluster) -> list[str]:
    """Return the nodes that have started since they were marked; none of them may be on its way."""
    try:
        asked = [(slurm_name(node), slurm.run("test", "-e", "/run/up-since-then", on=node)) for node in slurm.nodes()]
    except (NotFoundError, UnavailableError):
        return []
    return [name for name, ran in asked if ran.exit_code == 1]


def test_a_drained_node_that_is_replaced_stays_drained(slurm: SlurmCluster) -> None:
    first, _ = slurm.names()
    before = _instances(slurm)
    slurm.says("scontrol", "update", f"NodeName={first}", "State=DRAIN", "Reason=bad cable")
    slurm.running.client("sagemaker").batch_replace_cluster_nodes(ClusterName=NAME, NodeIds=[before[first]])
    until(lambda: _instances(slurm), lambda found: found.get(first) not in {None, before[first]})
    until(lambda: slurm.states()[first], lambda state: state == "drained")
    assert "bad cable" in slurm.says("sinfo", "--list-reasons")
    slurm.says("scontrol", "update", f"NodeName={first}", "State=RESUME")


def test_a_larger_group_has_more_nodes_and_jobs_go_on(slurm: SlurmCluster) -> None:
    job = _job(slurm)
    _resize(slurm, 3)
    until(slurm.states, lambda states: len(states) == 3)
    until(lambda: slurm.says("srun", "--nodes=3", "--immediate=20", "hostname").count("ip-"), lambda seen: seen == 3)
    assert _state(slurm, job) == "RUNNING"
    _resize(slurm, 2)
    until(slurm.states, lambda states: len(states) == 2)
    slurm.says("scancel", job)


def _resize(slurm: SlurmCluster, count: int) -> None:
    aws = slurm.running.client("sagemaker")
    groups: list[dict[str, Any]] = slurm.running.on_slurm(NAME)["InstanceGroups"]
    partitions = {"NodeType": "Compute", "PartitionNames": ["train"]}
    groups = [groups[0], slurm.running.group(SlurmConfig=partitions, InstanceCount=count)]
    aws.update_cluster(ClusterName=NAME, InstanceGroups=groups)


def test_a_sandbox_that_starts_again_has_the_same_slurm_without_the_jobs_that_ran(
    slurm: SlurmCluster, home: Path
) -> None:
    first, _ = slurm.names()
    running, ended = _job(slurm), slurm.says("sbatch", "--parsable", "--wait", "--output=/dev/null", "--wrap", "true")
    slurm.says("scontrol", "update", f"NodeName={first}", "State=DRAIN", "Reason=to be kept")
    control.down("test", environ=slurm.running.environ)
    assert _left(home) == []
    again = SlurmCluster(start(slurm.running.environ, "test"), NAME)
    until(lambda: _state(again, running), lambda state: state == "CANCELLED")
    assert _state(again, ended.strip()) == "COMPLETED"
    until(lambda: again.states()[first], lambda state: state == "drained")
    assert "to be kept" in again.says("sinfo", "--list-reasons")
    again.says("scontrol", "update", f"NodeName={first}", "State=RESUME")
    assert int(again.says("sbatch", "--parsable", "--output=/dev/null", "--wrap", "true")) > int(ended)


def test_a_deleted_cluster_leaves_no_process(slurm: SlurmCluster, home: Path) -> None:
    running = Running(_state_of(slurm), slurm.running.environ)
    other = created(running, "short-lived")
    other.says("sbatch", "--output=/dev/null", "--wrap", "sleep 600")
    name = slurm_name(other.nodes(CONTROLLER)[0])
    assert any(name in host for host in _left(home))
    running.client("sagemaker").delete_cluster(ClusterName="short-lived")
    until(lambda: [host for host in _left(home) if name in host], lambda left: not left)


def _state_of(slurm: SlurmCluster) -> Any:
    found = control.status("test", environ=slurm.running.environ).state
    assert found is not None
    return found


def _left(home: Path) -> list[str]:
    """Return `<host name> <command>` of each process that has files of a sandbox's home mounted."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(home) in (each / "mountinfo").read_text():
                command = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{(each / 'root/etc/hostname').read_text().strip()} {command}")
    return found
