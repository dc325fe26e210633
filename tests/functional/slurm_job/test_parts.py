"""Job arrays and heterogeneous jobs on a real Slurm: scripts that are several jobs to Slurm, and one to people."""

from __future__ import annotations

import pytest

from tests.functional.sandbox.running import until
from tests.functional.slurm_job.conftest import SlurmJobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]

ARRAY = """\
#!/bin/bash
#SBATCH --array=0-3%2 --exclusive --job-name={name}
echo "task $SLURM_ARRAY_TASK_ID"
until [ -e /fsx/ubuntu/{name} ]; do sleep 0.1; done
[ "$SLURM_ARRAY_TASK_ID" != 1 ]
"""
COMPONENTS = """\
#!/bin/bash
#SBATCH --nodes=1 --exclusive --job-name={name} --output={name}-%j.out
#SBATCH hetjob
#SBATCH --nodes=1 --exclusive
srun --het-group=0,1 hostname
"""


def test_an_array_is_one_job_until_its_last_task_has_ended(slurm_jobs: SlurmJobs) -> None:
    hpctl, name = slurm_jobs.hpctl, slurm_jobs.name()
    slurm_jobs.write("array.sbatch", ARRAY.format(name=name))
    number = hpctl("job", "submit", "array.sbatch", "-o", "json").json()["uid"]
    running = until(
        lambda: slurm_jobs.described(name),
        lambda told: [pod["status"] for pod in told["pods"]] == ["RUNNING"] * 2 + ["PENDING"] * 2,
    )
    assert (running["uid"], running["state"], running["pods"][3]["pod"]) == (number, "Running", f"{number}_3")
    (row,) = slurm_jobs.called(name)
    assert row["reason"] == "4 tasks: 2 PENDING, 2 RUNNING"
    assert f"hpctl job exec {number}_0 " in hpctl("job", "exec", name, "--", "hostname", ends=2).err
    where = hpctl("job", "exec", f"{number}_1", "--", "hostname").out.strip()
    assert where == running["pods"][1]["node"]
    refused = hpctl("job", "delete", f"{number}_1", "--yes", ends=2).err
    assert f"{number}_1 is a part of job {number}, and is not deleted apart from it" in refused

    slurm_jobs.on_disk(f"/fsx/ubuntu/{name}").touch()
    ended = hpctl("job", "wait", name, ends=100)
    assert f"job `{name}` failed: {number}_1 ended with exit code 1" in ended.err
    assert f"{name} Failed" in ended.err
    lines = sorted(hpctl("job", "logs", name).out.splitlines())
    assert lines == [f"[slurm-{number}_{task}.out] task {task}" for task in range(4)]
    hpctl("job", "delete", name, "--yes")
    assert slurm_jobs.called(name) == []


def test_cancelling_an_array_ends_all_of_its_tasks(slurm_jobs: SlurmJobs) -> None:
    hpctl, name = slurm_jobs.hpctl, slurm_jobs.name()
    slurm_jobs.write("array.sbatch", ARRAY.format(name=name))
    hpctl("job", "submit", "array.sbatch")
    until(lambda: slurm_jobs.described(name)["state"], lambda state: state == "Running")
    hpctl("job", "cancel", name, "--yes")
    hpctl("job", "wait", name, ends=103)
    assert {pod["status"] for pod in slurm_jobs.described(name)["pods"]} == {"CANCELLED"}


def test_the_components_of_a_heterogeneous_job_are_one(slurm_jobs: SlurmJobs) -> None:
    hpctl, name = slurm_jobs.hpctl, slurm_jobs.name()
    slurm_jobs.write("components.sbatch", COMPONENTS.format(name=name))
    hpctl("job", "submit", "components.sbatch", "--wait")
    told = slurm_jobs.described(name)
    assert [(pod["pod"], pod["status"]) for pod in told["pods"]] == [
        (f"{told['uid']}+0", "COMPLETED"),
        (f"{told['uid']}+1", "COMPLETED"),
    ]
    nodes = {pod["node"] for pod in told["pods"]}
    assert nodes == {*slurm_jobs.cluster.names()}
    lines = hpctl("job", "logs", name).out.splitlines()
    assert {line.split()[-1] for line in lines} == nodes
