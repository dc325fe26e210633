"""What a CustomResourceDefinition makes the API serve, and what its status says about that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import Object, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def resources(definition: Object) -> tuple[Resource, ...]:
    """Return the resources of a CRD that are served, none before it is established."""
    if not _is_true(definition, "Established"):
        return ()
    spec = definition["spec"]
    names = (definition.get("status") or {}).get("acceptedNames") or spec["names"]
    return tuple(
        Resource(
            group=spec["group"],
            version=version["name"],
            plural=names["plural"],
            kind=names["kind"],
            singular=names.get("singular") or names["kind"].lower(),
            namespaced=spec.get("scope") == "Namespaced",
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            subresources=frozenset(version.get("subresources") or ()),
        )
        for version in spec["versions"]
        if version.get("served")
    )


def version_of(definition: Object, resource: Resource) -> dict[str, Any]:
    """Return what a CRD says about the version of a resource of its own."""
    found: dict[str, Any] = next(
        version for version in definition["spec"]["versions"] if version["name"] == resource.version
    )
    return found


def selectable(definition: Object | None, resource: Resource) -> tuple[str, ...]:
    """Return the fields that a custom resource is selected by beside its name and namespace."""
    if definition is None:
        return ()
    fields = version_of(definition, resource).get("selectableFields") or ()
    return tuple(field["jsonPath"].removeprefix(".") for field in fields)


def with_status(definition: Object, others: Iterable[Object], now: datetime) -> Object:
    """Return a CRD with its status: names that no other CRD of its group has are accepted, and then it is served."""
    spec, status = definition["spec"], dict(definition.get("status") or {})
    names = spec["names"] | {"singular": spec["names"].get("singular") or spec["names"]["kind"].lower()}
    names |= {"listKind": names.get("listKind") or f"{names['kind']}List"}
    taken = _taken(definition, names, others)
    accepted = _condition("NamesAccepted", taken, "NoConflicts", "no conflicts found", now)
    established = _condition("Established", taken, "InitialNamesAccepted", "the initial names have been accepted", now)
    kept = {known["type"]: known for known in status.get("conditions") or ()}
    for found in (accepted, established):
        known = kept.get(found["type"])
        if known is None or known["status"] != found["status"]:
            kept[found["type"]] = found
    stored = [version["name"] for version in spec["versions"] if version.get("storage")]
    versions = list(status.get("storedVersions") or ())
    return {
        **definition,
        "spec": {**spec, "names": names},
        "status": {
            **status,
            "conditions": list(kept.values()),
            "acceptedNames": {} if taken else names,
            "storedVersions": versions + [name for name in stored if name not in versions],
        },
    }


def _taken(definition: Object, names: dict[str, Any], others: Iterable[Object]) -> str:
    """Return why a name is not accepted, "" when all are."""
    for other in others:
        same = other["metadata"]["name"] == definition["metadata"]["name"]
        if same or other["spec"]["group"] != definition["spec"]["group"]:
            continue
        theirs = (other.get("status") or {}).get("acceptedNames") or {}
        for field in ("plural", "singular", "kind", "listKind"):
            if theirs.get(field) and theirs[field] == names.get(field):
                return f'"{names[field]}" is already in use'
    return ""


def _condition(kind: str, taken: str, reason: str, message: str, now: datetime) -> dict[str, str]:
    told = {"reason": "NotAccepted", "message": taken} if taken else {"reason": reason, "message": message}
    return {"type": kind, "status": "False" if taken else "True", "lastTransitionTime": timestamp(now), **told}


def _is_true(definition: Object, kind: str) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(found["type"] == kind and found["status"] == "True" for found in conditions)
