"""Judge a job before it is submitted: what would be created, in the cluster as it is."""

from __future__ import annotations

from typing import Final

from hpctl.checks.catalogue import JOB_CHECKS, KUBERNETES_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import Locate, demand_known, run_checks, with_needs
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.create import Judging

_WAY: Final = with_needs(("kube-token",), KUBERNETES_CHECKS)
"""What must hold before anything can be asked of the cluster's Kubernetes."""

_WITHOUT_OBJECT: Final = ("job-namespace", "job-fits")
"""What can be judged of a job that has no place."""

_OF_THE_MODEL: Final = "job-model"


def judge_job(
    target: JobInCluster, world: World, judging: Judging, *, locate: Locate = lambda _path: None
) -> CheckReport:
    """Return what the checks of jobs say, and before them those of the way to the cluster.

    Where nothing fits there is no object to judge, and no more is said than that; where no model is known, nothing is
    said of one. `UsageError` for an id in
    `judging.skip` that no check has.
    """
    demand_known(judging.skip, (*_WAY, *JOB_CHECKS))
    checks = checks_of(target)
    skip = tuple(check_id for check_id in judging.skip if check_id in {one.id for one in checks})
    return run_checks(checks, (target.live, target), world, skip=skip, locate=locate, observe=judging.observe)


def checks_of(target: JobInCluster) -> tuple[Check, ...]:
    """Return the checks that a job stands: those of the way to its cluster, and those of jobs that apply to it."""
    return (*_WAY, *(one for one in JOB_CHECKS if _applies(one.id, target)))


def _applies(check_id: str, target: JobInCluster) -> bool:
    if check_id == _OF_THE_MODEL and target.model is None:
        return False
    return target.job is not None or check_id in _WITHOUT_OBJECT
