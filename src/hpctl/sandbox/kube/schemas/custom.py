"""Custom kinds, as their CRD's structural schema defines them (Kubernetes documentation, "Custom Resources").

Rules in CEL (`x-kubernetes-validations`) are not judged: whoever creates such a CRD is warned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.builtin import METADATA, definitions
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.schemas.unknown import pruned

if TYPE_CHECKING:
    from jsonschema import Draft4Validator

RULES: Final = "x-kubernetes-validations"
_MAPS: Final = frozenset({"properties"})
_PARTS: Final = frozenset({"additionalProperties", "items", "not"})
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf"})
_JUDGED: Final = (
    _MAPS
    | _PARTS
    | _LISTS
    | {
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "type",
        "uniqueItems",
    }
)
_OWN: Final[Mapping[str, Any]] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": f"#/definitions/{METADATA}"},
}


@dataclass(frozen=True)
class CustomKind:
    """One version of a custom resource."""

    spec: Mapping[str, Any]
    """The `spec` of its CRD."""
    schema: Mapping[str, Any]
    """The version's openAPIV3Schema as it stands."""

    @cached_property
    def shape(self) -> Shape:
        """How its objects are made up; every object has Kubernetes' own metadata."""
        return Shape(_embedding({**self.schema, "x-kubernetes-embedded-resource": True}), definitions(), custom=True)

    @cached_property
    def validator(self) -> Draft4Validator:
        """What judges its objects; made when the first one comes."""
        # Here, and not above: a cluster without custom objects does not wait for it.
        from jsonschema import Draft4Validator

        from hpctl.sandbox.kube.schemas.formats import FORMATS

        return Draft4Validator(_draft4(self.schema), format_checker=FORMATS)

    def completed(self, body: Object) -> Object:
        """Return an object with its schema's defaults and without what the schema prunes."""
        shape = self.shape
        if self.spec.get("preserveUnknownFields"):
            shape = Shape(
                {**shape.schema, "x-kubernetes-preserve-unknown-fields": True}, shape.definitions, shape.custom
            )
        found: Object = _defaulted(shape, pruned(shape, body))
        return found


def kind_of(definition: Object, resource: Resource) -> CustomKind:
    """Return the version of a CRD that a resource is."""
    spec = definition["spec"]
    version = next(version for version in spec["versions"] if version["name"] == resource.version)
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {"x-kubernetes-preserve-unknown-fields": True}
    return CustomKind(spec, schema)


def has_rules(definition: Object) -> bool:
    """Whether a CRD brings rules in CEL."""
    return any(_rules(version.get("schema") or {}) for version in definition["spec"].get("versions") or ())


def _rules(schema: Any) -> Iterator[Any] | bool:
    if isinstance(schema, dict):
        return RULES in schema or any(map(_rules, schema.values()))
    return isinstance(schema, list) and any(map(_rules, schema))


def _embedding(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema in which embedded objects have what every object has."""
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {name: _embedding(part) for name, part in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = _embedding(schema[key])
    if schema.get("x-kubernetes-embedded-resource"):
        result["properties"] = {**result.get("properties", {}), **_OWN}
    return result


def _draft4(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3 in JSON Schema's words: they differ in what may be null, and in int-or-string."""
    result = {key: value for key, value in schema.items() if key in _JUDGED}
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in result:
        kind = result["type"]
        result["type"] = [*(kind if isinstance(kind, list) else [kind]), "null"]
        result.pop("enum", None)
    for key in _MAPS & result.keys():
        result[key] = {name: _draft4(part) for name, part in result[key].items()}
    for key in _PARTS & result.keys():
        if isinstance(result[key], dict):
            result[key] = _draft4(result[key])
    for key in _LISTS & result.keys():
        result[key] = [_draft4(part) for part in result[key]]
    return result


def _defaulted(shape: Shape, value: Any) -> Any:
    if isinstance(value, list):
        return [_defaulted(shape.item, item) for item in value]
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for name, schema in (shape.schema.get("properties") or {}).items():
        is_missing = name not in result or (result[name] is None and not schema.get("nullable"))
        if "default" in schema and is_missing:
            result[name] = deepcopy(schema["default"])
    return {name: _defaulted(inner, part) if (inner := shape.field(name)) else part for name, part in result.items()}
