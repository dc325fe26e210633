"""Discovery: which groups, versions and resources there are, in the old form and in the aggregated one.

Source: k8s.io/api/apidiscovery/v2 and k8s.io/apimachinery/pkg/apis/meta/v1 (APIGroup, APIResourceList).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.status import no_such_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.kube.resources import Object, Resource

AGGREGATED: Final = ("application/json", "apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
"""What is asked for instead of the old form: media type, group, version and kind."""

_STREAMS: Final = ("create", "get")
_VERBS: Final[dict[str, tuple[str, ...]]] = {
    "binding": ("create",),
    "eviction": ("create",),
    "exec": _STREAMS,
    "finalize": ("update",),
    "log": ("get",),
    "portforward": _STREAMS,
}
_USUAL_VERBS: Final = ("get", "patch", "update")
_KINDS: Final = {
    "binding": ("", "v1", "Binding"),
    "eviction": ("policy", "v1", "Eviction"),
    "exec": ("", "v1", "PodExecOptions"),
    "portforward": ("", "v1", "PodPortForwardOptions"),
    "scale": ("autoscaling", "v1", "Scale"),
}
_ORDER: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def core(address: str) -> Object:
    """Return `/api`."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def groups(served: Iterable[Resource]) -> Object:
    """Return `/apis`."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*one) for one in _versions(served) if one[0]]}


def group(served: Iterable[Resource], name: str) -> Object:
    """Return `/apis/GROUP`; raises StatusError (404)."""
    for found, versions in _versions(served):
        if found == name:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}
    raise no_such_path()


def resources(served: Iterable[Resource], name: str, version: str) -> Object:
    """Return `/api/VERSION` or `/apis/GROUP/VERSION`; raises StatusError (404)."""
    found = [resource for resource in served if (resource.group, resource.version) == (name, version)]
    if not found:
        raise no_such_path()
    rows = [row for resource in found for row in _rows(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": found[0].api_version, "resources": rows}


def aggregated(served: Iterable[Resource], root: str) -> Object:
    """Return all resources of `api` or of `apis` at once."""
    every = tuple(served)
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [
                {
                    "version": version,
                    "freshness": "Current",
                    "resources": [_aggregated(one) for one in every if (one.group, one.version) == (name, version)],
                }
                for version in versions
            ],
        }
        for name, versions in _versions(every)
        if bool(name) == (root == "apis")
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _versions(served: Iterable[Resource]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for resource in served:
        versions = found.setdefault(resource.group, [])
        if resource.version not in versions:
            versions.append(resource.version)
    return [(name, sorted(versions, key=_rank)) for name, versions in found.items()]


def _rank(version: str) -> tuple[int, int, int]:
    """Order versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1."""
    major, _, rest = version.removeprefix("v").partition("beta" if "beta" in version else "alpha")
    stage = 1 if "beta" in version else 2 if "alpha" in version else 0
    return stage, -int(major or 0) if major.isdigit() else 0, -int(rest) if rest.isdigit() else 0


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    rows = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": rows, "preferredVersion": rows[0]}


def _rows(resource: Resource) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _ordered(resource.verbs),
    }
    row |= {"shortNames": list(resource.short_names)} if resource.short_names else {}
    row |= {"categories": list(resource.categories)} if resource.categories else {}
    return [row, *(_beside(resource, name) for name in sorted(resource.subresources))]


def _beside(resource: Resource, name: str) -> dict[str, Any]:
    place, kind = _kind(resource, name)
    other = {"group": place[0], "version": place[1]} if place != (resource.group, resource.version) else {}
    return {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        **other,
        "kind": kind,
        "verbs": list(_VERBS.get(name, _USUAL_VERBS)),
    }


def _aggregated(resource: Resource) -> dict[str, Any]:
    beside = [_aggregated_beside(resource, name) for name in sorted(resource.subresources)]
    return {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": _ordered(resource.verbs),
        **({"shortNames": list(resource.short_names)} if resource.short_names else {}),
        **({"categories": list(resource.categories)} if resource.categories else {}),
        **({"subresources": beside} if beside else {}),
    }


def _aggregated_beside(resource: Resource, name: str) -> dict[str, Any]:
    (group_name, version), kind = _kind(resource, name)
    return {
        "subresource": name,
        "responseKind": {"group": group_name, "version": version, "kind": kind},
        "verbs": list(_VERBS.get(name, _USUAL_VERBS)),
    }


def _kind(resource: Resource, name: str) -> tuple[tuple[str, str], str]:
    group_name, version, kind = _KINDS.get(name, (resource.group, resource.version, resource.kind))
    return (group_name, version), kind


def _ordered(verbs: Iterable[str]) -> list[str]:
    return sorted(verbs, key=_ORDER.index)
