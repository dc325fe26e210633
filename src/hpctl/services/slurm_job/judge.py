"""Judge a job before it is submitted to Slurm: its script, on the cluster's nodes as they are."""

from __future__ import annotations

from typing import Final

from hpctl.checks.catalogue import SLURM_JOB_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import demand_known, run_checks
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.create import Judging

_OF_THE_PLACE: Final = frozenset(
    {"sbatch-fits", "sbatch-partition", "sbatch-nodes", "sbatch-gres", "sbatch-time", "sbatch-image"}
)
"""What can be wrong with a script of hpctl's own making."""


def judge_on_slurm(target: JobOnSlurm, world: World, judging: Judging) -> CheckReport:
    """Return what the checks of jobs on Slurm say; `UsageError` for an id in `judging.skip` that no check has."""
    demand_known(judging.skip, SLURM_JOB_CHECKS)
    checks = checks_of(target)
    skip = tuple(check_id for check_id in judging.skip if check_id in {one.id for one in checks})
    return run_checks(checks, (target,), world, skip=skip, observe=judging.observe)


def checks_of(target: JobOnSlurm) -> tuple[Check, ...]:
    """Return the checks that a job on Slurm stands."""
    return tuple(one for one in SLURM_JOB_CHECKS if _applies(one, target))


def _applies(one: Check, target: JobOnSlurm) -> bool:
    """Tell whether there is something to judge: of hpctl's own script only what depends on the cluster."""
    if target.spec is None:
        return one.id != "sbatch-fits"
    return one.id == "sbatch-fits" if target.script is None else one.id in _OF_THE_PLACE
