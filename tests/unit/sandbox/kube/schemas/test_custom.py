"""Custom kinds: what their CRD's schema prunes, defaults and refuses, and what is refused of a CRD."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.resources import Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.rules import KindRules
from tests.unit.sandbox.kube.schemas.judging import faults

NOW = datetime(2026, 1, 1, tzinfo=UTC)
THING = Resource("example.org", "v1", "things", "Thing", "thing")
SCHEMA: Object = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 9},
                "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                "code": {"type": "string", "pattern": "^a+$", "maxLength": 3, "minLength": 1},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "maybe": {"type": "string", "nullable": True},
                "when": {"type": "string", "format": "date-time"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "inner": {"type": "object", "default": {}, "properties": {"deep": {"type": "integer", "default": 7}}},
                "template": {"type": "object", "x-kubernetes-embedded-resource": True},
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}, "maxItems": 3},
                "parts": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "n": {"type": "integer"}},
                    },
                },
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def crd(schema: Object = SCHEMA, **spec: Any) -> Object:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"},
            "scope": "Namespaced",
            "versions": [version],
            **spec,
        },
    }


RULES = KindRules(lambda: [crd()])


def thing(**spec: Any) -> Object:
    return {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 1, **spec}}


def told(body: Object, old: Object | None = None, rules: KindRules = RULES) -> list[str]:
    causes = rules.faults(THING, rules.default(THING, body), old)
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_unknown_fields_are_pruned_but_where_they_are_kept() -> None:
    body = thing(other=1, free={"any": {"thing": 1}}, parts=[{"name": "a", "x": 1}], labels={"k": "v"})
    body["metadata"]["labels"] = {"a": "b"}
    found = RULES.default(THING, body)["spec"]
    assert "other" not in found
    assert (found["free"], found["parts"], found["labels"]) == ({"any": {"thing": 1}}, [{"name": "a"}], {"k": "v"})
    assert list(RULES.unknown_fields(THING, body)) == ["spec.other", "spec.parts[0].x"]
    assert RULES.default(THING, body)["metadata"] == {"name": "one", "labels": {"a": "b"}}


def test_a_custom_object_is_applied_and_its_managed_fields_are_its_metadata() -> None:
    def apply(live: Object | None, config: Object) -> Object:
        shape = RULES.shape(THING)
        return patched(THING, live, config, PatchType.APPLY, shape=shape, now=NOW, manager="me")

    config = thing(parts=[{"name": "a", "n": 1}], tags=["x"], free={"any": [1]})
    made = apply(None, config)
    owned = made["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    assert owned["f:parts"] == {'k:{"name":"a"}': {".": {}, "f:n": {}, "f:name": {}}}
    assert (owned["f:tags"], owned["f:free"]) == ({'v:"x"': {}}, {"f:any": {}})
    assert list(RULES.unknown_fields(THING, made)) == []
    assert apply(made, config) == made
    left = apply(made, thing(tags=["y"]))["spec"]
    assert (left["tags"], left.get("parts"), left.get("free")) == (["y"], None, None)


@pytest.mark.parametrize(("old", "new"), [({"a": 1}, [1]), ([1], {"a": 1}), ({"a": 1}, "text"), ("text", {"a": 1})])
def test_free_json_may_become_something_else(old: Any, new: Any) -> None:
    shape = RULES.shape(THING)
    live: Object | None = None
    for value in (old, new):
        config = thing(free={"any": value})
        live = patched(THING, live, config, PatchType.APPLY, shape=shape, now=NOW, manager="me")
    assert live is not None
    assert live["spec"]["free"] == {"any": new}


def test_defaults_go_in_at_every_depth() -> None:
    found = RULES.default(THING, thing())["spec"]
    assert (found["color"], found["inner"]) == ("red", {"deep": 7})
    assert RULES.default(THING, thing(color="blue"))["spec"]["color"] == "blue"
    assert RULES.default(THING, thing(color=None))["spec"]["color"] == "red"


def test_an_embedded_object_has_what_objects_have() -> None:
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "nope": 1}, "spec": {"a": 1}}
    found = RULES.default(THING, thing(template=inner))["spec"]["template"]
    assert found == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}


@pytest.mark.parametrize(
    "spec", [{}, {"port": 1}, {"port": "a"}, {"maybe": None}, {"when": "2026-01-02T03:04:05Z"}, {"tags": ["a", "b"]}]
)
def test_a_good_one_passes(spec: Object) -> None:
    assert told(thing(**spec)) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"size": "x"}, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"size": 0}, "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"),
        ({"size": 10}, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
        ({"color": "pink"}, 'spec.color: Unsupported value: "pink": supported values: "blue", "red"'),
        ({"code": "b"}, "spec.code: Invalid value: \"b\": spec.code in body should match '^a+$'"),
        ({"code": "aaaa"}, "spec.code: Too long: may not be more than 3 bytes"),
        ({"port": True}, 'spec.port in body must be of type integer,string: "boolean"'),
        ({"when": "soon"}, 'spec.when: Invalid value: "soon": spec.when in body must be of type date-time: "soon"'),
        ({"labels": {"a": 1}}, 'spec.labels.a in body must be of type string: "integer"'),
        ({"tags": ["a", "a"]}, 'spec.tags[1]: Duplicate value: "a"'),
        ({"tags": list("abcd")}, "spec.tags: Too many: 4: must have at most 3 items"),
        ({"parts": [{"name": "a"}, {"name": "a"}]}, 'spec.parts[1]: Duplicate value: {"name":"a"}'),
        ({"parts": [{"n": 1}]}, "spec.parts[0].name: Required value"),
    ],
)
def test_a_bad_one_is_told_why(spec: Object, fault: str) -> None:
    assert [one for one in told(thing(**spec)) if fault in one]


def test_what_is_missing_and_a_bad_name_are_told_too() -> None:
    body = {"metadata": {"name": "No"}, "spec": {}}
    found = told(body)
    assert "spec.size: Required value" in found
    assert found[0].startswith('metadata.name: Invalid value: "No": a lowercase RFC 1123 subdomain')


def test_what_an_update_leaves_as_it_was_is_not_held_against_it() -> None:
    old = RULES.default(THING, thing(size=0, code="a"))
    assert told(thing(size=0, code="aa"), old) == []
    assert told(thing(size=-1), old) != []


def test_the_schema_of_now_counts() -> None:
    known = [crd()]
    rules = KindRules(lambda: known)
    assert told(thing(size=10), rules=rules)
    wider = copy.deepcopy(SCHEMA)
    wider["properties"]["spec"]["properties"]["size"]["maximum"] = 20
    known[0] = crd(wider)
    assert told(thing(size=10), rules=rules) == []


def test_a_crd_with_rules_in_cel_is_taken_with_a_warning() -> None:
    resource = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd")
    ruled = crd({"type": "object", "x-kubernetes-validations": [{"rule": "true"}]})
    assert list(RULES.warnings(resource, ruled)) == [
        "x-kubernetes-validations: the hpctl sandbox keeps rules in CEL and does not evaluate them"
    ]
    assert list(RULES.warnings(resource, crd())) == []


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        (crd(names={"plural": "other", "kind": "Thing"}), 'must be spec.names.plural+"."+spec.group'),
        (crd(group="example"), "should be a domain with at least one dot"),
        (crd(scope="World"), 'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"'),
        (crd(versions=[]), "must have exactly one version marked as storage version"),
        (crd(versions=[{"name": "v1", "served": True, "storage": True}]), "schemas are required"),
        (crd({"type": "string"}), "must be object at the root"),
        (crd({"type": "object", "properties": {"a": {}}}), "must not be empty for specified object fields"),
        (
            crd({"type": "object", "properties": {"a": {"type": "array"}}}),
            "properties[a].items: Required value: must be specified",
        ),
        (
            crd({"type": "object", "anyOf": [{"type": "object"}]}),
            "anyOf[0].type: Forbidden: must be empty to be structural",
        ),
    ],
)
def test_a_bad_crd_is_told_why(definition: Object, fault: str) -> None:
    assert [one for one in faults("CustomResourceDefinition", definition) if fault in one]


def test_a_good_crd_passes_and_keeps_its_names() -> None:
    assert faults("CustomResourceDefinition", crd()) == []
    assert "spec.scope: Invalid value" in faults("CustomResourceDefinition", crd(scope="Cluster"), crd())[0]


def test_a_group_of_kubernetes_needs_an_approval() -> None:
    own = crd(group="apps.k8s.io")
    own["metadata"]["name"] = "things.apps.k8s.io"
    assert "protected groups must have approval annotation" in faults("CustomResourceDefinition", own)[0]
    own["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved"}
    assert faults("CustomResourceDefinition", own) == []
