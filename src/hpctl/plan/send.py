"""Send one action to AWS, and tell what became of it when AWS's answer does not.

HyperPod's calls have no client token. An answer that was lost leaves a `ConflictError` (the SDK tried again) or an
`UnavailableError`; what is to be seen then decides whether the call had taken effect. A refusal that only means that
AWS has not yet heard of what was done a moment ago is `NotYet`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from hpctl import timeouts
from hpctl.errors import ConflictError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.node_care import NodeRefusal
from hpctl.facts.ports import Clusters, Ports
from hpctl.facts.records import Cluster
from hpctl.plan.reached import is_reached
from hpctl.plan.send_care import refusals_of_care
from hpctl.plan.tags import DIGEST_TAG, RUN_ID_TAG, texts
from hpctl.report.action import Action
from hpctl.terms import ClusterStatus

Request = Mapping[str, Any]

_SAGEMAKER: Final = "sagemaker.amazonaws.com"
_CANNOT_ASSUME: Final = re.compile(r"cannot assume|unable to assume|not be assumed", re.IGNORECASE)
_YOUNG: Final = timedelta(seconds=2 * timeouts.VISIBLE_S)
"""The age up to which a cluster's tags may be missing because AWS does not show them yet."""

_AT_WORK: Final = (ClusterStatus.UPDATING, ClusterStatus.SYSTEM_UPDATING)


@dataclass(frozen=True)
class Sent:
    """AWS took the action; `arn` is the cluster's, where the answer tells it, `refused` the nodes that it left out."""

    arn: str | None = None
    refused: tuple[NodeRefusal, ...] = ()


@dataclass(frozen=True)
class NotYet:
    """AWS may take the action in a moment; `error` is what it says now, `why` what it waits for."""

    error: HpctlError
    why: str


def send(action: Action, ports: Ports) -> Sent | NotYet:
    """Send the action; raises what AWS says when it was not taken and will not be."""
    request, clusters = action.request, ports.clusters
    refused: tuple[NodeRefusal, ...] = ()
    match action.verb:
        case "create":
            return _create(request, ports)
        case "update":
            return _sent(lambda: clusters.update(request), lambda: is_reached(request, _live(request, clusters)))
        case "update-software":
            return _update_software(request, clusters)
        case "tag" | "untag":
            return _retag(action, clusters)
        case "delete":
            return _delete(request["ClusterName"], clusters)
        case "reboot" | "replace":
            refused = refusals_of_care(action.verb, request, ports)
        case _:  # around the cluster: the port itself tells what is so already
            ports.changes.make(action.verb, request, action.content)
    return Sent(refused=refused)


def _sent(call: Callable[[], object], seen: Callable[[], bool]) -> Sent:
    """Make a call; where its answer was lost, `seen` tells whether it took effect."""
    try:
        call()
    except (ConflictError, UnavailableError) as error:
        if not _told(seen):
            raise error from None
    return Sent()


def _told(seen: Callable[[], bool]) -> bool:
    try:
        return seen()
    except HpctlError:  # whatever keeps us from telling, the first error says more
        return False


def _create(request: Request, ports: Ports) -> Sent | NotYet:
    try:
        return Sent(ports.clusters.create(request))
    except ConflictError as error:
        return _after_conflict(error, request, ports)
    except UnavailableError:
        mine = _namesake(request, ports.clusters)
        if isinstance(mine, Cluster) and _is_ours(request, mine, ports.clusters):
            return Sent(mine.arn)
        raise
    except RefusedError as error:
        if _CANNOT_ASSUME.search(error.message) and _told(lambda: _roles_are_trusting(request, ports)):
            return NotYet(error, "AWS cannot assume the execution role yet; its trust policy is in order")
        raise


