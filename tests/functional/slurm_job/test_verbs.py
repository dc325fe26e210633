"""What can be done with a job on a real Slurm, in the order in which one does it."""

from __future__ import annotations

import pytest

from tests.functional.sandbox.running import until
from tests.functional.slurm_job.conftest import FAILS, SlurmJobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]

LONG = "#!/bin/bash\n#SBATCH --nodes=2 --exclusive\nsrun sleep 300\n"


def test_a_job_is_managed_from_submission_to_deletion(slurm_jobs: SlurmJobs) -> None:
    hpctl, name = slurm_jobs.hpctl, slurm_jobs.name()
    slurm_jobs.write(f"{name}.sbatch", LONG.replace("--nodes", f"--job-name={name} --nodes"))
    number = hpctl("job", "submit", f"{name}.sbatch", "-o", "json").json()["uid"]
    until(lambda: slurm_jobs.described(name)["state"], lambda state: state == "Running")

    refused = hpctl("job", "submit", f"{name}.sbatch", ends=6)
    assert f"there is a job `{name}` of user `ubuntu`" in refused.err
    assert (
        hpctl("job", "wait", number, "--timeout", "0", ends=101)
        .err.splitlines()[0]
        .endswith(f"{name} Running; 2 RUNNING of 2 nodes")
    )
    assert "it goes on" in hpctl("job", "wait", number, "--timeout", "1", ends=5).err

    ran = hpctl("job", "exec", name, "--rank", "1", "--", "bash", "-c", "id -un; pwd; echo no >&2; exit 7", ends=7)
    assert (ran.out, ran.err) == ("ubuntu\n/fsx/ubuntu\n", "no\n")
    assert hpctl("job", "exec", name, "-i", "--", "cat", stdin="é'\n\n").out == "é'\n\n"
    ranks = sorted(hpctl("job", "exec", name, "--all", "--", "hostname").out.splitlines())
    assert ranks == [f"[rank {pod['rank']}] {pod['node']}" for pod in slurm_jobs.described(name)["pods"]]
    assert {line.split()[-1] for line in ranks} == {*slurm_jobs.cluster.names()}

    hpctl("job", "cancel", number, ends=8)
    assert hpctl("job", "cancel", number, "--yes", "-o", "json").json()["result"] == "cancelled"
    hpctl("job", "wait", number, ends=103)
    assert hpctl("job", "cancel", number, "--yes", "-o", "json").json()["result"] == "unchanged"
    assert slurm_jobs.called(name)[0]["state"] == "Cancelled"
    hpctl("job", "delete", number, "--yes")
    assert slurm_jobs.called(name) == []
    hpctl("job", "delete", name, "--yes", ends=3)


def test_a_failure_names_the_rank_and_what_it_said(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    slurm_jobs.write("fails.yaml", FAILS)
    told = slurm_jobs.hpctl("job", "submit", "fails.yaml", "--name", name, "--wait", ends=100)
    assert f"job `{name}` failed: rank 1 `run` ended with exit code 9" in told.err
    assert "cause: its output says `ValueError: bad batch`" in told.err
    found = slurm_jobs.described(name)
    failure = found["first_failure"]
    assert (failure["rank"], failure["pod"], failure["exit_code"]) == (1, found["pods"][1]["node"], 9)
    assert "ValueError: bad batch" in failure["log"]


@pytest.mark.scorecard(30, 45)
def test_a_job_that_waits_says_for_what_and_can_be_cancelled(slurm_jobs: SlurmJobs) -> None:
    hpctl, first, second = slurm_jobs.hpctl, slurm_jobs.name(), slurm_jobs.name()
    for name in (first, second):
        slurm_jobs.write(name, LONG.replace("--nodes", f"--job-name={name} --nodes"))
        hpctl("job", "submit", name)
    told = until(lambda: slurm_jobs.described(second), lambda one: one["diagnoses"] and "Resources" in str(one))
    assert told["diagnoses"][0]["message"] == "it waits until enough nodes are free (Resources)"
    cluster = hpctl("cluster", "list", "-o", "name").out.strip()
    ends = hpctl("cluster", "delete", cluster, "--dry-run", "-o", "json").json()["ends"]
    owned = {row["job"].partition(" ")[0]: (row["owner"], row["state"]) for row in ends}
    assert (owned[first], owned[second]) == (("ubuntu", "Running"), ("ubuntu", "Pending"))
    hpctl("job", "cancel", second, "--yes")
    hpctl("job", "wait", second, ends=103)


@pytest.mark.parametrize(
    ("words", "ends", "said"),
    [
        (("--partition", "nope"), 20, "Slurm has no partition `nope`"),
        (("--user", "nobody-there"), 3, "there is no user `nobody-there`"),
        (("--namespace", "team"), 2, "`--namespace` does not go with jobs there"),
    ],
)
def test_what_cannot_be_is_refused_by_name(slurm_jobs: SlurmJobs, words: tuple[str, str], ends: int, said: str) -> None:
    slurm_jobs.write("fails.yaml", FAILS)
    assert said in slurm_jobs.hpctl("job", "submit", "fails.yaml", *words, ends=ends).err


@pytest.mark.scorecard(37)
def test_a_dry_run_prints_the_script_and_lets_slurm_judge_it(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    slurm_jobs.write("fails.yaml", FAILS)
    told = slurm_jobs.hpctl("job", "submit", "fails.yaml", "--name", name, "--dry-run")
    assert told.out.startswith("#!/bin/bash\n")
    assert "#SBATCH --nodes=2" in told.out
    assert "to start at" in told.err
    assert slurm_jobs.called(name) == []
