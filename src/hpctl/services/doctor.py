"""Examine a machine, the account, a spec, a live cluster: every check or some of them, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check, Target
from hpctl.checks.engine import Observer, Reach, demand_known, judgeable, run_checks, with_needs
from hpctl.errors import ChecksWarnedError, UsageError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckListReport, CheckReport, DeclaredCheck
from hpctl.services.create import Blindness, demand_passed
from hpctl.services.patient import Patient
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Outcome

JUDGES: Final[Mapping[type[Target], Literal["machine", "spec", "cluster", "node", "job"]]] = {
    ClusterSpec: "spec",
    LiveCluster: "cluster",
    ClusterOnEks: "cluster",
    LiveNode: "node",
    ClusterOnSlurm: "cluster",
    NodeInside: "node",
    NodeOnEks: "node",
    JobInCluster: "job",
    JobOnSlurm: "job",
    Machine: "machine",
}

_MISSING: Final[Mapping[type[Target], tuple[str, str]]] = {
    ClusterSpec: ("a spec", "add `--file FILE`"),
    LiveCluster: ("a live cluster", "hpctl doctor CLUSTER"),
    ClusterOnEks: ("a live cluster on EKS", "hpctl doctor CLUSTER"),
    LiveNode: ("a node of a live cluster", "hpctl doctor CLUSTER --node ID"),
    ClusterOnSlurm: ("a live cluster on Slurm", "hpctl doctor CLUSTER"),
    NodeInside: ("a node of a live cluster, from inside", "hpctl doctor CLUSTER --node ID"),
    NodeOnEks: ("a node of a live cluster on EKS", "hpctl doctor CLUSTER --node ID"),
    JobInCluster: ("a job", "hpctl doctor --job FILE"),
    JobOnSlurm: ("a job for Slurm", "hpctl doctor --job FILE"),
    Machine: ("this machine", "hpctl doctor"),
}
"""What is missing when nothing that is there can be judged, and how it is given."""


Herald = Callable[[tuple[str, ...]], None]
"""Who is told, before anything runs, the ids of the results that will come, in catalogue order."""


class Threshold(StrEnum):
    """What stops a script: failures, or warnings already."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Examination:
    """Which checks run (`only`: with what they need; none named is all), how far they look, who is told.

    `expect` is told the ids of the results to come, `observe` each as it comes.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    reach: Reach = Reach.AWS
    expect: Herald = lambda _ids: None
    observe: Observer = lambda _result: None


def examine(patient: Patient, world: World, wanted: Examination) -> CheckReport:
    """Return what the checks say of everything that the patient is made of.

    Raises `UsageError` for an id that no check has, and when everything named by `only` wants something that is not
    there.
    """
    demand_known((*wanted.only, *wanted.skip), CHECKS)
    checks = with_needs(wanted.only, CHECKS) if wanted.only else patient.checks
    _demand_judgeable(checks, wanted.only, patient)
    wanted.expect(tuple(one.id for one in judgeable(checks, patient.targets)))
    return run_checks(
        checks,
        patient.targets,
        world,
        skip=(check_id for check_id in wanted.skip if check_id in {one.id for one in checks}),
        reach=wanted.reach,
        locate=patient.locate,
        observe=wanted.observe,
    )


def declared(checks: Iterable[Check] = CHECKS) -> CheckListReport:
    """Return every check that there is, without running one."""
    return CheckListReport(
        checks=tuple(
            DeclaredCheck(
                id=one.id,
                title=one.title,
                judges=JUDGES[one.target],
                blocking=one.blocking,
                needs=one.needs,
                reads=one.reads,
            )
            for one in checks
        )
    )


def demand_well(report: CheckReport, blindness: Blindness, threshold: Threshold) -> None:
    """Raise `ChecksFailedError` or `ChecksUnknownError` as a create would, `ChecksWarnedError` beyond the threshold."""
    demand_passed(report, blindness)
    warned = [result.id for result in report.results if result.outcome is Outcome.WARN]
    if warned and threshold is Threshold.WARN:
        ids = ", ".join(f"`{check_id}`" for check_id in warned)
        raise ChecksWarnedError(
            f"{len(warned)} of {len(report.results)} checks warned: {ids}",
            hint=f"mend what they name, or leave one out: --skip {warned[0]}",
        )


def _demand_judgeable(checks: Iterable[Check], only: tuple[str, ...], patient: Patient) -> None:
    there = {type(target) for target in patient.targets}
    if there.isdisjoint(one.target for one in checks):
        what, hint = _MISSING[next(one.target for one in checks if one.id == only[0])]
        raise UsageError(f"`{only[0]}` judges {what}, and none is given", hint=hint)
    if only and not judgeable((one for one in checks if one.id in only), patient.targets):
        raise UsageError(f"`{only[0]}` is a matter of the other orchestrator: there is nothing here for it to judge")
