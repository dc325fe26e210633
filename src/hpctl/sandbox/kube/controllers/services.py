"""The Endpoints and EndpointSlices of Services: the addresses of the pods that they select.

Source: kubernetes 1.33, pkg/controller/{endpoint,endpointslice}. A slice holds all addresses, however many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers.conditions import is_true
from hpctl.sandbox.kube.controllers.owners import controlled_by, is_going, key_of
from hpctl.sandbox.kube.selectors import of_object
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object, Resource

MANAGER: Final = "endpoint-controller"
SLICES: Final = "endpointslice-controller.k8s.io"
_SERVICE: Final = "kubernetes.io/service-name"
_ENDED: Final = frozenset({"Failed", "Succeeded"})


class Services:
    """Writes where a Service's pods are whenever one of them changes."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._services, self._pods = api.resource("v1", "Service"), api.resource("v1", "Pod")
        self._endpoints = api.resource("v1", "Endpoints")
        self._slices = api.resource("discovery.k8s.io/v1", "EndpointSlice")
        self.watches = (self._services, self._pods)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the Service itself, or all that select a pod or did."""
        if event.resource.kind == "Service":
            yield key_of(event.object)
        elif event.before is None or event.change == "DELETED" or _of(event.object) != _of(event.before):
            for service in self._api.list(self._services, event.object["metadata"]["namespace"]):
                if _selects(service, event.object) or (event.before and _selects(service, event.before)):
                    yield key_of(service)

    def reconcile(self, key: Key) -> None:
        """Write where the pods of a Service are."""
        try:
            service = self._api.get(self._services, *key)
        except StatusError:
            self._remove(key)
            return
        spec = service["spec"]
        if is_going(service) or not spec.get("selector") or spec.get("type") == "ExternalName":
            return
        pods = [pod for pod in self._api.list(self._pods, key[0]) if _selects(service, pod) and _is_somewhere(pod)]
        self._write(self._endpoints, _endpoints(service, pods))
        self._write(self._slices, _slice(service, pods))

    def _remove(self, key: Key) -> None:
        """Delete the Endpoints of a Service that is gone; its slice goes with its owner."""
        try:
            self._api.delete(self._endpoints, *key)
        except StatusError as error:
            if error.reason != "NotFound":
                raise

    def _write(self, resource: Resource, wanted: Object) -> None:
        namespace, name = key_of(wanted)
        try:
            old = self._api.get(resource, namespace, name)
        except StatusError:
            self._api.create(resource, namespace, wanted, manager=MANAGER)
            return
        new = {member: value for member, value in wanted.items() if member != "metadata"}
        # The API leaves out lists that are empty.
        if any((old.get(member) or []) != value for member, value in new.items()):
            self._api.update(resource, namespace, {**old, **new}, manager=MANAGER)


def _selects(service: Object, pod: Object) -> bool:
    wanted = service["spec"].get("selector")
    return bool(wanted) and of_object({"matchLabels": wanted}).matches(pod)


def _is_somewhere(pod: Object) -> bool:
    status = pod.get("status", {})
    return bool(status.get("podIP")) and status.get("phase") not in _ENDED


def _of(pod: Object) -> object:
    status = pod.get("status", {})
    return pod["metadata"].get("labels"), status.get("podIP"), status.get("phase"), is_true(pod, "Ready"), is_going(pod)


def _endpoints(service: Object, pods: list[Object]) -> Object:
    metadata, spec = service["metadata"], service["spec"]
    labels = {**(metadata.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    if spec.get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    subsets = []
    for ports, group in _by_ports(service, pods):
        rows: dict[str, list[Object]] = {"addresses": [], "notReadyAddresses": []}
        for pod in group:
            ready = is_true(pod, "Ready") or bool(spec.get("publishNotReadyAddresses"))
            rows["addresses" if ready else "notReadyAddresses"].append(_address(service, pod))
        subsets.append(
            {**{name: found for name, found in rows.items() if found}, **({"ports": ports} if ports else {})}
        )
    body: Object = {
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "labels": labels},
    }
    return {**body, "subsets": subsets}


def _by_ports(service: Object, pods: list[Object]) -> list[tuple[list[Object], list[Object]]]:
    found: list[tuple[list[Object], list[Object]]] = []
    for pod in pods:
        ports = [_port(port, pod) for port in service["spec"].get("ports") or ()]
        for known, group in found:
            if known == ports:
                group.append(pod)
                break
        else:
            found.append((ports, [pod]))
    return found


def _port(port: Object, pod: Object) -> Object:
    target = port.get("targetPort", port["port"])
    if isinstance(target, str):
        named = [
            each["containerPort"]
            for container in pod["spec"]["containers"]
            for each in container.get("ports") or ()
            if each.get("name") == target
        ]
        target = named[0] if named else port["port"]
    name = {"name": port["name"]} if port.get("name") else {}
    return {**name, "port": target, "protocol": port.get("protocol", "TCP")}


def _address(service: Object, pod: Object) -> Object:
    spec, metadata = pod["spec"], pod["metadata"]
    hostname = spec.get("hostname") if spec.get("subdomain") == service["metadata"]["name"] else None
    target = {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {
        "ip": pod["status"]["podIP"],
        **({"hostname": hostname} if hostname else {}),
        **({"nodeName": spec["nodeName"]} if spec.get("nodeName") else {}),
        "targetRef": target,
    }


def _slice(service: Object, pods: list[Object]) -> Object:
    metadata = service["metadata"]
    labels = {
        _SERVICE: metadata["name"],
        "endpointslice.kubernetes.io/managed-by": SLICES,
        **({"service.kubernetes.io/headless": ""} if service["spec"].get("clusterIP") == "None" else {}),
    }
    groups = _by_ports(service, pods)
    # Pods whose named ports differ would need a slice each; the first one's ports stand for all.
    ports: Any = groups[0][0] if groups else []
    return {
        "metadata": {
            "name": f"{metadata['name']}-endpoints",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [controlled_by(service)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(service, pod) for pod in pods],
        "ports": [{"name": "", **port} for port in ports],
    }


def _endpoint(service: Object, pod: Object) -> Object:
    address = _address(service, pod)
    ready, going = is_true(pod, "Ready"), is_going(pod)
    shown = (ready and not going) or bool(service["spec"].get("publishNotReadyAddresses"))
    return {
        "addresses": [address.pop("ip")],
        "conditions": {"ready": shown, "serving": ready, "terminating": going},
        **address,
    }
