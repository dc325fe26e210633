"""Judge a cluster that lives: how far the caller comes, what it may do there, and what runs for its jobs."""

from __future__ import annotations

from hpctl.checks.catalogue import KUBERNETES_CHECKS
from hpctl.checks.engine import run_checks
from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.connect import eks_cluster_of
from hpctl.services.create import Judging


def check_live(name: str, namespace: str, world: World, judging: Judging) -> CheckReport:
    """Return what the checks of live clusters say.

    Raises `NotFoundError` when there is no such cluster, `UsageError` when Slurm orchestrates it.
    """
    cluster = world.cluster(name)
    if cluster is None:
        raise NotFoundError(f"there is no cluster `{name}`", hint="the clusters that there are: hpctl cluster list")
    live = ClusterOnEks(cluster.name, eks_cluster_of(cluster), namespace)
    return run_checks(KUBERNETES_CHECKS, (live,), world, skip=judging.skip, observe=judging.observe)
