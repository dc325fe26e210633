"""A Slurm cluster of the sandbox is a real Slurm: jobs run on its nodes, in nodes' own names, devices and files."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from hpctl.sandbox.slurm import installed
from tests.functional.cli.command import EXECUTABLE
from tests.functional.sandbox.running import until
from tests.functional.slurm.ready import CONTROLLER, PARTITION, SlurmCluster, require_slurm, slurm_name


def test_slurm_is_installed_where_it_must_be() -> None:
    require_slurm()
    assert (installed.missing(), installed.missing_for_options()) == ((), ())


def test_the_cluster_is_as_hyperpod_lays_it_out(
    ready_slurm: SlurmCluster,
    record_property: pytest.RecordProperty,  # type: ignore[name-defined]
) -> None:
    began = time.monotonic()
    ready_slurm.says("true")
    record_property("first_session_s", round(time.monotonic() - began, 2))
    first, second = ready_slurm.names()
    rows = ready_slurm.says("sinfo", "--noheader", "--Node", "--format=%N %P %T %c %G %f").split("\n")
    shape = "idle 96 gpu:8 ml.p5.48xlarge"
    assert sorted(filter(None, rows)) == sorted(
        f"{name} {partition} {shape}" for name in (first, second) for partition in ("dev*", PARTITION)
    )


def test_a_step_runs_on_both_nodes_at_once(ready_slurm: SlurmCluster) -> None:
    script = "echo $(hostname) $(cat /opt/sagemaker_cluster/.instance) $(id -un)"
    lines = ready_slurm.says("srun", "-N2", "-l", "sh", "-c", script).splitlines()
    assert sorted(line.partition(": ")[0] for line in lines) == ["0", "1"]
    expected = [f"{slurm_name(node)} {node['InstanceId']} root" for node in ready_slurm.nodes()]
    assert sorted(line.partition(": ")[2] for line in lines) == sorted(expected)


def test_a_job_runs_as_its_user_in_the_shared_folder(ready_slurm: SlurmCluster) -> None:
    script = (
        b"#!/bin/bash\n#SBATCH -N2 --chdir=/fsx/ubuntu --output=two-nodes.out\nsrun -l --auto-resume=1 id -un\npwd\n"
    )
    words = ("sh", "-c", 'cd /fsx/ubuntu && sbatch --wait >/dev/null "$@" && cat two-nodes.out', "sh")
    said = ready_slurm.says(*words, stdin=script, user="ubuntu")
    assert sorted(said.splitlines()) == ["/fsx/ubuntu", "0: ubuntu", "1: ubuntu"]


def test_a_task_sees_the_accelerators_that_it_got(ready_slurm: SlurmCluster) -> None:
    seen = 'echo "$CUDA_VISIBLE_DEVICES"'
    assert ready_slurm.says("srun", "--gres=gpu:3", "sh", "-c", seen) == "0,1,2\n"
    refused = ready_slurm.run("srun", "--gres=gpu:9", "true")
    assert refused.exit_code != 0
    assert b"Requested node configuration is not available" in refused.stderr


def test_a_full_node_keeps_the_next_job_waiting(ready_slurm: SlurmCluster) -> None:
    first, _ = ready_slurm.names()
    wrap = ("sbatch", "--parsable", f"--nodelist={first}", "--gres=gpu:8", "--output=/dev/null", "--wrap", "sleep 300")
    jobs = [ready_slurm.says(*wrap).strip() for _ in range(2)]
    try:
        reason = ("squeue", "--noheader", "--format=%T %r", f"--jobs={jobs[1]}")
        waits = until(lambda: ready_slurm.says(*reason).strip(), lambda said: said.startswith("PENDING R"))
        assert waits == "PENDING Resources"
    finally:
        ready_slurm.says("scancel", *jobs)
    until(ready_slurm.states, lambda states: set(states.values()) == {"idle"})


def test_srun_takes_hyperpods_and_pyxis_options_and_sbatch_does_not_take_the_first(ready_slurm: SlurmCluster) -> None:
    image = ("--container-image=/fsx/x.sqsh", "--container-mounts=/fsx:/fsx")
    ran = ready_slurm.run("srun", "--auto-resume=1", *image, "hostname")
    assert ran.exit_code == 0
    assert ran.stdout.decode().strip() in ready_slurm.names()
    assert b"the sandbox imports no image" in ran.stderr
    wrong = ready_slurm.run("srun", "--auto-resume=yes", "hostname")
    assert (wrong.exit_code != 0, b"neither 0 nor 1" in wrong.stderr) == (True, True)
    refused = ready_slurm.run("sbatch", "--auto-resume=1", "--wrap", "true")
    assert b"sbatch: unrecognized option '--auto-resume=1'" in refused.stderr


def test_only_the_controller_has_the_configuration(ready_slurm: SlurmCluster) -> None:
    node = ready_slurm.nodes()[0]
    conf = ready_slurm.says("cat", "/opt/slurm/etc/slurm.conf")
    assert "SlurmctldParameters=enable_configless" in conf
    assert ready_slurm.run("test", "-e", "/opt/slurm/etc/slurm.conf", on=node).exit_code == 1
    # Commands work there too: the node has asked slurmctld.
    assert ready_slurm.says("srun", "--nodes=2", "hostname", on=node).count("ip-") == 2
    assert ready_slurm.says("cat", "/var/log/slurm/slurmctld.log")
    assert ready_slurm.says("cat", "/var/log/slurm/slurmd.log", on=node)


def test_a_drained_node_is_left_out_until_it_is_resumed(ready_slurm: SlurmCluster) -> None:
    first, second = ready_slurm.names()
    ready_slurm.says("scontrol", "update", f"NodeName={first}", "State=DRAIN", "Reason=looks odd")
    try:
        assert ready_slurm.states()[first] == "drained"
        assert "looks odd" in ready_slurm.says("sinfo", "--list-reasons")
        assert ready_slurm.says("srun", "hostname").strip() == second
    finally:
        ready_slurm.says("scontrol", "update", f"NodeName={first}", "State=RESUME")
    # slurmctld asks a node whether it is there before it counts on it again.
    until(ready_slurm.states, lambda states: states[first] == "idle")


def test_the_controller_is_no_node_of_slurms(ready_slurm: SlurmCluster) -> None:
    (controller,) = ready_slurm.nodes(CONTROLLER)
    assert slurm_name(controller) not in ready_slurm.states()
    assert "slurmctld" in ready_slurm.says("scontrol", "ping").casefold()


def test_what_a_job_holds_is_not_free(ready_slurm: SlurmCluster) -> None:
    first, second = ready_slurm.names()
    held = ("--gres=gpu:3", f"--nodelist={first}", "--output=/dev/null", "--wrap", "sleep 300")
    job = ready_slurm.says("sbatch", "--parsable", *held).strip()
    try:
        until(
            lambda: ready_slurm.says("squeue", "--noheader", "--format=%T", f"--jobs={job}").strip(), "RUNNING".__eq__
        )
        ready_slurm.says("scontrol", "update", f"NodeName={second}", "State=DRAIN", "Reason=looks odd")
        command = [str(EXECUTABLE), "gpus", "--cluster", ready_slurm.name, "-o", "json"]
        told = subprocess.run(command, env=ready_slurm.environ, capture_output=True, check=True).stdout
    finally:
        ready_slurm.says("scontrol", "update", f"NodeName={second}", "State=RESUME")
        ready_slurm.says("scancel", job)
    report = json.loads(told)
    assert {one["node"]: (one["total"], one["used"], one["free"], one["trouble"]) for one in report["nodes"]} == {
        first: (8, 3, 5, ""),
        second: (8, 0, 0, "drained"),
    }
    assert [(one["accelerator"], one["total"], one["free"]) for one in report["accelerators"]] == [("H100", 16, 5)]
    until(ready_slurm.states, lambda states: set(states.values()) == {"idle"})
