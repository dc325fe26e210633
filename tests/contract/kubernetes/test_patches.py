"""Patches of three kinds; the fourth, server-side apply, has a file of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.objects import a_config_map, a_waiting_pod, a_workload
from tests.contract.kubernetes.space import Space

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

# What becomes of {"colour": "red", "size": "1"}.
DATA: dict[str, tuple[str, Any, dict[str, str]]] = {
    "add": (JSON_PATCH, [{"op": "add", "path": "/data/new", "value": "x"}], {"colour": "red", "size": "1", "new": "x"}),
    "replace": (JSON_PATCH, [{"op": "replace", "path": "/data/size", "value": "2"}], {"colour": "red", "size": "2"}),
    "remove": (JSON_PATCH, [{"op": "remove", "path": "/data/size"}], {"colour": "red"}),
    "move": (JSON_PATCH, [{"op": "move", "from": "/data/size", "path": "/data/sum"}], {"colour": "red", "sum": "1"}),
    "copy": (
        JSON_PATCH,
        [{"op": "copy", "from": "/data/size", "path": "/data/sum"}],
        {"colour": "red", "size": "1", "sum": "1"},
    ),
    "test": (
        JSON_PATCH,
        [{"op": "test", "path": "/data/size", "value": "1"}, {"op": "remove", "path": "/data/size"}],
        {"colour": "red"},
    ),
    "merge": (MERGE, {"data": {"size": "2", "new": "x"}}, {"colour": "red", "size": "2", "new": "x"}),
    "merge with null": (MERGE, {"data": {"size": None}}, {"colour": "red"}),
    "strategic": (STRATEGIC, {"data": {"size": "2"}}, {"colour": "red", "size": "2"}),
    "strategic with null": (STRATEGIC, {"data": {"size": None}}, {"colour": "red"}),
    "strategic that replaces": (STRATEGIC, {"data": {"$patch": "replace", "only": "this"}}, {"only": "this"}),
}


@pytest.mark.parametrize("what", DATA)
def test_a_patch_does_what_its_kind_promises(space: Space, what: str) -> None:
    content, patch, expected = DATA[what]
    place = space.path("configmaps", "one")
    space.make("configmaps", a_config_map())
    assert space.cluster.patch(place, patch, content).good()["data"] == expected
    assert space.get("configmaps", "one").good()["data"] == expected


BROKEN = {
    "a test that fails": (JSON_PATCH, [{"op": "test", "path": "/data/size", "value": "2"}], (422, "Invalid")),
    "a path that leads nowhere": (JSON_PATCH, [{"op": "remove", "path": "/data/none"}], (422, "Invalid")),
    "an operation that there is none of": (JSON_PATCH, [{"op": "tickle", "path": "/data"}], None),
    "an object for a list": (JSON_PATCH, {"op": "remove", "path": "/data"}, (400, "BadRequest")),
    "a list for an object": (MERGE, [1], (400, "BadRequest")),
    "no JSON": (MERGE, b"{", (400, "BadRequest")),
    "half done": (
        JSON_PATCH,
        [{"op": "remove", "path": "/data/size"}, {"op": "test", "path": "/data/colour", "value": "blue"}],
        (422, "Invalid"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_patch_that_cannot_be_carried_out_changes_nothing(space: Space, what: str) -> None:
    content, patch, refusal = BROKEN[what]
    made = space.make("configmaps", a_config_map())
    answer = space.cluster.patch(space.path("configmaps", "one"), patch, content)
    assert answer.refusal == refusal if refusal else 400 <= answer.code < 500
    assert space.get("configmaps", "one").version == made["metadata"]["resourceVersion"]


@pytest.mark.parametrize("content", [JSON_PATCH, MERGE, STRATEGIC])
def test_what_is_not_there_cannot_be_patched(space: Space, content: str) -> None:
    patch = [] if content == JSON_PATCH else {"data": {}}
    answer = space.cluster.patch(space.path("configmaps", "none"), patch, content)
    assert answer.refusal == (404, "NotFound")


def test_a_slash_in_a_key_is_written_as_its_escape(space: Space) -> None:
    space.make("configmaps", a_config_map(labels={"contract.test/a": "1"}))
    patch = [{"op": "replace", "path": "/metadata/labels/contract.test~1a", "value": "2"}]
    changed = space.cluster.patch(space.path("configmaps", "one"), patch, JSON_PATCH).good()
    assert changed["metadata"]["labels"] == {"contract.test/a": "2"}


def test_labels_and_annotations_are_merged(space: Space) -> None:
    space.make("configmaps", a_config_map(labels={"a": "1", "b": "2"}))
    patch = {"metadata": {"labels": {"b": None, "c": "3"}, "annotations": {"note": "x"}}}
    metadata = space.cluster.patch(space.path("configmaps", "one"), patch).good()["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"a": "1", "c": "3"}, {"note": "x"})


def _containers(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["name"], row["image"]) for row in found["spec"]["template"]["spec"]["containers"]]


def _wrapped(spec: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


# The template has a container `main`; what becomes of its containers.
LISTS: dict[str, tuple[str, dict[str, Any], list[tuple[str, str]]]] = {
    "strategic: by name": (STRATEGIC, {"containers": [{"name": "main", "image": "new"}]}, [("main", "new")]),
    "strategic: one more": (
        STRATEGIC,
        {"containers": [{"name": "side", "image": "new"}]},
        [("side", "new"), ("main", "old")],
    ),
    "strategic: in an order": (
        STRATEGIC,
        {
            "$setElementOrder/containers": [{"name": "main"}, {"name": "side"}],
            "containers": [{"name": "side", "image": "new"}],
        },
        [("main", "old"), ("side", "new")],
    ),
    "strategic: one less": (
        STRATEGIC,
        {"containers": [{"name": "side", "image": "new"}, {"name": "main", "$patch": "delete"}]},
        [("side", "new")],
    ),
    "strategic: others instead": (
        STRATEGIC,
        {"containers": [{"$patch": "replace"}, {"name": "side", "image": "new"}]},
        [("side", "new")],
    ),
    "merge: others instead": (MERGE, {"containers": [{"name": "side", "image": "new"}]}, [("side", "new")]),
}


@pytest.mark.parametrize("what", LISTS)
def test_lists_are_merged_by_name_or_replaced(space: Space, what: str) -> None:
    content, spec, expected = LISTS[what]
    body = a_workload("Deployment", replicas=0)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "old"
    space.make("deployments", body)
    changed = space.cluster.patch(space.path("deployments", "one"), _wrapped(spec), content).good()
    assert sorted(_containers(changed)) == sorted(expected)
    if "order" in what or "instead" in what:
        assert _containers(changed) == expected


def test_a_strategic_patch_may_keep_some_keys_of_a_union_alone(space: Space) -> None:
    body = a_workload("Deployment", replicas=0, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
    space.make("deployments", body)
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    changed = space.cluster.patch(space.path("deployments", "one"), patch, STRATEGIC).good()
    assert changed["spec"]["strategy"] == {"type": "Recreate"}


def test_finalizers_are_a_set_to_a_strategic_patch(space: Space) -> None:
    place = space.path("configmaps", "one")
    space.make("configmaps", a_config_map(finalizers=["contract.test/a"]))
    more = {"metadata": {"finalizers": ["contract.test/b"]}}
    changed = space.cluster.patch(place, more, STRATEGIC).good()
    assert sorted(changed["metadata"]["finalizers"]) == ["contract.test/a", "contract.test/b"]
    less = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["contract.test/a", "contract.test/b"]}}
    assert "finalizers" not in space.cluster.patch(place, less, STRATEGIC).good()["metadata"]


def test_a_pod_may_get_another_image(space: Space) -> None:
    space.make("pods", a_waiting_pod())
    patch = {"spec": {"containers": [{"name": "main", "image": "another:1"}]}}
    changed = space.cluster.patch(space.path("pods", "one"), patch, STRATEGIC).good()
    assert changed["spec"]["containers"][0]["image"] == "another:1"
