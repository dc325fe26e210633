"""Delete a cluster: say what goes and what stays, carry it out, follow it until it is gone."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.errors import ConflictError, UnconfirmedError
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.delete import plan_delete
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services.wait import Waiting, until_gone


def plan(name: str, world: World, ports: Ports) -> PlanReport:
    """Return what deleting the cluster means; `NotFoundError` when there is none of that name."""
    return plan_delete(ports.clusters.describe(name), world.identity())


def demand_named(plan: PlanReport, typed: str) -> None:
    """Raise `UnconfirmedError` unless `typed` is the cluster's name, to the letter."""
    if typed != plan.cluster:
        raise UnconfirmedError("the name does not match; nothing was deleted")


def delete(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan; `ConflictError` while AWS still works on the cluster."""
    try:
        yield from apply(plan, ports)
    except ConflictError as error:
        raise ConflictError(
            error.message, hint=f"wait until it is settled, then delete again: hpctl cluster describe {plan.cluster}"
        ) from error


def follow(plan: PlanReport, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[Progress]:
    """Follow the cluster until it does not exist any more."""
    return until_gone(Waiting(plan.cluster, timeout_s, resume), ports)