def _after_conflict(error: ConflictError, request: Request, ports: Ports) -> Sent | NotYet:
    name = request["ClusterName"]
    found = _namesake(request, ports.clusters)
    if isinstance(found, NotFoundError):
        words = f"the name `{name}` is in use, and AWS shows no such cluster: it is new, or deleted a moment ago"
        later = ConflictError(error.message, cause=words, hint="run the same command again in a few minutes")
        return NotYet(later, words)
    if isinstance(found, HpctlError):
        raise error from None
    if _is_ours(request, found, ports.clusters):
        return Sent(found.arn)
    if found.status == ClusterStatus.DELETING:
        hint = f"wait until it is gone, then create again: hpctl cluster delete {name}"
        raise ConflictError(f"a cluster named `{name}` is being deleted", hint=hint) from error
    hint = f"somebody else made it meanwhile: hpctl cluster describe {name}\nchoose another name, or delete it first"
    theirs = ConflictError(error.message, hint=hint)
    if ports.clock.now() - found.created_at < _YOUNG and _is_unmarked(found, ports.clusters):
        return NotYet(theirs, f"a cluster named `{name}` is there, and AWS does not show its tags yet")
    raise theirs from error


def _namesake(request: Request, clusters: Clusters) -> Cluster | HpctlError:
    try:
        return clusters.describe(request["ClusterName"])
    except HpctlError as error:
        return error


def _is_ours(request: Request, cluster: Cluster, clusters: Clusters) -> bool:
    """Whether this very request made the cluster: its run, and the same wish."""
    sent = texts(request["Tags"])
    marks = {key: sent[key] for key in (RUN_ID_TAG, DIGEST_TAG) if key in sent}
    return _told(lambda: bool(marks) and clusters.tags(cluster.arn).items() >= marks.items())


def _is_unmarked(cluster: Cluster, clusters: Clusters) -> bool:
    try:
        return not clusters.tags(cluster.arn)
    except HpctlError as error:
        return isinstance(error, NotFoundError)


def _roles_are_trusting(request: Request, ports: Ports) -> bool:
    groups = (*request.get("InstanceGroups", ()), *request.get("RestrictedInstanceGroups", ()))
    names = {group["ExecutionRole"].rpartition("/")[2] for group in groups}
    return all(_SAGEMAKER in ports.iam.role(name).trusted_services for name in names)


def is_at_work(action: Action, clusters: Clusters) -> bool:
    """Whether AWS is changing the cluster of an action now; False where that cannot be told."""
    return _told(lambda: _is_changing(clusters.describe(action.request["ClusterName"])))


def _retag(action: Action, clusters: Clusters) -> Sent:
    arn = action.request["ResourceArn"]
    if action.verb == "tag":
        tags = texts(action.request["Tags"])
        return _sent(lambda: clusters.add_tags(arn, tags), lambda: clusters.tags(arn).items() >= tags.items())
    keys = action.request["TagKeys"]
    return _sent(lambda: clusters.remove_tags(arn, keys), lambda: clusters.tags(arn).keys().isdisjoint(keys))


def _update_software(request: Request, clusters: Clusters) -> Sent:
    name = request["ClusterName"]
    if _is_changing(clusters.describe(name)):  # by somebody else: ours could not be told apart from that
        clusters.update_software(request)
        return Sent()
    return _sent(lambda: clusters.update_software(request), lambda: _is_changing(clusters.describe(name)))


def _is_changing(cluster: Cluster) -> bool:
    updates = (group.software_update for group in cluster.instance_groups)
    return cluster.status in _AT_WORK or any(update in ("Pending", "InProgress") for update in updates)


def _delete(name: str, clusters: Clusters) -> Sent:
    try:
        return _sent(
            lambda: clusters.delete(name),
            lambda: (
                isinstance(seen := _namesake({"ClusterName": name}, clusters), NotFoundError)
                or (isinstance(seen, Cluster) and seen.status == ClusterStatus.DELETING)
            ),
        )
    except NotFoundError:  # gone is what was wanted
        return Sent()


def _live(request: Request, clusters: Clusters) -> Request:
    return clusters.live(request["ClusterName"]).request
