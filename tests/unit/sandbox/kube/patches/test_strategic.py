"""Strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.patches.strategic import strategically_patched
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.patches.applies import DEPLOYMENT, RULES, container, deployment, resource

SHAPE = RULES.shape(DEPLOYMENT)
PODS = RULES.shape(resource("Pod"))


def pod(*containers: Object, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [*containers], **spec}}


def patched_containers(live: Object, *containers: Any, **more: Any) -> Any:
    patch = {"spec": {"template": {"spec": {"containers": list(containers), **more}}}}
    return strategically_patched(SHAPE, live, patch)["spec"]["template"]["spec"]["containers"]


def test_containers_merge_by_name() -> None:
    live = deployment(container("a", args=["x"]), container("b"))
    found = patched_containers(live, {"name": "b", "image": "new"}, {"name": "c", "image": "third"})
    assert found == [container("a", args=["x"]), {"name": "b", "image": "new"}, {"name": "c", "image": "third"}]
    assert live == deployment(container("a", args=["x"]), container("b"))


def test_an_item_is_deleted_and_a_list_replaced_by_directive() -> None:
    live = deployment(container("a"), container("b"))
    assert patched_containers(live, {"name": "a", "$patch": "delete"}) == [container("b")]
    assert patched_containers(live, {"$patch": "replace"}, container("c")) == [container("c")]


def test_a_map_is_deleted_or_replaced_by_directive() -> None:
    live = deployment(container(), labels={"a": "1", "b": "2"})
    replaced = strategically_patched(SHAPE, live, {"metadata": {"labels": {"$patch": "replace", "c": "3"}}})
    assert replaced["metadata"]["labels"] == {"c": "3"}
    deleted = strategically_patched(SHAPE, live, {"metadata": {"labels": {"$patch": "delete"}}})
    assert "labels" not in deleted["metadata"]


def test_null_removes_and_maps_merge() -> None:
    live = deployment(container(), labels={"a": "1", "b": "2"}, replicas=2)
    new = strategically_patched(
        SHAPE, live, {"metadata": {"labels": {"a": None, "c": "3"}}, "spec": {"replicas": None}}
    )
    assert new["metadata"]["labels"] == {"b": "2", "c": "3"}
    assert "replicas" not in new["spec"]


def test_a_list_without_a_merge_key_is_replaced() -> None:
    live = deployment(container(args=["a", "b"], envFrom=[{"prefix": "x"}]))
    found = patched_containers(live, {"name": "web", "args": ["c"], "envFrom": [{"prefix": "y"}]})
    assert (found[0]["args"], found[0]["envFrom"]) == (["c"], [{"prefix": "y"}])


def test_primitive_lists_that_merge_join_and_lose_by_directive() -> None:
    live = {"metadata": {"finalizers": ["a/x", "b/x"]}}
    assert strategically_patched(PODS, live, {"metadata": {"finalizers": ["c/x", "a/x"]}})["metadata"][
        "finalizers"
    ] == [
        "a/x",
        "b/x",
        "c/x",
    ]
    gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/x"]}}
    assert strategically_patched(PODS, live, gone)["metadata"]["finalizers"] == ["b/x"]


def test_the_order_of_items_is_the_patchs() -> None:
    live = pod(container("a"), container("b"), container("c"))
    order = [{"name": "c"}, {"name": "d"}, {"name": "a"}]
    patch = {"spec": {"$setElementOrder/containers": order, "containers": [container("d")]}}
    found = strategically_patched(PODS, live, patch)["spec"]["containers"]
    assert [one["name"] for one in found] == ["b", "c", "d", "a"]
    alone = strategically_patched(PODS, live, {"spec": {"$setElementOrder/containers": order}})
    assert [one["name"] for one in alone["spec"]["containers"]] == ["b", "c", "a"]


def test_retained_keys_drop_the_others() -> None:
    live = deployment(container(), strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategically_patched(SHAPE, live, patch)["spec"]["strategy"] == {"type": "Recreate"}
    wrong = {"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}
    with pytest.raises(StatusError, match="retainKeys"):
        strategically_patched(SHAPE, live, wrong)


def test_an_unknown_directive_or_a_missing_key_is_refused() -> None:
    with pytest.raises(StatusError, match="unknown patch type found: dance"):
        strategically_patched(SHAPE, deployment(container()), {"spec": {"$patch": "dance"}})
    with pytest.raises(StatusError, match="does not contain declared merge key: name"):
        patched_containers(deployment(container()), {"image": "x"})


names = st.sampled_from(["a", "b", "c", "d", "e"])
items = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, names, st.text(max_size=2)),
    unique_by=lambda one: one["name"],
    max_size=5,
)


def difference(old: list[Object], new: list[Object]) -> Object:
    """Return the patch that kubectl would make of two lists: changes, deletions and the order."""
    before, after = {one["name"]: one for one in old}, {one["name"]: one for one in new}
    changed = [one for name, one in after.items() if before.get(name) != one]
    gone = [{"name": name, "$patch": "delete"} for name in before if name not in after]
    return {"$setElementOrder/env": [{"name": name} for name in after], "env": changed + gone}


@given(items, items)
def test_the_difference_of_two_lists_leads_from_one_to_the_other(old: list[Object], new: list[Object]) -> None:
    shape = PODS.field("spec").field("containers").item  # type: ignore[union-attr]
    result = strategically_patched(shape, container(env=old), difference(old, new))
    assert result.get("env", []) == new
