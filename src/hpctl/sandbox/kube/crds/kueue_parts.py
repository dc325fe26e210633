"""What the CRDs of Kueue have in common: its names, limits and conditions, and how a CRD of two versions is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.crds.parts import (
    INT32,
    INT64,
    MOMENT,
    TEXT,
    definition,
    listed,
    mapped,
    structure,
)
from hpctl.sandbox.kube.crds.templates import Schema, quantity

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

GROUP: Final = "kueue.x-k8s.io"
OLDER: Final = "v1beta1"
NEWER: Final = "v1beta2"
"""The version that is stored; the older one is made of it."""
_DEPRECATED: Final = {"deprecated": True, "deprecationWarning": "This version is deprecated. Use v1beta2 instead."}
_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME: Final[Schema] = {**TEXT, "maxLength": 253, "pattern": rf"^{_LABEL}(\.{_LABEL})*$"}
LABEL: Final[Schema] = {**TEXT, "maxLength": 63, "pattern": f"^{_LABEL}$"}
QUALIFIED: Final = rf"^({_LABEL}(\.{_LABEL})*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
COUNT: Final[Schema] = {**INT32, "minimum": 0}
ONE_OR_MORE: Final[Schema] = {**INT32, "minimum": 1}
MOST_FLAVORS: Final = 64


def short(most: int, least: int = 0) -> Schema:
    """Return the schema of a text of limited length."""
    return {**TEXT, "maxLength": most, **({"minLength": least} if least else {})}


def chosen(*values: str, default: str = "") -> Schema:
    """Return the schema of one of some words."""
    return {**TEXT, "enum": list(values), **({"default": default} if default else {})}


def conditions(**limits: int) -> Schema:
    """Return the schema of Kubernetes' own conditions."""
    needed = {
        "lastTransitionTime": MOMENT,
        "message": short(32768),
        "reason": {**short(1024, 1), "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"},
        "status": chosen("True", "False", "Unknown"),
        "type": {**short(316), "pattern": QUALIFIED},
    }
    row = structure({**needed, "observedGeneration": {**INT64, "minimum": 0}}, required=list(needed))
    return {**listed(row, by="type"), **limits}


def unique(items: Schema, most: int) -> Schema:
    """Return the schema of a list without repetitions."""
    return {**listed(items), "x-kubernetes-list-type": "set", "maxItems": most}


def usage(*more: str) -> Schema:
    """Return the schema of what is used of each flavor; `more` are numbers beside the total."""
    numbers = dict.fromkeys(("total", *more), quantity())
    resources = {**listed(structure({"name": TEXT, **numbers}, required=["name"]), by="name"), "maxItems": MOST_FLAVORS}
    row = structure({"name": NAME, "resources": resources}, required=["name", "resources"])
    return {**listed(row, by="name"), "maxItems": MOST_FLAVORS}


def consumed() -> Schema:
    """Return the schema of what fair sharing remembers of a queue."""
    return structure(
        {"consumedResources": mapped(quantity()), "lastUpdate": MOMENT}, required=["consumedResources", "lastUpdate"]
    )


def toleration() -> Schema:
    """Return the schema of a toleration."""
    return structure({**dict.fromkeys(("effect", "key", "operator", "value"), TEXT), "tolerationSeconds": INT64})


def taint() -> Schema:
    """Return the schema of a taint."""
    return structure({"effect": TEXT, "key": TEXT, "timeAdded": MOMENT, "value": TEXT}, required=["effect", "key"])


def column(about: str, path: str, name: str, kind: str = "string", **more: int) -> Schema:
    """Return a column of `kubectl get`."""
    return {"description": about, "jsonPath": path, "name": name, "type": kind, **more}


def served(name: str, fields: Schema, columns: list[Schema], *, required: str = "", status: bool = False) -> Schema:
    """Return one version of a CRD."""
    about = {"apiVersion": TEXT, "kind": TEXT, "metadata": {"type": "object"}}
    schema = structure({**about, **fields}, required=[required] if required else None)
    told: dict[str, Any] = {
        "name": name,
        "served": True,
        "storage": name == NEWER,
        "schema": {"openAPIV3Schema": schema},
    }
    beside: dict[str, Any] = {"subresources": {"status": {}} if status else {}} if status or columns else {}
    return told | beside | ({"additionalPrinterColumns": columns} if columns else {})


def made(kind: str, plural: str, short_names: list[str], older: Schema, newer: Schema, *, scope: str) -> Object:
    """Return a CRD of Kueue with its two versions."""
    found = definition(GROUP, kind, plural, newer, scope=scope)
    found["spec"]["names"]["shortNames"] = short_names
    found["spec"]["versions"] = [older | _DEPRECATED, newer]
    return found
