"""A job on Slurm as checks judge it: the script that would be submitted, and where."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.errors import HpctlError
from hpctl.facts.placement import Placement
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import JobSpec
from hpctl.spec.sbatch import SbatchScript


@dataclass(frozen=True, slots=True)
class JobOnSlurm:
    """A job that is about to be submitted to a Slurm cluster.

    `script` is what sbatch would be given: somebody's own, or the one that `spec` compiles to, which `spec` and
    `placement` tell more about. Where nothing fits there is no script, and `refusal` says why.
    """

    name: str
    site: SlurmSite
    script: SbatchScript | None = None
    spec: JobSpec | None = None
    placement: Placement | None = None
    refusal: HpctlError | None = None
