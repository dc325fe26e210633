from __future__ import annotations

import base64
from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet.environment import ConfigError, Surroundings, field, variables
from hpctl.sandbox.kube.resources import Object

POD: Object = {
    "metadata": {"name": "p", "namespace": "team", "uid": "u", "labels": {"b": "2", "a": 'x"y'}, "annotations": {}},
    "spec": {"nodeName": "n", "containers": [{"name": "main"}]},
    "status": {"podIP": "100.64.0.9", "podIPs": [{"ip": "100.64.0.9"}], "hostIP": "10.0.0.1"},
}
CONFIGS: dict[tuple[str, str], Object] = {
    ("ConfigMap", "settings"): {"kind": "ConfigMap", "data": {"x": "1", "y": "two"}},
    ("Secret", "token"): {"kind": "Secret", "data": {"key": base64.b64encode(b"s3cret\n").decode()}},
}


def service(name: str, namespace: str, address: str = "172.20.1.2", /, **port: Any) -> Object:
    spec = {"clusterIP": address, "ports": [{"port": 80, **port}]}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def around(*services: Object, **spec: Any) -> Surroundings:
    pod = {**POD, "spec": {**POD["spec"], **spec}}
    return Surroundings(pod, lambda kind, name: CONFIGS.get((kind, name)), services, {"cpu": "8", "memory": "16Gi"})


def made(container: Object, *services: Object, **spec: Any) -> dict[str, str]:
    return variables(around(*services, **spec), {"name": "main", **container})


def test_later_variables_may_use_earlier_ones_and_those_of_services() -> None:
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(WEB_SERVICE_HOST)-$(C)"},
        {"name": "C", "value": "late"},
        {"name": "D"},
    ]
    found = made({"env": env}, service("web", "team"))
    assert [found[name] for name in "ABCD"] == ["1", "1-172.20.1.2-$(C)", "late", ""]


def test_whole_configs_come_first_and_with_their_prefix() -> None:
    sources = [{"configMapRef": {"name": "settings"}}, {"prefix": "S_", "secretRef": {"name": "token"}}]
    found = made({"envFrom": sources, "env": [{"name": "x", "value": "mine"}]})
    assert found == {"x": "mine", "y": "two", "S_key": "s3cret\n"}


def test_services_are_told_of_as_the_kubelet_tells() -> None:
    found = made(
        {},
        service("my-web", "team", name="http-x"),
        service("kubernetes", "default", "172.20.0.1", port=443),
        service("other", "elsewhere"),
        service("headless", "team", "None"),
    )
    assert found["MY_WEB_SERVICE_HOST"] == "172.20.1.2"
    assert found["MY_WEB_SERVICE_PORT_HTTP_X"] == found["MY_WEB_SERVICE_PORT"] == "80"
    assert found["MY_WEB_PORT_80_TCP"] == found["MY_WEB_PORT"] == "tcp://172.20.1.2:80"
    assert found["MY_WEB_PORT_80_TCP_ADDR"] == "172.20.1.2"
    assert found["KUBERNETES_SERVICE_PORT"] == "443"
    assert not [name for name in found if name.startswith(("OTHER", "HEADLESS"))]


def test_a_containers_own_word_counts_more_than_a_services() -> None:
    env = [{"name": "WEB_SERVICE_HOST", "value": "mine"}]
    assert made({"env": env}, service("web", "team"))["WEB_SERVICE_HOST"] == "mine"


def test_services_are_not_told_of_where_nobody_wants_them() -> None:
    found = made({}, service("web", "team"), service("kubernetes", "default", port=443), enableServiceLinks=False)
    assert {name.partition("_")[0] for name in found} == {"KUBERNETES"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "team"),
        ("metadata.labels['b']", "2"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", 'a="x\\"y"\nb="2"'),
        ("spec.nodeName", "n"),
        ("status.podIP", "100.64.0.9"),
        ("status.podIPs", "100.64.0.9"),
        ("status.hostIP", "10.0.0.1"),
    ],
)
def test_fields(path: str, value: str) -> None:
    assert field(POD, {}, path) == value


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", "1m", "1500"),
        ("limits.cpu", "0", "2"),
        ("requests.cpu", "1m", "250"),
        ("limits.memory", "1Mi", "16384"),
        ("requests.memory", "1", "0"),
    ],
)
def test_resources_are_rounded_up_and_the_node_stands_in_for_limits(resource: str, divisor: str, value: str) -> None:
    source = {"resourceFieldRef": {"resource": resource, "divisor": divisor}}
    resources = {"limits": {"cpu": "1500m"}, "requests": {"cpu": "0.25"}}
    found = made({"env": [{"name": "R", "valueFrom": source}], "resources": resources})
    assert found["R"] == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "x"}}, 'configmap "none" not found'),
        ({"secretKeyRef": {"name": "none", "key": "x"}}, 'secret "none" not found'),
        ({"configMapKeyRef": {"name": "settings", "key": "z"}}, "couldn't find key z in ConfigMap team/settings"),
        ({"secretKeyRef": {"name": "token", "key": "z"}}, "couldn't find key z in Secret team/token"),
        ({"fieldRef": {"fieldPath": "status.phase"}}, "unsupported fieldPath: status.phase of container main"),
    ],
)
def test_what_is_not_there_is_named(source: Object, message: str) -> None:
    with pytest.raises(ConfigError) as told:
        made({"env": [{"name": "X", "valueFrom": source}]})
    assert str(told.value) == message


def test_what_is_optional_may_be_missing() -> None:
    sources = [{"configMapRef": {"name": "none", "optional": True}}]
    keyed = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "token", "key": "z", "optional": True}}}]
    assert made({"envFrom": sources, "env": keyed}) == {}
    with pytest.raises(ConfigError, match='configmap "none" not found'):
        made({"envFrom": [{"configMapRef": {"name": "none"}}]})
