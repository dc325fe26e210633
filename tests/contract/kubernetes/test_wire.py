"""Requests that make no sense, and forms of content: each is refused with the code that clients know."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.objects import a_config_map, an_object
from tests.contract.kubernetes.space import Space

YAML = b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {colour: "red"}  # a comment
"""
MEBIBYTE = 2**20


@pytest.mark.parametrize("path", ["/nonsense", "/api/v2", "/api/v1/nonsense", "/apis/nonsense.test/v1/things"])
def test_what_is_not_there_is_not_found(cluster: Cluster, path: str) -> None:
    assert cluster.get(path).code == 404


@pytest.mark.parametrize(("method", "name"), [("PUT", ""), ("PATCH", ""), ("POST", "one")])
def test_a_method_that_a_resource_does_not_have_is_refused(space: Space, method: str, name: str) -> None:
    answer = space.cluster.ask(method, space.path("configmaps", name), a_config_map())
    assert answer.refusal == (405, "MethodNotAllowed")
    assert answer.message == "the server does not allow this method on the requested resource"


def test_an_answer_in_a_form_that_is_not_spoken_is_refused(space: Space) -> None:
    answer = space.cluster.get(space.path("configmaps"), accept="text/html")
    assert answer.refusal == (406, "NotAcceptable")
    assert "only the following media types are accepted: application/json" in answer.message


def test_any_form_will_do_for_who_takes_any(space: Space) -> None:
    answer = space.cluster.get(space.path("configmaps"), accept="text/html, */*;q=0.1")
    assert answer.good()["kind"] == "ConfigMapList"


def test_a_body_in_a_form_that_is_not_spoken_is_refused(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), b"<ConfigMap/>", content="application/xml")
    assert answer.refusal == (415, "UnsupportedMediaType")
    assert "the body of the request was in an unknown format - accepted media types include:" in answer.message


def test_a_patch_without_a_form_of_patches_is_refused(space: Space) -> None:
    space.make("configmaps", a_config_map())
    answer = space.cluster.patch(space.path("configmaps", "one"), {"data": {}}, "application/json")
    assert answer.refusal == (415, "UnsupportedMediaType")
    assert "application/merge-patch+json" in answer.message


BAD: dict[str, Any] = {
    "no JSON": b"{",
    "no object": b"[]",
    "another kind": an_object("Secret"),
    "another version": an_object("ConfigMap", version="v2"),
    "another namespace": a_config_map(namespace="another"),
    "a number for a map": {**a_config_map(), "data": 1},
    "a number for a value": {**a_config_map(), "data": {"colour": 1}},
}


@pytest.mark.parametrize("what", BAD)
def test_a_body_that_makes_no_sense_is_refused(space: Space, what: str) -> None:
    answer = space.cluster.post(space.path("configmaps"), BAD[what])
    assert answer.refusal == (400, "BadRequest")
    assert space.get("configmaps", "one").code == 404


def test_a_body_may_leave_its_kind_to_the_path(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), {"metadata": {"name": "one"}})
    assert (answer.code, answer.body["kind"], answer.body["apiVersion"]) == (201, "ConfigMap", "v1")


def test_a_body_may_be_yaml(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), YAML, content="application/yaml")
    assert (answer.code, answer.body["data"]) == (201, {"colour": "red"})


def test_an_object_of_a_mebibyte_is_kept_and_comes_back(space: Space) -> None:
    text = "é" * (MEBIBYTE // 2 - 1024)
    space.make("configmaps", a_config_map(data={"text": text}))
    assert space.get("configmaps", "one").good()["data"]["text"] == text


def test_more_data_than_a_config_map_holds_is_refused(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), a_config_map(data={"text": "x" * (MEBIBYTE + 1)}))
    assert answer.refusal == (422, "Invalid")
    assert "Too long" in answer.message


def test_a_body_beyond_all_measure_is_refused(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), a_config_map(data={"text": "x" * (3 * MEBIBYTE + 1024)}))
    assert answer.refusal == (413, "RequestEntityTooLarge")


def test_a_stranger_is_not_let_in(cluster: Cluster) -> None:
    answer = cluster.get("/api/v1/namespaces", token="nonsense")
    assert answer.refusal == (401, "Unauthorized")
    assert answer.message == "Unauthorized"
