"""The two files of the AWS blog on SkyPilot and HyperPod (July 2025), unchanged, in pods with stand-in images."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hpctl.compile.bundle import Placement
from hpctl.spec.job import Choice, JobSpec
from hpctl.spec.job_load import load_job
from tests.functional.job.overlays import demand_open_mpi, nccl_image, training_image
from tests.functional.job.tasks import submit
from tests.functional.sandbox.kubelet.clusters import Cluster, run

pytestmark = pytest.mark.usefixtures("namespaces")
BLOG = Path(__file__).parent / "blog"


def loaded(name: str) -> JobSpec:
    found = load_job(BLOG / name, env=os.environ).wish
    assert isinstance(found, JobSpec)
    return found


def test_train_yaml_trains(tmp_path: Path) -> None:
    training_image(tmp_path / "images")

    async def scenario(made: Cluster) -> str:
        placement = Placement(choice=Choice(), instance_type="ml.p5.48xlarge", devices=1)
        submitted = submit(made, loaded("train.yaml"), None, placement, {"image": "example.com/pytorch-training:1"})
        said = await submitted.said()
        assert await submitted.codes() == [0], said
        return said.replace(made.get(submitted.pod(0))["status"]["podIP"], "IP")

    said = run(scenario, tmp_path)
    assert "Rewrite " in said
    assert said.splitlines()[-5:] == [
        "Starting distributed training, head node: IP",
        "rank 0 of 1, torch 2.0.0, numpy 1.26.4, fsspec",
        "step 0 loss 1.000",
        "step 1 loss 0.500",
        "step 2 loss 0.333",
    ]


def test_nccl_test_efa_runs_sixteen_processes_on_two_nodes(tmp_path: Path) -> None:
    demand_open_mpi()
    nccl_image(tmp_path / "images")

    async def scenario(made: Cluster) -> tuple[list[str], list[str], list[str]]:
        placement = Placement(choice=Choice(), instance_type="ml.p5.48xlarge", devices=8)
        spec = loaded("nccl-test-efa.yaml")
        assert spec.image is not None
        submitted = submit(made, spec, None, placement, {"image": spec.image})
        head, worker = [await submitted.said(rank) for rank in range(2)]
        assert await submitted.codes() == [0, 0], head
        ips = [made.get(submitted.pod(rank))["status"]["podIP"] for rank in range(2)]
        return head.splitlines(), worker.splitlines(), ips

    head, worker, ips = run(scenario, tmp_path)
    assert worker == ["Worker nodes"]
    assert head[:2] == ["Head node", f"All nodes: {ips[0]}:8,{ips[1]}:8"]
    # mpirun tags what comes from a process, not always at the beginning of a line.
    said = "\n".join(head)
    began = re.findall(r"# rank (\d+) of 16 on nccl-test-efa-(\d) provider efa", said)
    assert sorted((int(rank), int(node)) for rank, node in began) == [(rank, rank // 8) for rank in range(16)]
    assert [int(size) for size in re.findall(r"(\d+) +\d+ float sum", said)] == [8 * 2**power for power in range(29)]
    assert "# Out of bounds values : 0 OK" in said
