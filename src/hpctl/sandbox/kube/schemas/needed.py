"""Fields that a built-in kind cannot be without, as its OpenAPI says; a status is the business of who writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.schemas.builtin import names
from hpctl.sandbox.kube.schemas.causes import required
from hpctl.sandbox.kube.schemas.decoding import Schema, resolved
from hpctl.sandbox.kube.status import Cause

# What the API server takes all the same, because nothing in Go tells it from an empty value.
_OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    "Event": frozenset({"metadata", "involvedObject"}),
    "CustomResourceDefinition": frozenset({"status"}),
}


def needed_faults(api_version: str, kind: str, body: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield what is missing from an object that has its defaults."""
    schema = resolved({"$ref": f"#/definitions/{names()[api_version, kind]}"})
    optional = _OPTIONAL.get(kind, frozenset())
    missing = (name for name in schema.get("required", ()) if name not in body and name not in optional)
    yield from (required(name) for name in missing)
    for name, part in body.items():
        if name not in {"status", "metadata"} and name in schema.get("properties", {}):
            yield from _faults(schema["properties"][name], part, name)


def _faults(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    schema = resolved(schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(schema.get("items", {}), item, f"{path}[{index}]")
    elif isinstance(value, dict):
        parts, more = schema.get("properties", {}), schema.get("additionalProperties", {})
        for name in schema.get("required", ()):
            if name not in value or value[name] in ("", []):
                yield required(f"{path}.{name}")
        for name, part in value.items():
            if isinstance(part, dict | list):
                yield from _faults(parts.get(name, more), part, f"{path}.{name}" if parts else f"{path}[{name}]")
