"""The OpenAPI documents, as far as kubectl reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.schemas.rules import KindRules
from tests.unit.sandbox.kube.schemas.test_custom import crd

SERVED = crd() | {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
RULES = KindRules(lambda: [SERVED])
DOCUMENTS = RULES.openapi_v3()


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def test_every_version_that_is_served_has_a_document() -> None:
    places = {f"{'apis' if one.group else 'api'}/{one.api_version}" for one in BUILT_IN}
    assert set(DOCUMENTS) == places | {"apis/example.org/v1"}


def test_every_reference_leads_somewhere_in_its_own_document() -> None:
    for document in DOCUMENTS.values():
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert set(_references(document)) <= known


def test_a_patch_says_which_parameters_and_types_it_takes() -> None:
    pod = DOCUMENTS["api/v1"]["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert pod["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "Pod"}
    assert {one["name"] for one in pod["parameters"]} >= {"dryRun", "fieldValidation"}
    assert "application/strategic-merge-patch+json" in pod["requestBody"]["content"]
    thing = DOCUMENTS["apis/example.org/v1"]["paths"]["/apis/example.org/v1/namespaces/{namespace}/things/{name}"]
    assert sorted(thing["patch"]["requestBody"]["content"]) == [
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
    ]


def test_schemas_tell_merge_keys_and_their_kind() -> None:
    schemas = DOCUMENTS["api/v1"]["components"]["schemas"]
    assert schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]["x-kubernetes-patch-merge-key"] == "name"
    own = DOCUMENTS["apis/example.org/v1"]["components"]["schemas"]["org.example.v1.Thing"]
    assert own["x-kubernetes-group-version-kind"] == [{"group": "example.org", "version": "v1", "kind": "Thing"}]


def test_version_2_has_built_in_and_custom_definitions() -> None:
    definitions = RULES.openapi_v2()["definitions"]
    assert {"io.k8s.api.core.v1.Pod", "org.example.v1.Thing"} <= set(definitions)


def test_a_crd_that_is_not_established_is_told_of_nowhere() -> None:
    assert "apis/example.org/v1" not in KindRules(lambda: [crd()]).openapi_v3()
