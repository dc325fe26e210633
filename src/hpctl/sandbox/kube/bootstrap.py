"""What a cluster has from its first moment, before anybody creates anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.access.bootstrap import bootstrap as access_rules
from hpctl.sandbox.kube.preparing import SERVICE_NETWORK
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.resources import Object

_MANAGER: Final = "kube-apiserver"
_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_PRIORITIES: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def fill(api: ClusterApi) -> None:
    """Create what is not there of it; what somebody has changed stays changed."""
    for body in _objects():
        resource = api.resource(body["apiVersion"], body["kind"])
        namespace, name = body["metadata"].get("namespace"), body["metadata"]["name"]
        try:
            # What is there would be refused for more reasons than that: its address is taken, by itself.
            api.get(resource, namespace, name)
        except StatusError:
            api.create(resource, namespace, body, manager=_MANAGER)


def _objects() -> Iterator[Object]:
    for name in _NAMESPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield from access_rules()
    for name, value in _PRIORITIES.items():
        named: dict[str, Any] = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
        yield {**named, "metadata": {"name": name}, "value": value}
    labels = {"component": "apiserver", "provider": "kubernetes"}
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
        "spec": {"clusterIP": str(SERVICE_NETWORK[1]), "ports": ports, "type": "ClusterIP"},
    }
