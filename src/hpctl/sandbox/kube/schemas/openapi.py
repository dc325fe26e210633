"""OpenAPI documents, as far as clients read them: which parameters a patch takes, and what fields a kind has.

kubectl looks into version 3 for both (`apply`, `--dry-run=server`, `explain`). There is no prose in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from hpctl.sandbox.kube import customs
from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.resources import Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.builtin import METADATA, definitions, names

_GVK: Final = "x-kubernetes-group-version-kind"
_OLD, _NEW = "#/definitions/", "#/components/schemas/"
_INFO: Final = {"title": "Kubernetes", "version": "unversioned"}
_ACTIONS: Final = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
_EITHER: Final[Mapping[str, Any]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    },
}
_PARAMETERS: Final = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation", "force")
]


def version_2(crds: Iterable[Object]) -> Object:
    """Return the one document of version 2."""
    own = {name: schema for crd in crds for _, name, schema in _kinds(crd, _OLD)}
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": {**definitions(), **own}}


def version_3(crds: Iterable[Object]) -> dict[str, Object]:
    """Return a document for each group and version, by its path."""
    documents = dict(_built_in())
    for crd in crds:
        for resource, name, schema in _kinds(crd, _NEW):
            known = documents.get(place := _place(resource), _document({}, {}))
            paths = known["paths"] | dict(_paths(resource, name))
            schemas = known["components"]["schemas"] | _shared() | {name: schema}
            documents[place] = _document(paths, schemas)
    return documents


@cache
def _built_in() -> Mapping[str, Object]:
    found: dict[str, list[Resource]] = {}
    for resource in BUILT_IN:
        if (resource.api_version, resource.kind) in names():
            found.setdefault(_place(resource), []).append(resource)
    return {place: _of_version(resources) for place, resources in found.items()}


def _of_version(resources: Iterable[Resource]) -> Object:
    by_name = {names()[one.api_version, one.kind]: one for one in resources}
    paths = {path: row for name, one in by_name.items() for path, row in _paths(one, name)}
    return _document(paths, {name: _moved_definition(name) for name in _reachable(by_name)})


@cache
def _shared() -> Mapping[str, Any]:
    return {name: _moved_definition(name) for name in _reachable([METADATA])}


def _document(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> Object:
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": schemas}}


def _kinds(crd: Object, beside: str) -> Iterator[tuple[Resource, str, Mapping[str, Any]]]:
    """Yield each resource of a CRD that is served, the name of its schema as Kubernetes gives it, and the schema."""
    for resource in customs.resources(crd):
        schema = (customs.version_of(crd, resource).get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
        metadata = {"metadata": {"$ref": f"{beside}{METADATA}"}}
        gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        name = ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])
        yield resource, name, {**schema, "properties": {**(schema.get("properties") or {}), **metadata}, _GVK: [gvk]}


def _place(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.api_version}"


def _paths(resource: Resource, name: str) -> Iterator[tuple[str, Object]]:
    base = f"/{_place(resource)}/{'namespaces/{namespace}/' if resource.namespaced else ''}{resource.plural}"
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    is_built_in = (resource.api_version, resource.kind) in names()
    patches = [kind for kind in PatchType if is_built_in or kind is not PatchType.STRATEGIC]
    answer = {"description": "OK", "content": {"application/json": {"schema": {"$ref": f"{_NEW}{name}"}}}}

    def operation(action: str) -> Object:
        told = {"x-kubernetes-action": action, _GVK: gvk, "responses": {"200": answer}}
        if action == "patch":
            # kubectl asks here whether it may send a strategic merge patch.
            told["requestBody"] = {"content": {kind: {"schema": {"type": "object"}} for kind in patches}}
        return told | ({} if action in {"get", "list"} else {"parameters": _PARAMETERS})

    every = {"get": "list"} if "list" in resource.verbs else {}
    yield base, {method: operation(action) for method, action in {**every, "post": "post"}.items()}
    if "get" in resource.verbs:
        yield f"{base}/{{name}}", {method: operation(action) for method, action in _ACTIONS.items()}


@cache
def _moved_definition(name: str) -> Any:
    return _moved(_EITHER.get(name) or definitions()[name])


def _moved(schema: Any) -> Any:
    """Return a schema whose references lead to where version 3 keeps schemas."""
    if isinstance(schema, dict):
        moved = {key: _moved(part) for key, part in schema.items()}
        if isinstance(reference := moved.get("$ref"), str):
            moved["$ref"] = reference.replace(_OLD, _NEW)
        return moved
    return [_moved(part) for part in schema] if isinstance(schema, list) else schema


def _reachable(roots: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    wanted = list(roots)
    while wanted:
        if (name := wanted.pop()) not in found:
            found[name] = None
            wanted.extend(_references(definitions()[name]))
    return sorted(found)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.removeprefix(_OLD)
        for part in schema.values():
            yield from _references(part)
