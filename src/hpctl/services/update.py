"""Change a live cluster: judge the wish, plan the way to it, carry the plan out, follow it."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.errors import ConflictError, UsageError
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.create import plan_create
from hpctl.plan.update import plan_update
from hpctl.report.check import CheckReport
from hpctl.report.plan import Change, PlanReport
from hpctl.report.progress import Progress
from hpctl.services.baseline import Baseline, before_update
from hpctl.services.create import Blindness, Judging, check_spec, demand_passed
from hpctl.services.guards import unsettled
from hpctl.services.polling import Waiting
from hpctl.services.refusals import explained, settling
from hpctl.services.wait import until_updated
from hpctl.spec.load import Loaded


def plan(
    loaded: Loaded, world: World, judging: Judging, *, run_id: str, delete_groups: tuple[str, ...] = ()
) -> PlanReport:
    """Return the plan that brings the live cluster to the spec; `NotFoundError` when there is none."""
    _demand_dropped(loaded, delete_groups)
    checks = check_spec(loaded, world, judging)
    return _planned(loaded, world, checks, run_id, delete_groups)


def plan_either(
    loaded: Loaded, world: World, judging: Judging, *, run_id: str, delete_groups: tuple[str, ...] = ()
) -> PlanReport:
    """Return the plan to create the cluster where there is none of its name, else the plan to update it."""
    _demand_dropped(loaded, delete_groups)
    checks = check_spec(loaded, world, judging)
    if world.live(loaded.spec.name) is None:
        return plan_create(loaded.spec, world, run_id=run_id, checks=checks, notices=loaded.notices)
    return _planned(loaded, world, checks, run_id, delete_groups)


def _planned(
    loaded: Loaded, world: World, checks: CheckReport, run_id: str, delete_groups: tuple[str, ...]
) -> PlanReport:
    cluster = world.cluster(loaded.spec.name)
    notices = (*loaded.notices, *unsettled(cluster, world)) if cluster else loaded.notices
    return plan_update(loaded.spec, world, run_id=run_id, checks=checks, notices=notices, delete_groups=delete_groups)


def _demand_dropped(loaded: Loaded, delete_groups: tuple[str, ...]) -> None:
    """A name that is still in the spec would be made again: whoever typed it meant something else."""
    named = {group.name for group in loaded.spec.all_groups}
    for name in delete_groups:
        if name in named:
            raise UsageError(f"`--delete-group {name}`: the spec still has this group", hint="take it out of the spec")


def demand_possible(plan: PlanReport, blindness: Blindness) -> None:
    """Raise what stands in the way of updating: changes that cannot be made, then failed checks."""
    demand_changeable(plan)
    if plan.checks:
        demand_passed(plan.checks, blindness)


def demand_changeable(plan: PlanReport) -> None:
    """Raise `ConflictError` naming every change that cannot be made, or the status that allows none."""
    if plan.state != "other":
        return
    refused = tuple(change for change in plan.changes if change.refused)
    if not refused:
        raise ConflictError(
            f"cluster `{plan.cluster}` is failing or going; it cannot be changed now",
            hint=f"look at it: hpctl cluster describe {plan.cluster}",
        )
    counted = "a change" if len(refused) == 1 else f"{len(refused)} changes"
    paths = ", ".join(f"`{change.path}`" for change in refused)
    message = f"{counted} of cluster `{plan.cluster}` cannot be made: {paths}; nothing was changed"
    raise ConflictError(message, hint="\n".join(map(_way_round, refused)))


def _way_round(change: Change) -> str:
    return f"{change.path}: {change.note}"


def update(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan; a refusal by AWS comes with its known cause and remedy."""
    with explained(plan), settling(plan, "update"):
        yield from apply(plan, ports)


def before(plan: PlanReport, ports: Ports) -> Baseline | None:
    """Look at the cluster before anything is sent: by this its update is told from older ones."""
    request = next((action.request for action in plan.actions if action.verb == "update"), None)
    return before_update(request, ports) if request else None


def follow(
    plan: PlanReport, ports: Ports, seen: Baseline | None, *, timeout_s: float, resume: str
) -> Iterator[Progress]:
    """Follow the cluster until it is what the plan asks for; `seen` is what it was before."""
    return until_updated(Waiting(plan.cluster, timeout_s, resume, plan.arn), ports, seen)
