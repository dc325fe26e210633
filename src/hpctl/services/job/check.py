"""Judge a job before it is submitted: what would be created, in the cluster as it is."""

from __future__ import annotations

from typing import Final

from hpctl.checks.catalogue import JOB_CHECKS, LIVE_CHECKS
from hpctl.checks.engine import Locate, run_checks, with_needs
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.create import Judging

_WAY: Final = with_needs(("kube-token",), LIVE_CHECKS)
"""What must hold before anything can be asked of the cluster's Kubernetes."""


def judge_job(
    target: JobInCluster, world: World, judging: Judging, *, locate: Locate = lambda _path: None
) -> CheckReport:
    """Return what the checks of jobs say, and before them those of the way to the cluster.

    `UsageError` for an id in `judging.skip` that no check has.
    """
    checks = (*_WAY, *JOB_CHECKS)
    return run_checks(checks, (target.live, target), world, skip=judging.skip, locate=locate, observe=judging.observe)
