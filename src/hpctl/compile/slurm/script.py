"""The sbatch script of a compiled job: its directives, and one `srun` of what runs on every node."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from hpctl.compile.scripts import failure_of
from hpctl.compile.slurm.directives import directives, folder_of
from hpctl.compile.slurm.images import pyxis_image
from hpctl.compile.slurm.placement import Seat
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import JobSpec

HYPERPOD: Final = "/opt/sagemaker_cluster"
"""A folder that HyperPod's nodes have; `srun` knows `--auto-resume` there alone."""


def script(spec: JobSpec, seat: Seat, site: SlurmSite, binds: Sequence[str]) -> str:
    """Return the script; `binds` are what its containers are given. Raises what `directives` raises."""
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH {option}" for option in directives(spec, seat, site)),
        "",
        "# Made by hpctl: what runs on every node stands in job/setup and job/run below, its variables in env.",
        f"hpctl_folder={folder_of(site)}",
        '. "$hpctl_folder/job/batch.sh"',
        "",
        "hpctl_launch=(",
        *(f"  {word}" for word in _launch(spec, binds)),
        ")",
    ]
    if spec.image is not None:
        lines.append("hpctl_demand_containers")
    if spec.resume is not None:
        lines.append(f"[ ! -d {HYPERPOD} ] || hpctl_launch+=(--auto-resume=1)")
    return "\n".join((*lines, 'hpctl_run "${hpctl_launch[@]}"', ""))


def _launch(spec: JobSpec, binds: Sequence[str]) -> Iterator[str]:
    yield "srun"
    yield f"--nodes={spec.nodes}"
    yield "--ntasks-per-node=1"
    # Where somebody else takes care of the other ranks, they go on.
    yield f"--kill-on-bad-exit={0 if failure_of(spec) == 'alone' else 1}"
    yield "--input=none"
    yield "--export=ALL"
    yield '--output="$hpctl_folder/logs/rank-%t.log"'
    yield "--open-mode=append"
    if spec.image is not None:
        yield f"--container-image={shlex.quote(pyxis_image(spec.image))}"
        yield f"--container-mounts={shlex.quote(','.join(binds))}"
