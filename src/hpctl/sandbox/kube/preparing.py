"""What the API does with objects of some kinds before they are judged: the strategies and admission of Kubernetes.

Source: kubernetes/pkg/registry (each kind's `strategy.go`) and the admission plug-ins that are on by default (1.33).
"""

from __future__ import annotations

import base64
import copy
import ipaddress
from typing import TYPE_CHECKING, Any, Final, Protocol

from hpctl.sandbox.kube import customs
from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.crds.parts import NO_CONTROLLER
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES, is_custom, kept
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.queued import held_back
from hpctl.sandbox.kube.status import Cause, conflict, forbidden, invalid, not_found, not_here

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from hpctl.sandbox.kube.objects import Objects
    from hpctl.sandbox.kube.resources import Object, Resource

SERVICE_NETWORK: Final = ipaddress.ip_network("172.20.0.0/16")
"""The addresses of Services (EKS's `serviceIpv4Cidr`, of which the first is the API's own)."""
NO_VERSION: Final = Cause(
    "FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"
)
_NAMESPACES: Final = ("", "namespaces")
_BY_PLURAL: Final = {(served.group, served.plural): served for served in BUILT_IN}
_NODE: Final = "Node"
_NEEDS_VERSION: Final = frozenset({"Lease", "CustomResourceDefinition"})
_NOBODY_ACTS_ON: Final = ("cronjobs.batch", "statefulsets.apps")
_CRITICAL: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
# The admission plug-in DefaultTolerationSeconds.
_TOLERATED: Final = tuple(
    {"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for why in ("not-ready", "unreachable")
)


class Around(Protocol):
    """What an object's kind may look at beside the object: the cluster's API."""

    @property
    def objects(self) -> Objects:
        """All objects of the cluster."""

    @property
    def now(self) -> datetime:
        """The current time (UTC)."""

    @property
    def random(self) -> Random:
        """What draws addresses."""

    @property
    def authority(self) -> str:
        """The server's certificate authority (PEM)."""

    def create(self, resource: Resource, namespace: str | None, body: Object, *, manager: str) -> Object:
        """Create an object."""


def refuse_idle(resource: Resource, definition: Object | None) -> None:
    """Refuse (501) what nobody here would ever act on: an object that only lay there would be a lie."""
    annotations = (definition or {"metadata": {}})["metadata"].get("annotations") or {}
    if resource.qualified in _NOBODY_ACTS_ON or NO_CONTROLLER in annotations:
        raise not_here(f"a controller for {resource.qualified}")


def refuse_place(api: Around, resource: Resource, draft: Object) -> None:
    """Refuse an object whose namespace is not there (404) or is going (403)."""
    if not resource.namespaced:
        return
    name = draft["metadata"]["namespace"]
    namespace = api.objects.get(_NAMESPACES, ("", name))
    if namespace is None:
        raise not_found(_BY_PLURAL[_NAMESPACES], name)
    if (namespace.get("status") or {}).get("phase") == "Terminating":
        message = f"unable to create new content in namespace {name} because it is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
        about = {"name": draft["metadata"]["name"], "group": resource.group, "kind": resource.plural}
        told = f'{resource.qualified} "{draft["metadata"]["name"]}" is forbidden: {message}'
        raise forbidden(told, details={**about, "causes": [{**cause, "field": "metadata.namespace"}]})


def begun(api: Around, resource: Resource, draft: Object) -> Object:
    """Return a new object with the status that it begins with, and what admission adds."""
    if "status" in resource.subresources and resource.kind != _NODE:
        draft.pop("status", None)
    draft = held_back(api.objects, resource, draft)
    if is_custom(resource):
        return draft
    match resource.kind:
        case "Namespace":
            draft["spec"] = {**(draft.get("spec") or {}), "finalizers": ["kubernetes"]}
            draft["status"] = {"phase": "Active"}
            labels = draft["metadata"].get("labels") or {}
            draft["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": draft["metadata"]["name"]}
        case "Pod":
            _admit_pod(api, resource, draft)
        case "PersistentVolumeClaim":
            draft["status"] = {"phase": "Pending"}
        case "PersistentVolume":
            draft["status"] = {"phase": "Available"}
    return draft


def completed(api: Around, resource: Resource, draft: Object, current: Object | None = None) -> Object:
    """Return an object that has its defaults with what the API works out itself."""
    if is_custom(resource):
        return draft
    match resource.kind:
        case "CustomResourceDefinition" if _has_names(draft):
            return customs.with_status(draft, api.objects.every(CUSTOM_RESOURCES).values(), api.now)
        case "Secret":
            return _with_string_data(draft)
        case "Service":
            return _with_address(api, resource, draft, current)
        case "Pod" if current is None:
            return {**draft, "status": {"phase": "Pending", "qosClass": quality(draft["spec"])}}
        case _:
            return draft


def followed(api: Around, resource: Resource, new: Object) -> None:
    """Create what comes with a new object: each namespace has a service account, and the cluster's authority."""
    if kept(resource) != _NAMESPACES:
        return
    accounts, maps = _BY_PLURAL["", "serviceaccounts"], _BY_PLURAL["", "configmaps"]
    trusted = {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": api.authority}}
    for resource_there, body in ((accounts, {"metadata": {"name": "default"}}), (maps, trusted)):
        api.create(resource_there, new["metadata"]["name"], body, manager="kube-controller-manager")


def confined(resource: Resource, draft: Object, current: Object, subresource: str) -> Object:
    """Return a changed object of which only that has changed which the (sub)resource is for."""
    match subresource:
        case "status":
            managed = draft["metadata"].get("managedFields", current["metadata"].get("managedFields"))
            metadata = current["metadata"] | ({"managedFields": managed} if managed else {})
            return {**current, "metadata": metadata, "status": draft.get("status")}
        case "finalize":
            wanted = (draft.get("spec") or {}).get("finalizers") or []
            return {**current, "spec": {**(current.get("spec") or {}), "finalizers": wanted}}
        case _ if "status" in resource.subresources and not subresource:
            rest = {name: value for name, value in draft.items() if name != "status"}
            rest = _still_finalized(resource, rest, current)
            return rest | ({"status": current["status"]} if "status" in current else {})
        case _:
            return draft


def bound(resource: Resource, current: Object, node: str, now: datetime) -> Object:
    """Return a pod on its node; raises StatusError (409) when it is on one, or going."""
    name, spec = current["metadata"]["name"], current["spec"]
    if spec.get("nodeName"):
        raise conflict(resource, name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
    if "deletionTimestamp" in current["metadata"]:
        raise conflict(resource, name, f"pod {name} is being deleted, cannot be assigned to a host")
    status = copy.deepcopy(current.get("status") or {})
    conditions = [found for found in status.get("conditions") or () if found["type"] != "PodScheduled"]
    moment = timestamp(now)
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": moment}
    status["conditions"] = [*conditions, scheduled]
    return {**current, "spec": {**spec, "nodeName": node}, "status": status}


def wish(resource: Resource, found: Object) -> Any:
    """Return the part of an object whose changes `metadata.generation` counts."""
    if not is_custom(resource):
        return found.get("spec")
    aside = {"metadata"} | ({"status"} if "status" in resource.subresources else set())
    return {name: value for name, value in found.items() if name not in aside}


def updates_blindly(resource: Resource) -> bool:
    """Whether an update of such an object may leave its resource version out."""
    return not is_custom(resource) and resource.kind not in _NEEDS_VERSION


def quality(spec: dict[str, Any]) -> str:
    """Return a pod's QoS class (Kubernetes documentation, "Pod Quality of Service Classes")."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    asked = [container.get("resources") or {} for container in containers]
    named = [{**(one.get("requests") or {}), **(one.get("limits") or {})} for one in asked]
    if not any({"cpu", "memory"} & set(one) for one in named):
        return "BestEffort"
    for one in asked:
        limits = one.get("limits") or {}
        requests = limits | (one.get("requests") or {})
        if any(name not in limits or str(limits[name]) != str(requests[name]) for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _admit_pod(api: Around, resource: Resource, draft: Object) -> None:
    spec = draft.get("spec")
    if not isinstance(spec, dict):
        return
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    spec["priority"] = _priority(api, resource, draft, spec)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = list(spec.get("tolerations") or ())
    known = {found.get("key") for found in tolerations if isinstance(found, dict)}
    everything = any(isinstance(found, dict) and not found.get("key") for found in tolerations)
    if not everything:
        spec["tolerations"] = tolerations + [dict(added) for added in _TOLERATED if added["key"] not in known]


def _priority(api: Around, resource: Resource, draft: Object, spec: dict[str, Any]) -> int:
    wanted = spec.get("priorityClassName")
    classes = api.objects.every(("scheduling.k8s.io", "priorityclasses"))
    if not wanted:
        default = next((found for found in classes.values() if found.get("globalDefault")), None)
        spec.update({"priorityClassName": default["metadata"]["name"]} if default else {})
        return int(default["value"]) if default else 0
    if wanted in _CRITICAL:
        return _CRITICAL[wanted]
    found = classes.get(("", wanted))
    if found is None:
        name = draft["metadata"]["name"]
        told = f'{resource.qualified} "{name}" is forbidden: no PriorityClass with name {wanted} was found'
        raise forbidden(told, details={"name": name, "kind": resource.plural})
    return int(found["value"])


def _has_names(draft: Object) -> bool:
    spec = draft.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    return isinstance(names, dict) and {"plural", "kind"} <= set(names) and bool(spec and spec.get("versions"))


def _with_string_data(draft: Object) -> Object:
    given = draft.get("stringData")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return draft
    rest = {name: value for name, value in draft.items() if name != "stringData"}
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in given.items()}
    return {**rest, "data": {**(draft.get("data") or {}), **encoded}} if encoded else rest


def _with_address(api: Around, resource: Resource, draft: Object, current: Object | None) -> Object:
    spec = dict(draft.get("spec") or {})
    if spec.get("type") == "ExternalName":
        return draft
    before = (current or {}).get("spec") or {}
    if not spec.get("clusterIP") and before.get("clusterIP"):
        spec["clusterIP"], spec["clusterIPs"] = before["clusterIP"], before["clusterIPs"]
    taken = {found["spec"].get("clusterIP") for found in api.objects.every(("", "services")).values()}
    if not spec.get("clusterIP"):
        spec["clusterIP"] = _free_address(api, taken)
    elif current is None and spec["clusterIP"] in taken - {"None"}:
        address = spec["clusterIP"]
        told = f'Invalid value: "{address}": failed to allocate IP {address}: provided IP is already allocated'
        raise invalid(resource, draft["metadata"]["name"], [Cause("FieldValueInvalid", told, "spec.clusterIPs")])
    spec["clusterIPs"] = [spec["clusterIP"]]
    families = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
    status: Object = {"status": {"loadBalancer": {}}} if "status" not in draft else {}
    return {**draft, **status, "spec": families | spec}


def _free_address(api: Around, taken: set[str | None]) -> str:
    while (address := str(SERVICE_NETWORK[api.random.randrange(256, SERVICE_NETWORK.num_addresses - 1)])) in taken:
        pass
    return address


def _still_finalized(resource: Resource, draft: Object, current: Object) -> Object:
    """A namespace's own finalizers change through `finalize` alone."""
    if kept(resource) != _NAMESPACES:
        return draft
    return {**draft, "spec": {**(draft.get("spec") or {}), **(current.get("spec") or {})}}
