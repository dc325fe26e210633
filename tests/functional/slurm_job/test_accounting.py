"""Jobs that Slurm's controller has forgotten: told of by a real slurmdbd over a real MariaDB, or by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.cli.command import Hpctl, bare_environment
from tests.functional.sandbox.running import until
from tests.functional.slurm.accounting import START, STOP, accounted, forgetful
from tests.functional.slurm.ready import SlurmCluster
from tests.functional.slurm_job.conftest import FAILS, SlurmJobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPT = "#!/bin/bash\n#SBATCH --job-name=script --nodes=2\nsrun hostname\n"
ARRAY = "#!/bin/bash\n#SBATCH --job-name=array --array=0-2\necho $SLURM_ARRAY_TASK_ID; exit $SLURM_ARRAY_TASK_ID\n"
OTHERS = "cd /fsx/ubuntu && sbatch --parsable --job-name='not | ours' --wrap 'exit 4'"


def beside(cluster: SlurmCluster, folder: Path) -> SlurmJobs:
    """The command in the environment of a cluster."""
    inside = {name: value for name, value in cluster.environ.items() if name.startswith(("AWS_", "HPCTL_"))}
    env = {**bare_environment(), **inside, "HPCTL_CLUSTER": cluster.name, "HPCTL_STATE_HOME": str(folder / "state")}
    return SlurmJobs(Hpctl(env, folder), cluster)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[SlurmJobs]:
    """The command beside a cluster with accounting."""
    with accounted(tmp_path / "sandbox") as cluster:
        yield beside(cluster, tmp_path)


@pytest.fixture
def unremembered(tmp_path: Path) -> Iterator[SlurmJobs]:
    """The command beside a cluster without."""
    with forgetful(tmp_path / "sandbox") as cluster:
        yield beside(cluster, tmp_path)


def forgotten(jobs: SlurmJobs) -> None:
    """Wait until the queue is empty, the jobs of the last seconds among it."""
    until(lambda: jobs.cluster.says("squeue", "--noheader", "--states=all"), lambda told: not told)


def states(jobs: SlurmJobs) -> dict[str, tuple[str, str | None]]:
    """The state and the reason of each job that is listed."""
    rows = jobs.hpctl("job", "list", "-o", "json").json()["jobs"]
    return {row["job"]: (row["state"], row["reason"]) for row in rows}


def test_what_the_queue_has_forgotten_is_told_by_accounting(jobs: SlurmJobs) -> None:
    hpctl = jobs.hpctl
    for name, text in {"fails.yaml": FAILS, "script.sbatch": SCRIPT, "array.sbatch": ARRAY}.items():
        jobs.write(name, text)
    hpctl("job", "submit", "fails.yaml", "--name", "fails", "--wait", ends=100)
    hpctl("job", "submit", "script.sbatch", "--wait")
    hpctl("job", "submit", "array.sbatch", "--wait", ends=100)
    jobs.cluster.says("bash", "-c", OTHERS, user="ubuntu")
    forgotten(jobs)
    assert states(jobs) == {
        "fails": ("Failed", None),
        "script": ("Succeeded", None),
        "array": ("Failed", "3 tasks: 1 COMPLETED, 2 FAILED"),
        "not | ours": ("Failed", None),
    }
    told = jobs.described("fails")
    assert (told["first_failure"]["rank"], told["exit_code"], len(told["pods"])) == (1, 9, 2)
    assert "ValueError: bad batch" in told["first_failure"]["log"]
    hpctl("job", "wait", "script")
    assert len(hpctl("job", "logs", "script").out.splitlines()) == 2
    assert jobs.described("not | ours")["exit_code"] == 4

    # What is deleted is gone, though accounting keeps it for ever.
    hpctl("job", "delete", "script", "--yes")
    hpctl("job", "delete", "array", "--yes")
    assert {*states(jobs)} == {"fails", "not | ours"}
    hpctl("job", "describe", "script", ends=3)

    _without_slurmdbd(jobs)


STEPS = """\
#!/bin/bash
#SBATCH --job-name=steps --array=0-2
sleep $(( SLURM_ARRAY_TASK_ID * 9 ))
[ "$SLURM_ARRAY_TASK_ID" != 0 ]
"""


def test_without_accounting_what_somebody_saw_of_a_job_is_kept(unremembered: SlurmJobs) -> None:
    hpctl = unremembered.hpctl
    for name, text in {"script.sbatch": SCRIPT, "steps.sbatch": STEPS}.items():
        unremembered.write(name, text)
    number = hpctl("job", "submit", "steps.sbatch", "--wait", "-o", "json", ends=100).json()["uid"]
    assert not unremembered.cluster.says("squeue", "--noheader", "--states=all", f"--jobs={number}_0", "--format=%F %T")
    told = unremembered.described("steps")
    assert [(pod["pod"], pod["status"], pod["exit_code"]) for pod in told["pods"]] == [
        (f"{number}_0", "FAILED", 1),
        (f"{number}_1", "COMPLETED", 0),
        (f"{number}_2", "COMPLETED", 0),
    ]
    hpctl("job", "submit", "script.sbatch")
    forgotten(unremembered)
    assert states(unremembered) == {
        "steps": ("Failed", "3 tasks: 2 COMPLETED, 1 FAILED"),
        "script": ("Unknown", "FORGOTTEN"),
    }
    assert "nobody knows how it ended" in hpctl("job", "wait", "script", ends=3).err


def _without_slurmdbd(jobs: SlurmJobs) -> None:
    """Nothing is said to have failed that nobody knows of, and what is missing is named."""
    jobs.hpctl("job", "submit", "script.sbatch")  # and nobody looks before it is forgotten
    forgotten(jobs)
    jobs.cluster.says("bash", "-c", STOP)
    listed = until(lambda: jobs.hpctl("job", "list"), lambda told: "accounting does not answer" in told.err)
    assert "jobs that Slurm's controller has forgotten are missing here" in listed.err
    assert states(jobs) == {"fails": ("Failed", None), "script": ("Unknown", "FORGOTTEN")}
    waited = jobs.hpctl("job", "wait", "script", ends=3)
    assert "job `script` is over, and nobody knows how it ended" in waited.err
    assert "accounting does not answer" in jobs.hpctl("job", "describe", "999", ends=3).err
    jobs.cluster.says("bash", "-c", START)
    until(lambda: states(jobs).get("script"), lambda told: told == ("Succeeded", None))
