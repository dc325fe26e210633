"""The jobs that end with a cluster: whoever deletes it should know of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.report.job import JobRow
from hpctl.report.plan import PlannedEnd, PlanReport
from hpctl.services.job import look as on_eks
from hpctl.services.job.where import where_on_eks
from hpctl.services.slurm_job import look as on_slurm
from hpctl.services.slurm_job.where import where_on_slurm
from hpctl.terms import Orchestrator

_ON_NODES: Final = frozenset({JobState.RUNNING, JobState.RESTARTING})


def with_jobs(plan: PlanReport, cluster: Cluster | None, ports: Ports) -> PlanReport:
    """Return the plan with the jobs that its cluster's end would end, or with a notice that they cannot be seen.

    On EKS those that run, in all namespaces: what waits stays in Kubernetes. On Slurm all that have not ended, for
    the queue goes with the controller.
    """
    if cluster is None or not plan.actions:
        return plan
    try:
        ends = tuple(_ends(cluster, ports))
    except NotFoundError:  # no controller: a cluster without Slurm has no jobs
        return plan
    except HpctlError as error:
        notice = f"which jobs run there cannot be seen: {error.message}"
        return plan.model_copy(update={"notices": (*plan.notices, notice)})
    return plan.model_copy(update={"ends": ends})


def _ends(cluster: Cluster, ports: Ports) -> Iterator[PlannedEnd]:
    for row in _jobs(cluster, ports):
        yield PlannedEnd(
            job=row.job if row.user is None else f"{row.job} ({row.uid})",
            owner=row.user or row.namespace or "",
            state=row.state,
            nodes=row.nodes,
            started=row.started,
        )


def _jobs(cluster: Cluster, ports: Ports) -> Iterator[JobRow]:
    if cluster.orchestrator == Orchestrator.SLURM:
        rows = on_slurm.list_jobs(where_on_slurm(cluster, None, None, ports), ports).jobs
        yield from (row for row in rows if not row.state.final)
    else:
        rows = on_eks.list_jobs(where_on_eks(cluster, None, ports), None, ports).jobs
        yield from (row for row in rows if row.state in _ON_NODES)
