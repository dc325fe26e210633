"""The command beside the Slurm cluster that tests share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli.command import Hpctl, bare_environment
from tests.functional.slurm.ready import SlurmCluster

FAILS = """\
api_version: hpctl/v1
kind: Job
nodes: 2
run: |
  if [ "$RANK" = 1 ]; then echo "ValueError: bad batch"; exit 9; fi
  sleep 300
"""
"""A job whose rank 1 fails while the other would go on."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class SlurmJobs:
    """The command in the environment of a cluster with a real Slurm, and its shared file system from the side."""

    hpctl: Hpctl
    cluster: SlurmCluster

    def name(self) -> str:
        """Return a name that no job has."""
        return f"job-{next(_numbers)}"

    def write(self, name: str, text: str) -> str:
        """Write a file where the command runs, and return its name."""
        (self.hpctl.folder / name).write_text(text, encoding="utf-8", newline="")
        return name

    def on_disk(self, path: str) -> Path:
        """Return where a path below /fsx is on this machine."""
        home = Path(self.cluster.running.environ["HPCTL_SANDBOX_HOME"])
        (found,) = home.glob("*/nodes/*/fsx")
        return found / path.removeprefix("/fsx/")

    def described(self, job: str) -> Any:
        """Return what `job describe` tells."""
        return self.hpctl("job", "describe", job, "-o", "json").json()

    def folder(self, job: str) -> Path:
        """Return the folder of a job on this machine."""
        return self.on_disk(self.described(job)["folder"])

    def called(self, name: str) -> list[Any]:
        """Return the rows of all jobs of a name."""
        return [row for row in self.hpctl("job", "list", "-o", "json").json()["jobs"] if row["job"] == name]


@pytest.fixture
def slurm_jobs(ready_slurm: SlurmCluster, tmp_path: Path) -> Iterator[SlurmJobs]:
    """The command in a folder of this test; whatever it leaves in the queue is cancelled."""
    inside = {name: value for name, value in ready_slurm.environ.items() if name.startswith(("AWS_", "HPCTL_"))}
    env = {
        **bare_environment(),
        **inside,
        "HPCTL_CLUSTER": ready_slurm.name,
        "HPCTL_STATE_HOME": str(tmp_path / "state"),
    }
    jobs = SlurmJobs(Hpctl(env, tmp_path), ready_slurm)
    yield jobs
    ready_slurm.says("scancel", "--user=ubuntu")
