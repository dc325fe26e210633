"""What stands beside an object that is no copy of it: its scale, a pod's binding and its eviction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.customs import version_of
from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.schemas.shape import ANYTHING
from hpctl.sandbox.kube.selectors import of_object
from hpctl.sandbox.kube.status import StatusError, bad_request, conflict

if TYPE_CHECKING:
    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.asked import Asked
    from hpctl.sandbox.kube.requests import Place
    from hpctl.sandbox.kube.resources import Object, Resource

_PATHS: Final = (".spec.replicas", ".status.replicas", ".spec.selector")
_SHOWN: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_SUCCESS: Final[dict[str, Any]] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def scale_of(api: ClusterApi, resource: Resource, where: Place) -> Object:
    """Return the `Scale` of an object."""
    return _scale(api, resource, api.get(resource, where.namespace, where.name))


def scaled(asked: Asked, resource: Resource, body: Object) -> Object:
    """Give an object the replicas that a `Scale` names."""
    api, where = asked.cluster.api, asked.place
    current = api.get(resource, where.namespace, where.name)
    told = body["metadata"].get("resourceVersion")
    if told and told != current["metadata"]["resourceVersion"]:
        why = "the object has been modified; please apply your changes to the latest version and try again"
        raise conflict(resource, where.name, why)
    replicas = (body.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        why = f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
        raise StatusError(422, "Invalid", f'Scale "{where.name}" is invalid: {why}')
    change = _at(_paths(api, resource)[0], replicas)
    changed = api.patch(
        resource,
        where.namespace,
        where.name,
        change,
        manager=asked.manager,
        kind=PatchType.MERGE,
        dry_run=asked.dry_run,
    )
    return _scale(api, resource, changed)


def scale_patched(asked: Asked, resource: Resource, change: Any, kind: PatchType) -> Object:
    """Patch the `Scale` of an object."""
    now = scale_of(asked.cluster.api, resource, asked.place)
    if kind is PatchType.APPLY:
        kind = PatchType.MERGE
    api = asked.cluster.api
    return scaled(asked, resource, patched(resource, now, change, kind, shape=ANYTHING, now=api.now))


def bind(asked: Asked, body: Object) -> Object:
    """Bind a pod to the node that a `Binding` names."""
    node = (body.get("target") or {}).get("name")
    if not node:
        raise bad_request("Binding.target.name: Required value")
    if not asked.dry_run:
        asked.cluster.api.bind(asked.place.namespace or "", asked.place.name, node)
    return {**_SUCCESS, "code": 201}


def evict(asked: Asked, resource: Resource, body: Object) -> Object:
    """Delete a pod unless a disruption budget stands in the way; raises StatusError (429)."""
    api, where = asked.cluster.api, asked.place
    pod = api.get(resource, where.namespace, where.name)
    ended = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed", "Pending"}
    for budget in () if ended else api.list(api.resource("policy/v1", "PodDisruptionBudget"), where.namespace):
        if of_object((budget.get("spec") or {}).get("selector")).matches(pod):
            raise _kept_by(budget)
    options = body.get("deleteOptions") or {}
    api.delete(
        resource,
        where.namespace,
        where.name,
        grace_s=options.get("gracePeriodSeconds"),
        uid=(options.get("preconditions") or {}).get("uid"),
        dry_run=asked.dry_run,
    )
    return {**_SUCCESS, "code": 201}


def _kept_by(budget: Object) -> StatusError:
    # No controller counts the pods of budgets here, so none is ever known to have one to spare.
    name = budget["metadata"]["name"]
    told = "Cannot evict pod as it would violate the pod's disruption budget."
    why = f"The disruption budget {name} is still being processed by the server."
    details = {"causes": [{"reason": "DisruptionBudget", "message": why}], "retryAfterSeconds": 10}
    return StatusError(429, "TooManyRequests", told, details=details, headers={"Retry-After": "10"})


def _scale(api: ClusterApi, resource: Resource, found: Object) -> Object:
    wanted, counted, selector = _paths(api, resource)
    metadata = {name: found["metadata"][name] for name in _SHOWN if name in found["metadata"]}
    chosen = _from(found, selector)
    status = {"replicas": _from(found, counted) or 0} | ({"selector": _text(chosen)} if chosen else {})
    named = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata}
    return {**named, "spec": {"replicas": _from(found, wanted) or 0}, "status": status}


def _paths(api: ClusterApi, resource: Resource) -> tuple[str, str, str]:
    definition = api.definition(resource)
    if definition is None:
        return _PATHS
    told = version_of(definition, resource)["subresources"]["scale"]
    return told["specReplicasPath"], told["statusReplicasPath"], told.get("labelSelectorPath", "")


def _from(found: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    return found if path else None


def _at(path: str, value: Any) -> Object:
    for name in reversed(path.strip(".").split(".")):
        value = {name: value}
    return dict(value)


def _text(chosen: Any) -> str:
    if isinstance(chosen, str):
        return chosen
    return ",".join(f"{key}={value}" for key, value in sorted((chosen.get("matchLabels") or {}).items()))
