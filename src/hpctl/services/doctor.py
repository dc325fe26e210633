"""Examine this machine, the account and a spec: every check, or some of them, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check, Target
from hpctl.checks.engine import Observer, Reach, demand_known, run_checks, with_needs
from hpctl.errors import ChecksWarnedError, UsageError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import LiveCluster, LiveNode
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import CheckListReport, CheckReport, DeclaredCheck
from hpctl.services.create import Blindness, demand_passed
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.load import Loaded
from hpctl.terms import Outcome

JUDGES: Final[Mapping[type[Target], Literal["machine", "spec", "cluster", "node", "job"]]] = {
    ClusterSpec: "spec",
    LiveCluster: "cluster",
    ClusterOnEks: "cluster",
    LiveNode: "node",
    JobInCluster: "job",
    Machine: "machine",
}


class Threshold(StrEnum):
    """What stops a script: failures, or warnings already."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Examination:
    """Which checks run (`only`: with what they need; none named is all), how far they look, who is told."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    reach: Reach = Reach.AWS
    observe: Observer = lambda _result: None


def examine(machine: Machine, loaded: Loaded | None, world: World, wanted: Examination) -> CheckReport:
    """Return what the checks say of the machine, and of the spec if there is one.

    Raises `UsageError` for an id that no check has, and when everything named by `only` wants a spec that is not there.
    """
    demand_known((*wanted.only, *wanted.skip), CHECKS)
    checks = with_needs(wanted.only, CHECKS) if wanted.only else CHECKS
    _demand_judgeable(checks, wanted.only, loaded)
    return run_checks(
        checks,
        (machine,) if loaded is None else (machine, loaded.spec),
        world,
        skip=(check_id for check_id in wanted.skip if check_id in {one.id for one in checks}),
        reach=wanted.reach,
        locate=loaded.source.where if loaded else lambda _path: None,
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


def _demand_judgeable(checks: Iterable[Check], only: tuple[str, ...], loaded: Loaded | None) -> None:
    judged = {one.target for one in checks}
    if JobInCluster in judged and not judged & {Machine, ClusterSpec}:
        raise UsageError(f"`{only[0]}` judges a job", hint="hpctl job submit FILE --dry-run")
    if judged <= {LiveCluster, LiveNode, ClusterOnEks}:
        raise UsageError(f"`{only[0]}` judges a live cluster", hint="hpctl cluster check NAME")
    if loaded is None and Machine not in judged:
        raise UsageError(f"`{only[0]}` judges a spec, and none is given", hint="add `--file FILE`")
