"""The words that the sandbox's CRDs are written with: types, objects, lists, and what stands around a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hpctl.sandbox.kube.crds.templates import Schema
    from hpctl.sandbox.kube.resources import Object

NO_CONTROLLER: Final = "sandbox.hpctl/no-controller"
"""The annotation of CRDs whose objects nobody would ever look after: creating one is refused (501)."""
INT: Final[Schema] = {"type": "integer"}
INT32: Final[Schema] = {"type": "integer", "format": "int32"}
INT64: Final[Schema] = {"type": "integer", "format": "int64"}
TEXT: Final[Schema] = {"type": "string"}
TRUTH: Final[Schema] = {"type": "boolean"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
OPEN: Final[Schema] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def structure(properties: Schema, *, required: list[str] | None = None) -> Schema:
    """Return the schema of an object with these fields."""
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def listed(items: Schema, *, by: str = "") -> Schema:
    """Return the schema of a list; `by` is the key of a list of maps."""
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [by]} if by else {}
    return {"type": "array", "items": items, **keyed}


def atomic(items: Schema, **limits: int) -> Schema:
    """Return the schema of a list that has one owner."""
    return {**listed(items), "x-kubernetes-list-type": "atomic", **limits}


def mapped(values: Schema) -> Schema:
    """Return the schema of an object with any keys."""
    return {"type": "object", "additionalProperties": values}


def version(name: str, spec: Schema, status: Schema, *, scale: dict[str, str] | None = None) -> Schema:
    """Return the only version of a CRD."""
    schema = structure(
        {"apiVersion": TEXT, "kind": TEXT, "metadata": {"type": "object"}, "spec": spec, "status": status}
    )
    beside: dict[str, Any] = {"status": {}, **({"scale": scale} if scale else {})}
    return {
        "name": name,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": beside,
    }


def definition(
    group: str, kind: str, plural: str, told: Schema, *, scope: str = "Namespaced", refused: bool = False
) -> Object:
    """Return a CRD of one version; objects of one that is `refused` nobody would look after."""
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            **({"annotations": {NO_CONTROLLER: "true"}} if refused else {}),
        },
        "spec": {"group": group, "names": names, "scope": scope, "versions": [told]},
    }
