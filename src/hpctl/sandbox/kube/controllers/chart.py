"""Keeps in a cluster what its EKS record says is there: AWS's Helm chart, JobSet, EKS add-ons, the queues of teams.

A part is put in once, when it becomes so, and taken out when it is so no longer; what a user does to its objects in
between is the user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import addon_objects, chart_objects, governance_objects
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

MANAGER: Final = "eks"
INSTALLED: Final = "sandbox.hpctl/installed"
"""The annotation of kube-system that says which parts have been put in."""
_SYSTEM: Final = "kube-system"
_CHART: Final = "hyperpod-dependencies"
_JOBSET: Final = "jobset"
_HELPFUL: Final = frozenset({"AlreadyExists", "NotFound"})


def install(api: Api, cluster: Cluster) -> None:
    """Put in what has become installed since the last time, and take out what is no longer; at once, and cheap."""
    parts, wanted = _parts(cluster), set(_wanted(cluster))
    namespaces = api.resource("v1", "Namespace")
    told = (api.get(namespaces, None, _SYSTEM)["metadata"].get("annotations") or {}).get(INSTALLED, "")
    there = set(filter(None, told.split(",")))
    if wanted == there:
        return
    for name in sorted(wanted - there):
        for body in parts[name]():
            _create(api, body)
    # Objects go before the definitions that an add-on brought for them.
    for name in sorted(there - wanted, reverse=True):
        kept = [_identity(body) for other in wanted for body in parts[other]()]
        for body in reversed(parts[name]() if name in parts else []):
            if _identity(body) not in kept:
                _delete(api, body)
    patch = {"metadata": {"annotations": {INSTALLED: ",".join(sorted(wanted))}}}
    api.patch(namespaces, None, _SYSTEM, patch, manager=MANAGER, kind=PatchType.MERGE)


def _parts(cluster: Cluster) -> dict[str, Callable[[], list[Object]]]:
    return {
        "usual": chart_objects.usual,
        _CHART: chart_objects.chart,
        _JOBSET: addon_objects.jobset,
        **addon_objects.addons(),
        **governance_objects.parts(cluster),
    }


def _wanted(cluster: Cluster) -> Iterator[str]:
    yield "usual"
    if cluster.has_chart:
        yield _CHART
    if cluster.has_jobset:
        yield _JOBSET
    yield from (name for name in addon_objects.addons() if cluster.runs(name))
    yield from governance_objects.wanted(cluster)


def _identity(body: Object) -> tuple[str, str | None, str]:
    """Return what tells an object: several parts may bring one, such as a namespace."""
    return body["kind"], body["metadata"].get("namespace"), body["metadata"]["name"]


def _create(api: Api, body: Object) -> None:
    resource = api.resource(body["apiVersion"], body["kind"])
    try:
        api.create(resource, body["metadata"].get("namespace"), body, manager=MANAGER)
    except StatusError as error:
        # A crash between two objects leaves the first ones.
        if error.reason not in _HELPFUL:
            raise


def _delete(api: Api, body: Object) -> None:
    metadata = body["metadata"]
    try:
        resource = api.resource(body["apiVersion"], body["kind"])
        api.delete(resource, metadata.get("namespace"), metadata["name"])
    except StatusError as error:
        if error.reason not in _HELPFUL:
            raise
