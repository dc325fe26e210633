"""Slurm's programs as a compiled job's scripts call them, for tests of what bash does with these scripts."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hpctl.compile.bundle import Payload
from hpctl.compile.slurm.bundle import SlurmBundle
from hpctl.compile.slurm.jobs import compile_for_slurm
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import JobSpec

SRUN = """#!/bin/bash
# Runs its command once a rank, at the same time, with the output of each in a file of its own.
while [[ $1 = -* ]]; do
  case $1 in
    --help) echo "$CONTAINERS" && exit ;;
    --nodes=*) nodes=${1#*=} ;;
    --output=*) output=${1#*=} ;;
  esac
  shift
done
[ -z "$SEEN" ] || tr '\\0' '\\n' </proc/$$/environ >"$SEEN"
for ((rank = 0; rank < nodes; rank++)); do
  SLURM_PROCID=$rank "$@" </dev/null >>"${output/\\%t/$rank}" 2>&1 &
  children[rank]=$!
done
trap 'kill -TERM "${children[@]}" 2>/dev/null' TERM
worst=0
for child in "${children[@]}"; do
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  wait "$child"
  code=$?
  ((code <= worst)) || worst=$code
done
exit "$worst"
"""
SCONTROL = """#!/bin/bash
case "$*" in
  "show hostnames"*) for ((i = 0; i < NODES; i++)); do echo "node-$i"; done ;;
  *"show node"*) echo "NodeName=$4 NodeAddr=10.0.0.${4#node-} State=IDLE" ;;
esac
"""


@dataclass(frozen=True)
class Ran:
    """How a compiled job went: its exit code, and the folder that it worked in."""

    code: int
    folder: Path
    bundle: SlurmBundle

    def log(self, rank: int | str) -> str:
        name = f"rank-{rank}.log" if isinstance(rank, int) else f"{rank}.log"
        return (self.folder / "logs" / name).read_bytes().decode()

    @property
    def ended(self) -> dict[str, str]:
        rows = (self.folder / "ended").read_text(encoding="utf-8").splitlines()
        return {name: value for name, _, value in (row.partition("=") for row in rows)}


@dataclass(frozen=True)
class StandIns:
    """A folder with stand-ins for Slurm's programs."""

    root: Path

    @classmethod
    def in_folder(cls, root: Path) -> StandIns:
        programs = root / "bin"
        programs.mkdir()
        for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        return cls(root)

    def written(self, spec: JobSpec, payload: Payload, name: str = "job") -> tuple[Path, SlurmBundle]:
        """Compile a job and lay out its folder as it lies on the shared file system."""
        folder = self.root / name
        bundle = compile_for_slurm(spec, payload, SlurmSite(folder=str(folder), cluster="ml"))
        for place in bundle.folders:
            (folder / place).mkdir(parents=True, exist_ok=True)
        for place, data in bundle.files.items():
            (folder / place).write_bytes(data)
            (folder / place).chmod(0o600)
        return folder, bundle

    def start(self, folder: Path, bundle: SlurmBundle, nodes: int, **more: str) -> subprocess.Popen[bytes]:
        """Run the job's script as a batch script runs."""
        env = {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "HOME": str(self.root),
            "NODES": str(nodes),
            "SLURM_JOB_ID": "7",
            "SLURM_JOB_NODELIST": "node-[0-9]",
            **more,
        }
        with (folder / "logs" / "batch.log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/bash", "-c", bundle.script],
                cwd=folder,
                env=env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def run(self, spec: JobSpec, payload: Payload | None = None, name: str = "job", **more: str) -> Ran:
        """Compile and run a job, to its end."""
        folder, bundle = self.written(spec, payload or Payload(run_id="r"), name)
        process = self.start(folder, bundle, spec.nodes, **more)
        return Ran(process.wait(timeout=90), folder, bundle)
