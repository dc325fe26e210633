"""How an object is made of parts, and how its lists and maps merge: an OpenAPI schema, looked at from a field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# A key of a list that the API server fills in where it is left out (k8s.io/api core/v1, ContainerPort and ServicePort;
# OpenAPI v2 leaves defaults out).
_KEY_DEFAULTS: Final = {"protocol": "TCP"}
_UNKNOWN: Final[Mapping[str, Any]] = {"x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True, slots=True)
class Shape:
    """One node of a schema; `definitions` is what its references mean, `custom` that it is of a CRD."""

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
    custom: bool = False

    @property
    def open(self) -> bool:
        """Whether fields that it does not name are kept."""
        return bool(self.schema.get("x-kubernetes-preserve-unknown-fields"))

    def field(self, name: str) -> Shape | None:
        """Return what stands under a key, or None when nothing may."""
        properties = self.schema.get("properties") or {}
        if name in properties:
            return self._of(properties[name])
        more = self.schema.get("additionalProperties")
        if isinstance(more, dict):
            return self._of(more)
        return self._of(_UNKNOWN) if self.open or more is True else None

    @property
    def item(self) -> Shape:
        """What each item of a list is."""
        return self._of(self.schema.get("items") or _UNKNOWN)

    @property
    def atomic(self) -> bool:
        """Whether server-side apply sets it as one: lists unless they say otherwise, and maps that say so."""
        schema = self.schema
        if schema.get("type") == "array" or schema.get("x-kubernetes-list-type"):
            return bool(schema.get("x-kubernetes-list-type", "atomic") == "atomic")
        if schema.get("x-kubernetes-map-type") == "atomic":
            return True
        # An object of which nothing is known is untyped to Kubernetes: RawExtension, for one.
        named = "properties" in schema or "additionalProperties" in schema
        return not named and not self.open and not (self.custom and schema.get("type") == "object")

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that tell the items of a list of maps apart; none in a list of another type."""
        if self.schema.get("x-kubernetes-list-type") != "map":
            return ()
        return tuple(self.schema.get("x-kubernetes-list-map-keys") or ())

    @property
    def unique(self) -> bool:
        """Whether it is a list of scalars that stand in it once each."""
        return bool(self.schema.get("x-kubernetes-list-type") == "set")

    @property
    def merge_key(self) -> str | None:
        """The field by which a strategic merge patch tells items apart."""
        return self.schema.get("x-kubernetes-patch-merge-key")

    @property
    def strategies(self) -> frozenset[str]:
        """How a strategic merge patch merges it: `merge`, `retainKeys`; none of them: it replaces lists."""
        return frozenset(filter(None, (self.schema.get("x-kubernetes-patch-strategy") or "").split(",")))

    def identity(self, index: int, item: Any) -> str:
        """Return what tells an item of a list from others, as a path element of managedFields.

        `k:` and its keys in a list of maps, `v:` and itself in a set, else `i:` and its index, also without its keys.
        """
        if self.unique:
            return f"v:{_json(item)}"
        keys = {key: self._key(item, key) for key in self.keys}
        return f"i:{index}" if not keys or None in keys.values() else f"k:{_json(keys)}"

    def _key(self, item: Any, key: str) -> Any:
        found = item.get(key) if isinstance(item, dict) else None
        if found is not None:
            return found
        of_item = self.item.field(key)
        declared = of_item.schema.get("default") if of_item else None
        return declared if self.custom or declared is not None else _KEY_DEFAULTS.get(key)

    def _of(self, schema: Mapping[str, Any]) -> Shape:
        # A CRD has no references of its own: what one leads to is Kubernetes' own, such as an object's metadata.
        is_custom = self.custom and "$ref" not in schema
        if "$ref" in schema:
            target = self.definitions[schema["$ref"].rpartition("/")[2]]
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **beside} if beside else target
        return Shape(schema, self.definitions, is_custom)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


ANYTHING: Final = Shape(_UNKNOWN, {})
"""A shape that knows nothing: maps merge by key, lists are replaced."""
