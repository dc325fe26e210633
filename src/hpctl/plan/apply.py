"""Carry out a plan: the only place that changes anything at AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpctl.errors import ConflictError, HpctlError, NotFoundError, UnavailableError
from hpctl.facts.ports import Clusters, Ports
from hpctl.plan.create import RUN_ID_TAG
from hpctl.report.plan import Action, PlanReport
from hpctl.report.progress import Progress, Started
from hpctl.terms import ClusterStatus


def apply(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Send every action of `plan` in order and yield a step for each.

    Raises `ConflictError` when a cluster that is not this run's has taken the name meanwhile, or is busy.
    """
    for action in plan.actions:
        arn = _send(action, plan.cluster, ports.clusters)
        yield Started(time=ports.clock.now(), verb=action.verb, cluster=plan.cluster, arn=arn)


def _send(action: Action, name: str, clusters: Clusters) -> str | None:
    match action.verb:
        case "create":
            return _create(action.request, name, clusters)
        case "update":
            clusters.update(action.request)
        case "update-software":
            clusters.update_software(action.request)
        case "tag":
            clusters.add_tags(action.request["ResourceArn"], _tags(action.request))
        case "untag":
            clusters.remove_tags(action.request["ResourceArn"], action.request["TagKeys"])
        case "delete":
            _delete(name, clusters)
    return None


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in request["Tags"]}


def _create(request: Mapping[str, Any], name: str, clusters: Clusters) -> str:
    try:
        return clusters.create(request)
    except (ConflictError, UnavailableError) as error:
        # The answer to an earlier try may have been lost after AWS had acted on it: our tag tells.
        mine = _made_by_this_run(request, name, clusters)
        if mine is None:
            raise error from None
        return mine


def _delete(name: str, clusters: Clusters) -> None:
    try:
        clusters.delete(name)
    except NotFoundError:
        return
    except (ConflictError, UnavailableError) as error:
        # As with create, the answer may have been lost; a cluster that is going is what was wanted.
        if not _going(name, clusters):
            raise error from None


def _going(name: str, clusters: Clusters) -> bool:
    try:
        return clusters.describe(name).status == ClusterStatus.DELETING
    except NotFoundError:
        return True
    except HpctlError:
        return False


def _made_by_this_run(request: Mapping[str, Any], name: str, clusters: Clusters) -> str | None:
    try:
        arn = clusters.describe(name).arn
        seen = clusters.tags(arn).get(RUN_ID_TAG)
    except HpctlError:  # whatever keeps us from telling, the first error says more
        return None
    return arn if {"Key": RUN_ID_TAG, "Value": seen} in request["Tags"] else None
