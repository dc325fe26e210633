"""One job file, unchanged, on the sandbox's EKS and Slurm clusters: scripts see the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.job.cli.conftest import Jobs, jobs
from tests.functional.slurm_job.conftest import SlurmJobs

__all__ = ["jobs"]

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(400)]

NAMED = ("RANK", "NODE_RANK", "WORLD_SIZE", "HARD", "STEPS", "TOKEN", "PET_NNODES", "PET_NPROC_PER_NODE")
JOB = """\
api_version: hpctl/v1
kind: Job
name: {name}
nodes: 2
accelerators: H100:8
image: public.ecr.aws/docker/library/python:3.12
workdir: code
secrets: [TOKEN]
env:
  STEPS: "40"
  HARD: "a,b 'c' $(id) \\"\\n=é"
setup: echo "prepared" > prepared
run: python3 tells.py
"""
TELLS = f"""\
import json, os, socket
seen = {{name: os.environ.get(name) for name in {NAMED!r}}}
seen["here"] = sorted(name for name in os.listdir() if not name.startswith("."))
seen["prepared"] = open("prepared").read()
seen["resolves"] = bool(socket.getaddrinfo(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])))
print("SEEN " + json.dumps(seen, sort_keys=True), flush=True)
"""


def told(lines: str) -> list[Any]:
    """Return what each rank told, by rank."""
    found = [json.loads(line.partition("SEEN ")[2]) for line in lines.splitlines() if "SEEN " in line]
    return sorted(found, key=lambda one: str(one["RANK"]))


@pytest.mark.scorecard(44)
def test_the_same_file_sees_the_same_on_both(jobs: Jobs, slurm_jobs: SlurmJobs, tmp_path: Path) -> None:
    name = slurm_jobs.name()
    (tmp_path / "code").mkdir()
    slurm_jobs.write("code/tells.py", TELLS)
    slurm_jobs.write("token", "s3cret")
    slurm_jobs.write("job.yaml", JOB.format(name=name))
    on_eks = type(jobs.hpctl)(jobs.hpctl.env, tmp_path)
    seen = []
    for hpctl in (on_eks, slurm_jobs.hpctl):
        hpctl("job", "submit", "job.yaml", "--secret", "TOKEN=@token", "--wait")
        seen.append(told(hpctl("job", "logs", name).out))
        hpctl("job", "delete", name, "--yes")
    eks, slurm = seen
    assert eks == slurm
    assert [one["RANK"] for one in slurm] == ["0", "1"]
    assert slurm[0]["HARD"] == "a,b 'c' $(id) \"\n=é"
    assert slurm[0]["resolves"]
