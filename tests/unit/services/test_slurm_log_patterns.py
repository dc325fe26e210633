"""Which files hold what a job on Slurm prints, and whose they are."""

from __future__ import annotations

import pytest

from hpctl.services.slurm_job.log_outputs import outputs_of
from hpctl.services.slurm_job.log_patterns import file_of, name_of
from hpctl.services.slurm_job.log_steps import step_outputs
from tests.unit.services.slurm_jobs import FOLDER, a_job

BARE = {"comment": "", "work_dir": "/fsx/ubuntu/work"}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("slurm-%j.out", "/fsx/ubuntu/work/slurm-7.out"),
        ("/fsx/logs/%x-%j.out", "/fsx/logs/train-7.out"),
        ("logs/%u/%x.log", "/fsx/ubuntu/work/logs/ubuntu/train.log"),
        ("%6j.out", "/fsx/ubuntu/work/000007.out"),
        ("%12j.out", "/fsx/ubuntu/work/0000000007.out"),
        ("100%%-%j.out", "/fsx/ubuntu/work/100%-7.out"),
        ("%A_%a.out", "/fsx/ubuntu/work/7_4294967294.out"),
        ("../up-%j.out", "/fsx/ubuntu/up-7.out"),
        ("a+b(%j).out", "/fsx/ubuntu/work/a+b(7).out"),
        (r"\%j.out", "/fsx/ubuntu/work/%j.out"),
        ("%x-%q.out", "/fsx/ubuntu/work/train-%q.out"),
    ],
)
def test_a_name_becomes_the_file_that_slurm_writes(text: str, path: str) -> None:
    name = name_of(text, a_job(**BARE))
    assert name is not None
    assert name.matches(path)
    assert not name.matches(path + "x")
    assert not name.matches("/elsewhere/" + path.rpartition("/")[2])
    assert name.by == ""


def test_a_task_of_an_array_has_both_numbers() -> None:
    job = a_job(**BARE, id=12, array_task="7_23")
    assert [found.matches(f"/fsx/ubuntu/work/{path}") is not None for text, path in (
        ("%A_%a.out", "7_23.out"),
        ("%A-%4a.out", "7-0023.out"),
        ("%b.out", "3.out"),
        ("%j.out", "12.out"),
    ) if (found := name_of(text, job))] == [True] * 4  # fmt: skip


@pytest.mark.parametrize(
    ("text", "file", "rank"),
    [
        ("rank-%t.log", "rank-13.log", 13),
        ("%x-%3t.log", "train-003.log", 3),
        ("node%n.log", "node1.log", 1),
        ("%N.log", "ip-10-1-0-2.log", 1),
        ("%N-%t.log", "ip-10-1-0-1-5.log", 5),
        ("%J.%t", "7.0.5", 5),
        ("step%s-%t", "step0-5", 5),
    ],
)
def test_a_file_of_a_rank_is_known_as_its(text: str, file: str, rank: int) -> None:
    outputs = outputs_of(a_job(**BARE, stdout=text), "")
    source = outputs.source(f"/fsx/ubuntu/work/{file}")
    assert (source.rank, source.label) == (rank, f"rank {rank}")


def test_with_ranks_only_their_files_are_looked_for() -> None:
    job = a_job(**BARE, stdout="slurm-%j.out")
    outputs = outputs_of(job, "srun -o r-%2t.log ./a\nsrun -o n-%N.log ./b\n", frozenset({1, 12}))
    assert [name.by for name in outputs.names] == ["t", "N"]
    found = [file for file in ("r-01.log", "r-12.log", "r-02.log", "r-11.log", "n-ip-10-1-0-2.log", "n-ip-10-1-0-1.log")
             if any(name.matches(f"/fsx/ubuntu/work/{file}") for name in outputs.names)]  # fmt: skip
    assert found == ["r-01.log", "r-12.log", "n-ip-10-1-0-2.log"]


def test_what_is_no_file_is_not_looked_for() -> None:
    for text in ("", "/dev/null", "%N/out.log", "/fsx/%t/out.log"):
        assert name_of(text, a_job(**BARE)) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("%x-%t.out", "/fsx/ubuntu/work/train-1.out"),
        ("/logs/%3n.out", "/logs/001.out"),
        ("%N.out", "/fsx/ubuntu/work/ip-10-1-0-2.out"),
        ("%j.out", "/fsx/ubuntu/work/7.out"),
        (r"\%t.out", "/fsx/ubuntu/work/%t.out"),
        ("%s-%t.out", None),
        ("/dev/null", None),
        ("", None),
    ],
)
def test_a_rank_writes_one_file_where_nothing_but_it_decides(text: str, path: str | None) -> None:
    assert file_of(text, a_job(**BARE), 1) == path


def test_a_job_of_hpctls_own_has_a_file_a_rank() -> None:
    job = a_job(stdout=f"{FOLDER}/logs/batch.log", stderr=f"{FOLDER}/logs/batch.log")
    outputs = outputs_of(job, "")
    assert [outputs.source(f"{FOLDER}/logs/{name}").label for name in ("batch.log", "rank-1.log")] == [
        "batch.log",
        "rank 1",
    ]
    assert len(outputs.names) == 2
    assert len(outputs_of(job, "", frozenset({1})).names) == 1


def test_errors_in_a_file_of_their_own_are_told_apart() -> None:
    outputs = outputs_of(a_job(**BARE, stdout="r-%t.out", stderr="r-%t.err"), "")
    assert outputs.source("/fsx/ubuntu/work/r-0.err").label == "rank 0 stderr"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("srun --output=logs/%t.out python train.py --output=model", ["logs/%t.out"]),
        ("srun -l -N 2 -o a.out -e a.err ./run", ["a.out", "a.err"]),
        ("srun -oa.out ./run", ["a.out"]),
        ("srun --ntasks 2 --output a.out --label ./run -o other", ["a.out"]),
        ('srun --output="logs/${SLURM_JOB_ID}/%t.out" ./run', ["logs/%j/%t.out"]),
        ("srun -o $SLURM_JOB_NAME-$SLURM_ARRAY_TASK_ID.out ./run", ["%x-%a.out"]),
        ("srun --output=$LOGS/%t.out ./run", []),
        ("srun --output=${LOGS:-x}/%t.out ./run", []),
        ("srun --output=$(date).out ./run", []),
        ("srun \\\n  --auto-resume=1 \\\n  -o a.out \\\n  ./run", ["a.out"]),
        ("# srun -o a.out ./run", []),
        ("srun ./a > b.out; srun -o c.out ./d", ["c.out"]),
        ("if true; then /opt/slurm/bin/srun -o c.out ./d; fi", ["c.out"]),
        ("srun --exclusive -o c.out bash -c 'echo", ["c.out"]),
        ("python srun_all.py -o no.out", []),
    ],
)
def test_steps_say_where_they_write(line: str, names: list[str]) -> None:
    assert list(step_outputs(f"#!/bin/bash\n{line}\n")) == names
