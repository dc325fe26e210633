"""The accelerators of a cluster, whoever orchestrates it."""

from __future__ import annotations

from hpctl.facts.ports import Ports
from hpctl.report.gpus import AcceleratorListReport
from hpctl.services.gpus import list_accelerators
from hpctl.services.job.where import where_on_eks
from hpctl.services.slurm.gpus import slurm_accelerators
from hpctl.terms import Orchestrator


def accelerators_of(cluster: str, ports: Ports) -> AcceleratorListReport:
    """Return them by kind and by node; raises `NotFoundError`, and what the orchestrator's own count raises."""
    found = ports.clusters.describe(cluster)
    if found.orchestrator == Orchestrator.SLURM:
        return slurm_accelerators(found.name, ports)
    return list_accelerators(where_on_eks(found, None, ports), ports)
