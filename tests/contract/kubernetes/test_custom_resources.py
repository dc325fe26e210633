"""Kinds of one's own: their definition, their schema, their columns, and how they come and go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.kubernetes.connection import TABLE, Answer, Cluster
from tests.contract.kubernetes.space import Space, path, until

SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 4},
        "port": {"x-kubernetes-int-or-string": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "named": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "value": {"type": "string", "nullable": True}},
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": SPEC,
        "status": {"type": "object", "properties": {"phase": {"type": "string"}, "replicas": {"type": "integer"}}},
    },
}
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


@dataclass(frozen=True)
class Kind:
    """A kind that a test file made."""

    cluster: Cluster
    group: str
    definition: str

    def path(self, space: Space, name: str = "", sub: str = "", version: str = "v1") -> str:
        return path("shapes", name, inside=space.name, sub=sub, root=f"apis/{self.group}/{version}")

    def shape(self, name: str = "one", version: str = "v1", status: Any = None, **spec: Any) -> dict[str, Any]:
        body = {"apiVersion": f"{self.group}/{version}", "kind": "Shape", "metadata": {"name": name}}
        return {**body, "spec": {"size": 1, **spec}, **({} if status is None else {"status": status})}

    def post(self, space: Space, **spec: Any) -> Answer:
        return self.cluster.post(self.path(space), self.shape(**spec))


def definition(group: str, **spec: Any) -> dict[str, Any]:
    names = {"plural": "shapes", "singular": "shape", "kind": "Shape", "listKind": "ShapeList", "shortNames": ["sh"]}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "additionalPrinterColumns": COLUMNS,
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas"},
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"shapes.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version], **spec},
    }


def condition(found: dict[str, Any], kind: str) -> str:
    rows = found.get("status", {}).get("conditions") or []
    return next((row["status"] for row in rows if row["type"] == kind), "Unknown")


@pytest.fixture(scope="module")
def kind(cluster: Cluster) -> Iterator[Kind]:
    group = f"g{uuid4().hex[:8]}.contract.test"
    body = definition(group)
    # A second version of the same form.
    body["spec"]["versions"].append({**body["spec"]["versions"][0], "name": "v2", "storage": False})
    place = path("customresourcedefinitions", body["metadata"]["name"])
    cluster.post(path("customresourcedefinitions"), body).good()
    until(lambda: cluster.get(place).good(), lambda found: condition(found, "Established") == "True")
    until(lambda: cluster.get(f"/apis/{group}/v2/shapes").code, lambda code: code == 200)
    yield Kind(cluster, group, place)
    cluster.delete(place)


def test_a_definition_is_accepted_and_established(kind: Kind) -> None:
    found = kind.cluster.get(kind.definition).good()
    assert (condition(found, "NamesAccepted"), condition(found, "Established")) == ("True", "True")
    assert found["status"]["acceptedNames"]["kind"] == "Shape"
    assert found["status"]["storedVersions"] == ["v1"]


def test_the_kind_is_discovered(kind: Kind) -> None:
    rows = {row["name"]: row for row in kind.cluster.get(f"/apis/{kind.group}/v1").good()["resources"]}
    assert {*rows} == {"shapes", "shapes/status", "shapes/scale"}
    assert (rows["shapes"]["kind"], rows["shapes"]["shortNames"], rows["shapes"]["namespaced"]) == (
        "Shape",
        ["sh"],
        True,
    )
    assert kind.group in [group["name"] for group in kind.cluster.get("/apis").good()["groups"]]


def test_the_kind_is_in_the_documents(kind: Kind) -> None:
    place = f"apis/{kind.group}/v1"
    paths = until(lambda: kind.cluster.get("/openapi/v3").good()["paths"], lambda paths: place in paths)
    document = json.dumps(kind.cluster.get(paths[place]["serverRelativeURL"]).good())
    assert '"colour"' in document


def test_an_object_gets_defaults_and_loses_what_its_schema_does_not_know(kind: Kind, space: Space) -> None:
    body = kind.shape(size=3, unknown="x", free={"any": {"thing": [1]}}, port="http")
    body["unknown"] = 1
    answer = kind.cluster.post(kind.path(space), body)
    assert answer.code == 201
    assert answer.body["spec"] == {"size": 3, "colour": "red", "free": {"any": {"thing": [1]}}, "port": "http"}
    assert "unknown" not in answer.body
    assert answer.body["metadata"]["generation"] == 1


def test_what_would_be_lost_is_refused_where_that_is_asked_for(kind: Kind, space: Space) -> None:
    body = kind.shape(unknown="x")
    strict = kind.cluster.post(kind.path(space), body, fieldValidation="Strict")
    assert strict.refusal == (400, "BadRequest")
    assert 'strict decoding error: unknown field "spec.unknown"' in strict.message
    warned = kind.cluster.post(kind.path(space), body)
    assert warned.headers["Warning"] == '299 - "unknown field \\"spec.unknown\\""'


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "a text for a number": (
        {"size": "big"},
        'spec.size: Invalid value: "string": spec.size in body must be of type integer',
    ),
    "too large": ({"size": 10}, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
    "too small": ({"size": 0}, "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"),
    "none of the choices": (
        {"colour": "green"},
        'spec.colour: Unsupported value: "green"',
    ),
    "not of the pattern": ({"code": "A"}, "spec.code in body should match '^[a-z]+$'"),
    "too long": ({"code": "abcde"}, "spec.code: Too long: may not be "),
    "an item without its key": ({"named": [{"value": "x"}]}, "spec.named[0].name: Required value"),
    "a key twice": (
        {"named": [{"name": "a"}, {"name": "a"}]},
        'spec.named[1]: Duplicate value: {"name":"a"}',
    ),
    "too many": ({"named": [{"name": n} for n in "abcd"]}, "spec.named: Too many: 4: must have at most 3 items"),
    "null where it may not be": ({"size": None}, "spec.size: "),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_object_that_breaks_its_schema_is_refused(kind: Kind, space: Space, what: str) -> None:
    spec, said = INVALID[what]
    answer = kind.post(space, **spec)
    assert answer.refusal == (422, "Invalid")
    assert answer.message.startswith(f'Shape.{kind.group} "one" is invalid: ')
    assert said in answer.message


def test_what_is_required_must_be_there(kind: Kind, space: Space) -> None:
    body = kind.shape()
    del body["spec"]["size"]
    assert "spec.size: Required value" in kind.cluster.post(kind.path(space), body).message


def test_null_is_kept_where_it_may_be(kind: Kind, space: Space) -> None:
    made = kind.post(space, named=[{"name": "a", "value": None}]).good()
    assert made["spec"]["named"] == [{"name": "a", "value": None}]


def test_status_has_a_place_of_its_own(kind: Kind, space: Space) -> None:
    made = kind.cluster.post(kind.path(space), kind.shape(status={"phase": "Lost"})).good()
    assert "status" not in made
    place = kind.path(space, "one", "status")
    changed = kind.cluster.patch(place, {"spec": {"size": 9}, "status": {"phase": "Ready", "junk": 1}}).good()
    assert (changed["spec"]["size"], changed["status"]) == (1, {"phase": "Ready"})
    assert changed["metadata"]["generation"] == 1
    assert kind.cluster.get(kind.path(space, "one")).good()["status"] == {"phase": "Ready"}


def test_scale_follows_the_paths_of_the_definition(kind: Kind, space: Space) -> None:
    kind.post(space).good()
    place = kind.path(space, "one", "scale")
    assert kind.cluster.patch(place, {"spec": {"replicas": 4}}).good()["spec"]["replicas"] == 4
    assert kind.cluster.get(kind.path(space, "one")).good()["spec"]["size"] == 4


def test_a_strategic_patch_is_for_built_in_kinds(kind: Kind, space: Space) -> None:
    kind.post(space).good()
    answer = kind.cluster.patch(
        kind.path(space, "one"), {"spec": {"size": 2}}, "application/strategic-merge-patch+json"
    )
    assert answer.refusal == (415, "UnsupportedMediaType")
    assert kind.cluster.patch(kind.path(space, "one"), {"spec": {"size": 2}}).good()["spec"]["size"] == 2


def test_lists_with_keys_are_applied_by_them(kind: Kind, space: Space) -> None:
    for manager, name in (("her", "a"), ("him", "b")):
        kind.cluster.apply(kind.path(space, "one"), kind.shape(named=[{"name": name}]), manager).good()
    found = kind.cluster.get(kind.path(space, "one")).good()
    assert [row["name"] for row in found["spec"]["named"]] == ["a", "b"]


def test_columns_are_those_of_the_definition(kind: Kind, space: Space) -> None:
    kind.post(space, size=3).good()
    table = kind.cluster.get(kind.path(space), accept=TABLE).good()
    columns = [(column["name"], column["type"], column.get("priority", 0)) for column in table["columnDefinitions"]]
    assert columns == [("Name", "string", 0), ("Size", "integer", 0), ("Phase", "string", 1), ("Age", "date", 0)]
    assert table["rows"][0]["cells"][:3] == ["one", 3, None]


def test_objects_are_watched_and_selected(kind: Kind, space: Space) -> None:
    since = kind.cluster.get(kind.path(space)).version
    kind.post(space).good()
    events = kind.cluster.watched(kind.path(space), resourceVersion=since, fieldSelector="metadata.name=one")
    assert [(event["type"], event["object"]["spec"]["size"]) for event in events] == [("ADDED", 1)]
    assert kind.cluster.get(kind.path(space), fieldSelector="spec.size=1").refusal == (400, "BadRequest")


def test_each_served_version_shows_the_same_object(kind: Kind, space: Space) -> None:
    kind.post(space, size=5).good()
    second = kind.cluster.get(kind.path(space, "one", version="v2")).good()
    assert (second["apiVersion"], second["spec"]["size"]) == (f"{kind.group}/v2", 5)
    assert kind.cluster.get(kind.path(space, "one", version="v3")).code == 404


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a name that is not plural and group": ({"names": {"plural": "others", "kind": "Other"}}, "metadata.name"),
    "no version to store": ({"versions": []}, "spec.versions"),
    "no schema": ({"versions": [{"name": "v1", "served": True, "storage": True}]}, "schema"),
    "a schema without types": (
        {
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {}}}},
                }
            ]
        },
        "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value",
    ),
    "no such scope": ({"scope": "Everywhere"}, "spec.scope: Unsupported value"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_definition_that_makes_no_sense_is_refused(cluster: Cluster, what: str) -> None:
    spec, said = BROKEN[what]
    answer = cluster.post(path("customresourcedefinitions"), definition("broken.contract.test", **spec))
    assert answer.refusal == (422, "Invalid")
    assert said in answer.message


def test_a_kind_goes_with_its_definition(cluster: Cluster, space: Space) -> None:
    group = f"g{uuid4().hex[:8]}.contract.test"
    place = path("customresourcedefinitions", f"shapes.{group}")
    cluster.post(path("customresourcedefinitions"), definition(group)).good()
    short = Kind(cluster, group, place)
    until(lambda: cluster.get(short.path(space)).code, lambda code: code == 200)
    short.post(space).good()
    with cluster.watching(short.path(space), resourceVersion="0", timeoutSeconds=30) as events:
        assert next(events)["type"] == "ADDED"
        cluster.delete(place).good()
        assert next(events)["type"] == "DELETED"
    until(lambda: cluster.get(short.path(space)).code, lambda code: code == 404)
    assert cluster.get(f"/apis/{group}/v1").code == 404
