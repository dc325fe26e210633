"""Whether a CustomResourceDefinition will do: its names, its versions, and that its schemas are structural.

Source: k8s.io/apiextensions-apiserver, pkg/apis/apiextensions/validation, and the Kubernetes documentation, "Specifying
a structural schema".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas import names
from hpctl.sandbox.kube.schemas.causes import forbidden, invalid, required, unsupported
from hpctl.sandbox.kube.schemas.metadata import named, unchanged
from hpctl.sandbox.kube.status import Cause

Part = Mapping[str, Any]
_SCOPES: Final = ("Cluster", "Namespaced")
_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_JUNCTORS: Final = ("allOf", "anyOf", "oneOf")
_NOT_HERE: Final = ("additionalProperties", "default", "description", "nullable", "title", "type")
_PROTECTED: Final = (".k8s.io", ".kubernetes.io")
_APPROVED: Final = "api-approved.kubernetes.io"
_WHY_APPROVED: Final = "https://github.com/kubernetes/enhancements/pull/1111"


def crd_faults(definition: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a CustomResourceDefinition."""
    spec = definition.get("spec") or {}
    told, group = spec.get("names") or {}, spec.get("group", "")
    name = f"{told.get('plural', '')}.{group}"
    if definition["metadata"].get("name") != name:
        yield invalid("metadata.name", definition["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from _group_faults(definition, group)
    yield from named("spec.names.plural", told.get("plural"), names.dns_1035_label)
    for field in ("kind", "listKind"):
        if (value := told.get(field)) and (fault := names.dns_1035_label(value.lower())):
            yield invalid(f"spec.names.{field}", value, f"may have mixed case, but should otherwise match: {fault}")
    if spec.get("scope") not in _SCOPES:
        yield unsupported("spec.scope", spec.get("scope", ""), _SCOPES)
    if spec.get("preserveUnknownFields"):
        told_so = "must be false in order to use defaults in the schema"
        yield invalid("spec.preserveUnknownFields", spec["preserveUnknownFields"], told_so)
    yield from _version_faults(spec.get("versions") or ())
    if old is not None:
        yield from _change_faults(spec, old["spec"])


def _group_faults(definition: Object, group: str) -> Iterator[Cause]:
    if group and (fault := names.subdomain(group)):
        yield invalid("spec.group", group, fault)
    elif group and "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    annotations = definition["metadata"].get("annotations") or {}
    if f".{group}".endswith(_PROTECTED) and not annotations.get(_APPROVED):
        told = 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
        yield required("metadata.annotations[api-approved.kubernetes.io]", told)


def _version_faults(versions: Any) -> Iterator[Cause]:
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid(
            "spec.versions",
            [one.get("name") for one in versions],
            "must have exactly one version marked as storage version",
        )
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        yield from named(f"{path}.name", version.get("name"), names.dns_1035_label)
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            yield required(f"{path}.schema.openAPIV3Schema", "schemas are required")
            continue
        here = f"{path}.schema.openAPIV3Schema"
        if schema.get("type") != "object":
            yield invalid(f"{here}.type", schema.get("type", ""), "must be object at the root")
        yield from _structural(schema, here)


def _change_faults(spec: Part, old: Part) -> Iterator[Cause]:
    for field in ("group", "scope"):
        yield from unchanged(f"spec.{field}", spec.get(field), old.get(field))
    for field in ("plural", "kind"):
        yield from unchanged(f"spec.names.{field}", spec["names"].get(field), old["names"].get(field))


def _structural(schema: Part, path: str) -> Iterator[Cause]:
    yield from _type_faults(schema, path)
    yield from _list_faults(schema, path)
    for junctor in _JUNCTORS:
        for index, part in enumerate(schema.get(junctor) or ()):
            yield from _in_junctor(part, f"{path}.{junctor}[{index}]", schema)
    for name, part in (schema.get("properties") or {}).items():
        yield from _structural(part, f"{path}.properties[{name}]")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _structural(schema[key], f"{path}.{key}")


def _type_faults(schema: Part, path: str) -> Iterator[Cause]:
    kind, is_open = schema.get("type"), schema.get("x-kubernetes-preserve-unknown-fields")
    if kind is None and not schema.get("x-kubernetes-int-or-string") and not is_open:
        yield required(f"{path}.type", "must not be empty for specified object fields")
    elif kind is not None and kind not in _TYPES:
        yield unsupported(f"{path}.type", kind, _TYPES)
    if "properties" in schema and "additionalProperties" in schema:
        yield forbidden(f"{path}.additionalProperties", "must not be set together with properties")
    if kind == "array" and not isinstance(schema.get("items"), dict):
        yield required(f"{path}.items", "must be specified")


def _list_faults(schema: Part, path: str) -> Iterator[Cause]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    if kind == "map" and not keys:
        yield required(f"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map")
    items = schema.get("items") if isinstance(schema.get("items"), dict) else {}
    known = (items or {}).get("properties") or {}
    for index, key in enumerate(keys):
        if key not in known:
            told = "entries must all be names of item properties"
            yield invalid(f"{path}.x-kubernetes-list-map-keys[{index}]", key, told)
        elif key not in ((items or {}).get("required") or ()) and "default" not in known[key]:
            told = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield required(f"{path}.items.properties[{key}].default", told)


def _in_junctor(part: Part, path: str, outer: Part) -> Iterator[Cause]:
    free = {"type"} if outer.get("x-kubernetes-int-or-string") else set()
    for field in _NOT_HERE:
        if field in part and field not in free:
            yield forbidden(f"{path}.{field}", "must be empty to be structural")
