"""Create a cluster: judge the wish, plan it, carry the plan out, follow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from hpctl import timeouts
from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.checks.engine import Observer, run_checks
from hpctl.errors import ChecksFailedError, ChecksUnknownError, ConflictError
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.create import guard, plan_create
from hpctl.report.check import CheckReport
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services.refusals import explained
from hpctl.services.wait import Waiting, until_in_service
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.load import Loaded

_NAMED = 5
"""Differences that an error names; the plan beside it has them all."""


@dataclass(frozen=True)
class Judging:
    """How a spec is judged: which checks to leave out, and who is told each result as it comes."""

    skip: tuple[str, ...] = ()
    observe: Observer = lambda _result: None


def check_spec(loaded: Loaded, world: World, judging: Judging) -> CheckReport:
    """Return what every check says of the spec; `ConflictError` first when it is for another account or Region."""
    guard(loaded.spec, world.identity())
    return run_checks(
        CLUSTER_CHECKS,
        (loaded.spec,),
        world,
        skip=judging.skip,
        locate=loaded.source.where,
        observe=judging.observe,
    )


def plan(loaded: Loaded, world: World, judging: Judging, *, run_id: str) -> PlanReport:
    """Return the plan for the spec, with the checks' judgement in it."""
    checks = check_spec(loaded, world, judging)
    return plan_create(loaded.spec, world, run_id=run_id, checks=checks, notices=loaded.notices)


class Blindness(StrEnum):
    """What it means that a check which must hold could not look."""

    REFUSED = "refused"
    ALLOWED = "allowed"


def demand_passed(checks: CheckReport, blindness: Blindness = Blindness.REFUSED) -> None:
    """Raise `ChecksFailedError` when a check failed, `ChecksUnknownError` when one that blocks could not look."""
    if failed := checks.failed:
        ids = ", ".join(f"`{result.id}`" for result in failed)
        raise ChecksFailedError(
            f"{len(failed)} of {len(checks.results)} checks failed: {ids}",
            hint=f"fix what they name, or leave one out: --skip {failed[0].id}",
        )
    blind = checks.blind
    if blind and blindness is Blindness.REFUSED:
        ids = ", ".join(f"`{result.id}`" for result in blind)
        counted = "a check that must hold" if len(blind) == 1 else f"{len(blind)} checks that must hold"
        raise ChecksUnknownError(
            f"{counted} could not look: {ids}",
            hint=next((result.hint for result in blind if result.hint), None) or "go on without them: --allow-unknown",
        )


def demand_possible(plan: PlanReport, blindness: Blindness) -> None:
    """Raise what stands in the way of creating: failed checks, then a cluster of another spec."""
    if plan.checks:
        demand_passed(plan.checks, blindness)
    demand_absent(plan)


def demand_absent(plan: PlanReport) -> None:
    """Raise `ConflictError` when another cluster has the name."""
    if plan.state != "other":
        return
    look = f"look at it: hpctl cluster describe {plan.cluster}"
    if plan.changes:
        paths = ", ".join(f"`{change.path}`" for change in plan.changes[:_NAMED])
        more = f" and {len(plan.changes) - _NAMED} more" if len(plan.changes) > _NAMED else ""
        raise ConflictError(
            f"a cluster named `{plan.cluster}` exists and is not what this spec asks for: {paths}{more} differ",
            hint=f"to change it: hpctl cluster update -f FILE\n{look}\nor choose another name",
        )
    raise ConflictError(
        f"a cluster named `{plan.cluster}` exists and is failing or going",
        hint=f"{look}\nchoose another name, or delete it first",
    )


def create(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan; a refusal by AWS comes with its known cause and remedy."""
    with explained(plan):
        yield from apply(plan, ports)


def usual_wait_s(spec: ClusterSpec) -> float:
    """Return after how many seconds a create that goes well is done, with a margin."""
    tested = any(group.deep_health_checks for group in spec.all_groups)
    return timeouts.CREATE_WAIT_S + (timeouts.DEEP_CHECKS_S if tested else 0)


def follow(plan: PlanReport, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[Progress]:
    """Follow the plan's cluster until it is in service."""
    return until_in_service(Waiting(plan.cluster, timeout_s, resume), ports)
