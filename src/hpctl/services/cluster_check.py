"""Judge a cluster that lives: how it is, how far the caller comes, what it may do there, and what runs for its jobs."""

from __future__ import annotations

from hpctl.checks.catalogue import KUBERNETES_CHECKS, LIVE_CHECKS, SLURM_CHECKS
from hpctl.checks.engine import run_checks
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.create import Judging
from hpctl.services.patient import Ward, live_targets


def check_live(name: str, namespace: str, world: World, judging: Judging) -> CheckReport:
    """Return what the checks of live clusters say: those of Kubernetes where EKS orchestrates.

    Raises `NotFoundError` when there is no such cluster.
    """
    targets = live_targets(Ward(name, namespace), world)
    checks = (*LIVE_CHECKS, *SLURM_CHECKS, *KUBERNETES_CHECKS)
    return run_checks(checks, targets, world, skip=judging.skip, observe=judging.observe)
