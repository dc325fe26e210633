"""Delete a cluster: say what goes and what stays, carry it out, follow it until it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.errors import NotFoundError, UnconfirmedError
from hpctl.facts.ports import Clusters, Ports
from hpctl.facts.records import Cluster
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.delete import plan_delete, plan_deleted
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services.guards import demand_unprotected, warnings
from hpctl.services.lock import Claim
from hpctl.services.polling import Waiting
from hpctl.services.refusals import settling
from hpctl.services.wait import until_gone

_NAMESAKE: Final = "another cluster of that name was made since, and stays; to delete that one, run the command again"


def name_of(name: str, clusters: Clusters) -> str:
    """Return the name of a cluster that may be named by its ARN; `NotFoundError` when no such ARN exists."""
    return clusters.describe(name).name if name.startswith("arn:") else name


def find(name: str, claim: Claim, clusters: Clusters) -> Cluster | None:
    """Return the cluster to delete, None when an earlier command began that and it is gone.

    Another one of its name, made since, is not the one that was to be deleted.
    Raises `NotFoundError` when there is none of that name and no command here was about to delete one.
    """
    begun = claim.resumed
    try:
        cluster = clusters.describe(name)
    except NotFoundError:
        if begun:  # whoever deleted it in the end: it was there, and is gone as was wanted
            return None
        raise
    return None if begun and begun.arn not in (None, cluster.arn) else cluster


def plan(name: str, cluster: Cluster | None, world: World, claim: Claim) -> PlanReport:
    """Return what deleting the cluster means, with what would keep it from ending."""
    if cluster is None:
        arn = claim.resumed.arn if claim.resumed else None
        notices = (_NAMESAKE,) if world.cluster(name) else ()
        return plan_deleted(name, arn, world.identity(), run_id=claim.run_id, notices=notices)
    return plan_delete(cluster, world.identity(), run_id=claim.run_id, notices=warnings(cluster, world))


def demand_possible(plan: PlanReport, cluster: Cluster | None, world: World) -> None:
    """Raise `ConflictError` when the cluster is protected."""
    if cluster and plan.actions:
        demand_unprotected(cluster, world)


def demand_named(plan: PlanReport, typed: str) -> None:
    """Raise `UnconfirmedError` unless `typed` is the cluster's name, to the letter."""
    if typed != plan.cluster:
        raise UnconfirmedError("the name does not match; nothing was deleted")


def delete(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan; `ConflictError` while AWS still works on the cluster."""
    with settling(plan, "delete"):
        yield from apply(plan, ports)


def follow(plan: PlanReport, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[Progress]:
    """Follow the cluster until it does not exist any more."""
    return until_gone(Waiting(plan.cluster, timeout_s, resume, plan.arn), ports)
