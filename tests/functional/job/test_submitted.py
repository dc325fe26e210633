"""The same tasks as users submit them: `hpctl job submit` in a sandbox with two nodes of eight GPUs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.functional.job.cli.conftest import Jobs, jobs
from tests.functional.job.overlays import demand_open_mpi, group_files, nccl_image, training_image

__all__ = ["jobs"]
pytestmark = pytest.mark.usefixtures("namespaces")
BLOG = Path(__file__).parent / "blog"


@pytest.fixture(scope="session")
def images(jobs: Jobs) -> Path:
    """The stand-in images, where the sandbox looks for them."""
    folder = Path(jobs.hpctl.env["HPCTL_SANDBOX_HOME"]) / "jobs" / "images"
    training_image(folder)
    nccl_image(folder)
    return folder


def ran(jobs: Jobs, *words: str) -> tuple[str, list[str]]:
    """Submit and follow to the end; returns the name and the lines of the log."""
    name = jobs.name()
    followed = jobs.hpctl("job", "submit", *words, "--name", name, "--follow")
    return name, followed.out.splitlines()


def test_the_blogs_train_yaml_trains(jobs: Jobs, images: Path) -> None:
    name, lines = ran(jobs, str(BLOG / "train.yaml"))
    assert lines[-4:] == [
        "[rank 0] rank 0 of 1, torch 2.0.0, numpy 1.26.4, fsspec",
        *(f"[rank 0] step {step} loss {1 / (step + 1):.3f}" for step in range(3)),
    ]
    assert jobs.state(name) == "Succeeded"


def test_the_blogs_nccl_test_runs_over_two_nodes(jobs: Jobs, images: Path) -> None:
    demand_open_mpi()
    name, lines = ran(jobs, str(BLOG / "nccl-test-efa.yaml"))
    assert [line for line in lines if line.startswith("[rank 1] ")] == ["[rank 1] Worker nodes"]
    said = "\n".join(lines)
    began = re.findall(rf"# rank (\d+) of 16 on {name}-(\d) provider efa", said)
    assert sorted((int(rank), int(node)) for rank, node in began) == [(rank, rank // 8) for rank in range(16)]
    assert [int(size) for size in re.findall(r"(\d+) +\d+ float sum", said)] == [8 * 2**power for power in range(29)]
    assert "# Out of bounds values : 0 OK" in said
    assert jobs.state(name) == "Succeeded"


@pytest.mark.parametrize("kind", ["PyTorchJob", "Job"])
def test_two_nodes_form_a_process_group_in_every_kind(jobs: Jobs, images: Path, kind: str) -> None:
    project = jobs.folder / f"group-{kind.lower()}"
    project.mkdir()
    for path, text in group_files().items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(text)
    spec = f"""
api_version: hpctl/v1
kind: Job
name: group
nodes: 2
accelerators: H100:2
workdir: {project}
run: python3 -m torch.distributed.run train.py
"""
    _, lines = ran(jobs, jobs.write(f"{project.name}.yaml", spec), "--kind", kind)
    assert sorted(line.partition("] ")[2] for line in lines) == [f"rank {rank} of 4 sum 6.0" for rank in range(4)]


def test_a_task_that_is_tried_again_is_with_all_of_its_nodes(jobs: Jobs) -> None:
    # A pod fills a node, and comes back to the same or to the other one: each counts its attempts.
    task = """
num_nodes: 2
resources: {accelerators: H100:8, job_recovery: {max_restarts_on_errors: 1}}
run: |
  echo x >> /kept/attempts; echo "attempt $(wc -l < /kept/attempts)"
  [ "$SKYPILOT_NODE_RANK" = 1 ] || exit 0
  until ssh "$(head -n 1 <<< "$SKYPILOT_NODE_IPS")" test -e /kept/attempts; do sleep 0.1; done
  [ "$(wc -l < /kept/attempts)" = 2 ]
config: {kubernetes: {pod_config: {spec: {
  volumes: [{name: kept, hostPath: {path: /kept}}],
  containers: [{volumeMounts: [{name: kept, mountPath: /kept}]}],
}}}}
"""
    name, lines = ran(jobs, jobs.write("again.yaml", task))
    assert [lines.count(f"[rank {rank}] attempt 2") for rank in range(2)] == [1, 1]
    assert jobs.state(name) == "Succeeded"


def test_every_rank_runs_also_where_rank_0_has_nothing_to_wait_for(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--nodes", "2", "--wait", "--", "hostname")
    lines = jobs.hpctl("job", "logs", name).out.splitlines()
    assert sorted(lines) == [f"[rank 0] {name}-master-0", f"[rank 1] {name}-worker-0"]


def test_a_training_that_resumes_is_started_again_with_all_of_its_ranks(jobs: Jobs) -> None:
    """Rank 0 would wait for rank 1 for ever; one retry is one for each rank."""
    spec = """
api_version: hpctl/v1
kind: Job
name: again
nodes: 2
resume: {max_retries: 1}
run: |
  echo x >> tries; echo "attempt $(wc -l < tries)"
  [ "$(wc -l < tries)" = 1 ] || exit 0
  [ "$NODE_RANK" = 1 ] || exec sleep 600
  sleep 1; exit 3
"""
    name, lines = ran(jobs, jobs.write("resumed.yaml", spec))
    assert [lines.count(f"[rank {rank}] attempt 2") for rank in range(2)] == [1, 1]
    assert "[rank 0] hpctl: ended because rank 1 failed" in lines
    assert jobs.state(name) == "Succeeded"
