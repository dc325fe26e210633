"""Jobs of two nodes on a real Slurm, from each of the three notations, by the command alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.functional.slurm_job.conftest import SlurmJobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]

HARD = "'\"$(touch /tmp/executed)`id`\\ ~!!\n\t-n ${HOME} #; & | \x01 é 漢 \u2028 =,=\n"
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
NAMES = [f"VALUE_{number}" for number in range(30)]

SEES = """\
import json, os, sys
with open(f"seen-{os.environ['RANK']}.json", "w") as file:
    json.dump({"env": dict(os.environ), "cwd": os.getcwd(), "here": sorted(os.listdir())}, file)
"""
JOB = """\
api_version: hpctl/v1
kind: Job
name: {name}
nodes: 2
workdir: code
secrets: [TOKEN]
env: {env}
run: |
  python3 sees.py
"""
SKY = """\
name: {name}
num_nodes: 2
setup: echo prepared > "prepared-$SKYPILOT_SETUP_NODE_RANK"
run: |
  echo "$SKYPILOT_NODE_RANK/$SKYPILOT_NUM_NODES $(cat prepared-$SKYPILOT_NODE_RANK)" > "ran-$SKYPILOT_NODE_RANK"
  echo "$SKYPILOT_NODE_IPS" | wc -l >> "ran-$SKYPILOT_NODE_RANK"
"""
SBATCH = """\
#!/bin/bash
#SBATCH --nodes=2 --job-name={name}
#SBATCH --comment="the author's own"
#SBATCH --output={name}.out
echo 'Zürich  $HOME' \\\\
srun --label bash -c 'echo "$SLURM_PROCID of $SLURM_NTASKS in $PWD"'
"""


@pytest.mark.scorecard(46)
@settings(max_examples=1, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=len(NAMES) - 2, max_size=len(NAMES) - 2))
def test_a_job_in_yaml_sees_its_values_exactly_on_both_nodes(slurm_jobs: SlurmJobs, texts: list[str]) -> None:
    env = dict(zip(NAMES, [*texts, HARD, "x'\n" * 33_000], strict=True))
    name = slurm_jobs.name()
    (slurm_jobs.hpctl.folder / "code").mkdir(exist_ok=True)
    slurm_jobs.write("code/sees.py", SEES)
    slurm_jobs.write("token", "s3cret\n'")
    slurm_jobs.write("job.yaml", JOB.format(name=name, env=json.dumps(env)))
    slurm_jobs.hpctl("job", "submit", "job.yaml", "--secret", "TOKEN=@token", "--wait")
    folder = slurm_jobs.folder(name)
    for rank in range(2):
        seen = json.loads(next(folder.rglob(f"seen-{rank}.json")).read_text())
        assert {key: seen["env"].get(key) for key in NAMES} == env
        assert seen["env"]["TOKEN"] == "s3cret\n'"
        assert (seen["env"]["RANK"], seen["env"]["WORLD_SIZE"]) == (str(rank), "2")
        assert "sees.py" in seen["here"]
    assert not (folder / "secrets").exists()
    assert b"s3cret" not in (folder / "script").read_bytes()
    slurm_jobs.hpctl("job", "delete", name, "--yes")
    assert not folder.exists()


def test_a_skypilot_task_runs_its_setup_before_its_run_on_both_nodes(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    slurm_jobs.write("sky.yaml", SKY.format(name=name))
    slurm_jobs.hpctl("job", "submit", "sky.yaml", "--wait")
    folder = slurm_jobs.folder(name)
    assert [next(folder.rglob(f"ran-{rank}")).read_text() for rank in range(2)] == [
        "0/2 prepared\n2\n",
        "1/2 prepared\n2\n",
    ]


def test_a_script_for_sbatch_is_submitted_to_the_letter(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    text = SBATCH.format(name=name)
    slurm_jobs.write("train.sbatch", text)
    told = slurm_jobs.hpctl("job", "submit", "train.sbatch", "--wait", "-o", "json")
    (row,) = slurm_jobs.called(name)
    assert (row["state"], row["nodes"]) == ("Succeeded", 2)
    assert slurm_jobs.cluster.says("scontrol", "write", "batch_script", row["uid"], "-") == text
    printed = slurm_jobs.on_disk(f"/fsx/ubuntu/{name}.out").read_text()
    assert sorted(printed.splitlines()[1:]) == ["0: 0 of 2 in /fsx/ubuntu", "1: 1 of 2 in /fsx/ubuntu"]
    assert "the author's own" in slurm_jobs.cluster.says("scontrol", "show", "job", row["uid"])
    assert told.json()["state"] == "Succeeded"
