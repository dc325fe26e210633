"""`hpctl doctor --job FILE`: what a submission would be told, without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.services.patient import FindPatient, Patient
    from hpctl.spec.job_wish import LoadedJob

JobOption = Annotated[
    str | None,
    typer.Option("--job", metavar="FILE", help="Judge this job, as it would be submitted (- is stdin)."),
]


def load(file: str, values: Sequence[str]) -> LoadedJob:
    """Load the job's file; `SpecError` lists everything wrong with it."""
    from hpctl.spec.job_wish import NO_OVERRIDES

    return wiring.load_job(file, (), values, NO_OVERRIDES)


def finder(session: Session, loaded: LoadedJob, cluster: str | None, namespace: str | None) -> FindPatient:
    """Return who finds the job in the cluster that is named, or in the only one, in its namespace there."""
    from hpctl.facts.local_files import Sensitive
    from hpctl.services.job.examine import a_job
    from hpctl.services.job.where import where_on_eks
    from hpctl.services.slurm_job.examine import a_job_on_slurm
    from hpctl.services.slurm_job.where import where_on_slurm

    found = session.ports.clusters.describe(session.cluster(cluster))
    asked, files = wiring.asked((), None, Sensitive.REFUSED), wiring.local_files()
    if found.eks_cluster_arn is None:
        there = where_on_slurm(found, None, None, session.ports)
        return lambda _world: a_job_on_slurm(wiring.machine(), loaded, there, asked, session.ports, files)
    at = where_on_eks(found, namespace or loaded.namespace, session.ports)

    def find(world: World) -> Patient:
        return a_job(wiring.machine(), loaded, at, asked, world, session.ports, files)

    return find
