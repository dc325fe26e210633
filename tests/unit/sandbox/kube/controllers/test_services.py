from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.services import Services
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(Services) as made:
        yield made


def service(**spec: Any) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    body = {"selector": {"app": "x"}, "ports": ports, **spec}
    return {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "s", "namespace": "default"}, "spec": body}


def pod(stage: Stage, name: str, address: str | None, *, app: str = "x", ready: bool = True, **spec: Any) -> None:
    container = {"name": "c", "image": "i", "ports": [{"name": "web", "containerPort": 9000}]}
    made = {"containers": [container], "nodeName": "n", **spec}
    stage.create({"kind": "Pod", "metadata": {"name": name, "labels": {"app": app}}, "spec": made})
    condition = {"type": "Ready", "status": str(ready)}
    told = {"status": {"phase": "Running", "podIP": address, "conditions": [condition]}}
    stage.change("Pod", name, told, "status")


def addresses(stage: Stage, member: str = "addresses") -> list[str]:
    subsets = stage.get("Endpoints", "s").get("subsets", ())
    return [address["ip"] for subset in subsets for address in subset.get(member, ())]


def test_endpoints_are_the_ready_pods_that_a_service_selects(stage: Stage) -> None:
    stage.create(service())
    pod(stage, "a", "10.0.0.1")
    pod(stage, "b", "10.0.0.2", ready=False)
    pod(stage, "c", "10.0.0.3", app="y")
    pod(stage, "d", None)
    stage.wait()
    assert (addresses(stage), addresses(stage, "notReadyAddresses")) == (["10.0.0.1"], ["10.0.0.2"])
    assert stage.get("Endpoints", "s")["subsets"][0]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    (name,) = stage.names("EndpointSlice")
    found = stage.get("EndpointSlice", name)
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "s"
    assert [(each["addresses"], each["conditions"]["ready"]) for each in found["endpoints"]] == [
        (["10.0.0.1"], True),
        (["10.0.0.2"], False),
    ]
    assert found["endpoints"][0]["targetRef"]["name"] == "a"


def test_endpoints_follow_pods_and_go_with_their_service(stage: Stage) -> None:
    stage.create(service())
    pod(stage, "a", "10.0.0.1")
    stage.wait()
    stage.end("a")
    stage.wait()
    assert addresses(stage) == addresses(stage, "notReadyAddresses") == []
    pod(stage, "b", "10.0.0.2")
    stage.wait()
    stage.change("Pod", "b", {"metadata": {"labels": {"app": "y"}}})
    stage.wait()
    assert addresses(stage) == []
    stage.delete("Service", "s")
    stage.wait()
    assert stage.names("Endpoints") == stage.names("EndpointSlice") == []


def test_a_headless_service_gives_pods_their_names(stage: Stage) -> None:
    stage.create(service(clusterIP="None", ports=None))
    pod(stage, "a", "10.0.0.1", hostname="first", subdomain="s")
    stage.wait()
    (subset,) = stage.get("Endpoints", "s")["subsets"]
    assert subset["addresses"][0]["hostname"] == "first"
    assert "ports" not in subset
    assert stage.get("Endpoints", "s")["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


@pytest.mark.parametrize(("target", "port"), [("web", 9000), (8080, 8080), ("unknown", 80)])
def test_a_named_port_is_the_pods(stage: Stage, target: object, port: int) -> None:
    stage.create(service(ports=[{"port": 80, "targetPort": target}]))
    pod(stage, "a", "10.0.0.1")
    stage.wait()
    assert stage.get("Endpoints", "s")["subsets"][0]["ports"] == [{"port": port, "protocol": "TCP"}]


def test_addresses_that_are_not_ready_are_published_when_asked_for(stage: Stage) -> None:
    stage.create(service(publishNotReadyAddresses=True))
    pod(stage, "a", "10.0.0.1", ready=False)
    stage.wait()
    assert addresses(stage) == ["10.0.0.1"]


def test_a_service_without_a_selector_is_left_to_its_owner(stage: Stage) -> None:
    stage.create(service(selector=None))
    stage.wait()
    assert stage.names("Endpoints") == []
