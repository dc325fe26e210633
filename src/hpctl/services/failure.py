"""What becomes of a cluster that could not be created: it stays to be looked at, or goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import StrEnum
from itertools import chain

from hpctl import timeouts
from hpctl.errors import ClusterFailedError, ConflictError, HpctlError, NotFoundError, StateError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.plan.apply import apply
from hpctl.plan.delete import plan_delete
from hpctl.plan.tags import PROTECTION_TAG, RUN_ID_TAG, is_protected
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked
from hpctl.services.polling import Waiting
from hpctl.services.record import recorded
from hpctl.services.wait import until_gone


class OnFailure(StrEnum):
    """What `--on-failure` says."""

    KEEP = "keep"
    DELETE = "delete"


def settled(
    steps: Iterable[Progress], plan: PlanReport, ports: Ports, policy: OnFailure, *, again: str
) -> Iterator[Progress]:
    """Yield the steps; where the cluster fails, keep or delete it, and raise what happened with what to type next."""
    try:
        yield from steps
    except ClusterFailedError as error:
        if policy is OnFailure.KEEP:
            raise _with(error, _next_commands(plan.cluster, again)) from error
        yield from _cleared_away(plan, ports, error, again)


def _next_commands(name: str, again: str) -> str:
    return (
        f"the cluster stays as it is; to look at it: hpctl cluster describe {name}\n"
        f"what happened to it: hpctl cluster events {name}\n"
        f"to delete it: hpctl cluster delete {name}\n"
        f"to create it again, once it is deleted: {again}"
    )


def _with(error: ClusterFailedError, *hints: str) -> ClusterFailedError:
    told = "\n".join(hint for hint in (error.hint, *hints) if hint)
    return ClusterFailedError(error.message, cause=error.cause, hint=told)


def _cleared_away(plan: PlanReport, ports: Ports, error: ClusterFailedError, again: str) -> Iterator[Progress]:
    try:
        cluster = ports.clusters.describe(plan.cluster)
        reason = _why_it_stays(cluster, plan, ports)
        if reason is None:
            message = f"the cluster failed and is deleted (`--on-failure delete`): {error.message}"
            yield Remarked(time=ports.clock.now(), message=message)
            yield from _deleted(cluster, plan, ports)
    except NotFoundError:
        reason = None
    except HpctlError as second:
        reason = second.message
    if reason:
        raise _with(error, f"it is not deleted: {reason}", _next_commands(plan.cluster, again)) from error
    raise _with(error, f"the cluster is deleted; to create it again: {again}") from error


def _why_it_stays(cluster: Cluster, plan: PlanReport, ports: Ports) -> str | None:
    tags = ports.clusters.tags(cluster.arn)
    if tags.get(RUN_ID_TAG) != plan.run_id:
        return "this run did not make it"
    return f"it is protected (tag `{PROTECTION_TAG}`)" if is_protected(tags) else None


def _deleted(cluster: Cluster, plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    deletion = plan_delete(cluster, plan.identity, run_id=f"{plan.run_id}-undo")
    waiting = Waiting(plan.cluster, timeouts.DELETE_WAIT_S, f"hpctl cluster delete {plan.cluster}", cluster.arn)
    yield from recorded(chain(_once_settled(deletion, ports), until_gone(waiting, ports)), deletion, "delete", ports)


def _once_settled(deletion: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry the deletion out as soon as AWS has stopped working on the cluster."""
    deadline = ports.clock.now() + timedelta(seconds=timeouts.DELETE_WAIT_S)
    while True:
        try:
            yield from apply(deletion, ports)
        except StateError:  # a conflict with this machine's disk, which no waiting settles
            raise
        except ConflictError:
            if ports.clock.now() >= deadline:
                raise
        else:
            return
        ports.clock.sleep(timeouts.POLL_STEADY_S)
