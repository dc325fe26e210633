from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.asked import asked_by, both_sides
from hpctl.compile.pod_config import pod_config_of, with_pod_config
from hpctl.errors import HpctlError, UsageError

GPU, EFA = "nvidia.com/gpu", "vpc.amazonaws.com/efa"
POD: dict[str, Any] = {
    "metadata": {"labels": {"a": "1"}},
    "spec": {
        "containers": [
            {
                "name": "task",
                "image": "one",
                "env": [{"name": "A", "value": "1"}],
                "resources": {"limits": {GPU: "8"}, "requests": {GPU: "8", "cpu": "4"}},
                "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],
                "ports": [{"containerPort": 22, "name": "ssh"}],
            }
        ],
        "nodeSelector": {"zone": "a"},
        "tolerations": [{"key": "k", "operator": "Exists"}],
        "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}],
    },
}


def merged(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = with_pod_config(POD, {"spec": spec})["spec"]
    return found


def container(**members: Any) -> dict[str, Any]:
    found: dict[str, Any] = merged(containers=[members])["containers"][0]
    return found


def test_maps_merge_key_by_key_and_scalars_replace() -> None:
    assert merged(nodeSelector={"zone": "b", "x": "1"})["nodeSelector"] == {"zone": "b", "x": "1"}
    told = {"metadata": {"labels": {"b": "2"}, "annotations": {"c": "3"}}}
    assert with_pod_config(POD, told)["metadata"] == {"labels": {"a": "1", "b": "2"}, "annotations": {"c": "3"}}


def test_null_replaces() -> None:
    assert merged(nodeSelector=None)["nodeSelector"] is None
    assert container(resources=None)["resources"] is None


def test_a_container_without_a_name_is_the_first_one() -> None:
    resources = {"limits": {EFA: 32}, "requests": {EFA: 32}}
    found = merged(containers=[{"resources": resources}])["containers"]
    assert len(found) == 1
    assert found[0]["resources"] == {"limits": {GPU: "8", EFA: 32}, "requests": {GPU: "8", "cpu": "4", EFA: 32}}
    assert (found[0]["name"], found[0]["image"]) == ("task", "one")


def test_a_container_is_found_by_its_name() -> None:
    assert container(name="task", image="two")["image"] == "two"


def test_skypilots_own_name_of_the_container_means_the_first_one() -> None:
    assert container(name="ray-node", image="two")["image"] == "two"
    assert container(name="ray-node", image="two")["name"] == "task"


def test_a_container_of_another_name_is_a_sidecar() -> None:
    found = merged(containers=[{"name": "logs", "image": "x", "command": ["y"]}])["containers"]
    assert [one["name"] for one in found] == ["task", "logs"]


@pytest.mark.parametrize(
    ("field", "told", "expected"),
    [
        ("env", [{"name": "A", "value": "2"}], [{"name": "A", "value": "2"}]),
        ("env", [{"name": "B", "value": "2"}], [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
        ("volumeMounts", [{"mountPath": "/dev/shm", "name": "x"}], [{"mountPath": "/dev/shm", "name": "x"}]),
        ("ports", [{"containerPort": 22, "name": "s"}], [{"containerPort": 22, "name": "s"}]),
        ("ports", [{"name": "ssh"}], [{"containerPort": 22, "name": "ssh"}, {"name": "ssh"}]),
        ("volumeDevices", [{"devicePath": "/d", "name": "x"}], [{"devicePath": "/d", "name": "x"}]),
    ],
)
def test_lists_with_a_patch_key_merge_item_by_item(field: str, told: Any, expected: Any) -> None:
    assert container(**{field: told})[field] == expected


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        ("volumes", "name", "v"),
        ("initContainers", "name", "i"),
        ("ephemeralContainers", "name", "e"),
        ("resourceClaims", "name", "c"),
        ("hostAliases", "ip", "10.0.0.1"),
        ("topologySpreadConstraints", "topologyKey", "zone"),
    ],
)
def test_each_list_of_a_pod_has_its_patch_key(field: str, key: str, value: str) -> None:
    once = with_pod_config(POD, {"spec": {field: [{key: value, "one": 1}]}})
    twice = with_pod_config(once, {"spec": {field: [{key: value, "two": 2}]}})
    assert twice["spec"][field][-1] == {key: value, "one": 1, "two": 2}
    other = with_pod_config(once, {"spec": {field: [{key: "other"}]}})
    assert [row[key] for row in other["spec"][field][-2:]] == [value, "other"]


def test_claims_of_a_container_merge_by_name() -> None:
    once = with_pod_config(POD, {"spec": {"containers": [{"resources": {"claims": [{"name": "c", "request": "1"}]}}]}})
    twice = with_pod_config(
        once, {"spec": {"containers": [{"resources": {"claims": [{"name": "c", "request": "2"}]}}]}}
    )
    assert twice["spec"]["containers"][0]["resources"]["claims"] == [{"name": "c", "request": "2"}]


def test_secrets_of_the_registry_replace_and_other_lists_append() -> None:
    pod = {"spec": {**POD["spec"], "imagePullSecrets": [{"name": "old"}]}}
    assert with_pod_config(pod, {"spec": {"imagePullSecrets": [{"name": "new"}]}})["spec"]["imagePullSecrets"] == [
        {"name": "new"}
    ]
    assert merged(tolerations=[{"key": "l"}])["tolerations"] == [{"key": "k", "operator": "Exists"}, {"key": "l"}]


def test_the_command_of_a_sidecar_replaces() -> None:
    once = with_pod_config(POD, {"spec": {"containers": [{"name": "s", "command": ["a"], "args": ["b"]}]}})
    twice = with_pod_config(once, {"spec": {"containers": [{"name": "s", "command": ["c"], "args": ["d"]}]}})
    assert (twice["spec"]["containers"][1]["command"], twice["spec"]["containers"][1]["args"]) == (["c"], ["d"])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"tolerations": {"key": "k"}},
            "`pod_config.spec.tolerations` cannot be merged: a mapping stands where pods have a list",
        ),
        (
            {"nodeSelector": ["a"]},
            "`pod_config.spec.nodeSelector` cannot be merged: a list stands where pods have a mapping",
        ),
        (
            {"nodeSelector": "a"},
            "`pod_config.spec.nodeSelector` cannot be merged: a single value stands where pods have a mapping",
        ),
        (
            {"containers": [{"image": {"a": 1}}]},
            "`pod_config.spec.containers[0].image` cannot be merged: a mapping stands where pods have a single value",
        ),
    ],
)
def test_another_shape_is_refused_by_its_field(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        merged(**spec)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"spec": {"hostname": "x"}}, "`pod_config.spec.hostname` cannot be set"),
        ({"spec": {"restartPolicy": "Always"}}, "`pod_config.spec.restartPolicy` cannot be set"),
        ({"spec": {"containers": [{"command": ["x"]}]}}, "`pod_config.spec.containers[0].command` cannot be set"),
        (
            {"spec": {"containers": [{"name": "side"}, {"name": "ray-node", "args": ["x"]}]}},
            "`pod_config.spec.containers[1].args` cannot be set",
        ),
        ({"spec": {"containers": {}}}, "`pod_config.spec.containers` is not a list"),
        ({"spec": {"containers": ["x"]}}, "`pod_config.spec.containers[0]` is not a mapping"),
        ({"spec": {"containers": [{"resources": "x"}]}}, "`pod_config.spec.containers[0].resources` is not a mapping"),
        (
            {"spec": {"containers": [{"resources": {"limits": 1}}]}},
            "`pod_config.spec.containers[0].resources.limits` is not a mapping",
        ),
        (
            {"spec": {"containers": [{"resources": {"limit": {}}}]}},
            "`pod_config.spec.containers[0].resources.limit` cannot be set",
        ),
        ({"metadata": {"name": "x"}}, "`pod_config.metadata.name` cannot be set"),
        ({"containers": []}, "`pod_config.containers` cannot be set"),
        ([], "`pod_config` is not a mapping"),
    ],
)
def test_what_would_break_the_job_or_be_dropped_is_refused_by_name(told: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        pod_config_of(json.dumps(told))
    assert caught.value.message == message
    assert caught.value.hint or "is not a" in message


def test_an_extended_resource_is_completed_to_both_sides() -> None:
    told = {"spec": {"containers": [{"resources": {"limits": {EFA: 4, "cpu": 2}}}, {"name": "s"}]}}
    assert both_sides(json.dumps(told))["spec"]["containers"][0]["resources"] == {
        "limits": {EFA: 4, "cpu": 2},
        "requests": {EFA: 4},
    }
    told = {"spec": {"containers": [{"resources": {"requests": {EFA: 4}, "limits": {EFA: 8}}}]}}
    assert both_sides(json.dumps(told))["spec"]["containers"][0]["resources"]["requests"] == {EFA: 8}


def test_no_pod_config_asks_for_nothing() -> None:
    asked = asked_by(None)
    assert (asked.selector, asked.terms, asked.tolerations, asked.resources) == ({}, (), (), {})


NAMES = st.sampled_from(
    ["spec", "metadata", "containers", "name", "resources", "limits", "tolerations", "affinity", "x", EFA]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


AROUND = st.sampled_from(
    ["{0}", '{{"spec": {0}}}', '{{"spec": {{"containers": [{0}]}}}}', '{{"spec": {{"affinity": {0}}}}}']
)


@given(TREES, AROUND)
def test_any_tree_is_merged_or_refused(tree: Any, around: str) -> None:
    text = around.format(json.dumps(tree))
    try:
        asked_by(text)
        with_pod_config(POD, both_sides(text))
    except HpctlError as error:
        assert "`pod_config" in error.message  # noqa: PT017
