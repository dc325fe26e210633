from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.deployments import Deployments
from hpctl.sandbox.kube.controllers.replicasets import ReplicaSets
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(Deployments, ReplicaSets) as made:
        yield made


def deployment(replicas: int = 2, **spec: Any) -> Object:
    body = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "x"}},
        "template": template(restartPolicy="Always"),
        **spec,
    }
    return {"kind": "Deployment", "metadata": {"name": "d"}, "spec": body}


def status(stage: Stage) -> Object:
    found: Object = stage.get("Deployment", "d")["status"]
    return found


def settle(stage: Stage) -> None:
    """Let every pod become ready, until nothing changes any more."""
    while waiting := [pod for pod in stage.pods() if pod.get("status", {}).get("phase") != "Running"]:
        for pod in waiting:
            stage.run(pod["metadata"]["name"])
        stage.wait()


def test_a_deployment_is_available_when_its_pods_are_ready(stage: Stage) -> None:
    stage.create(deployment())
    stage.wait()
    assert len(stage.pods()) == 2
    assert status(stage)["unavailableReplicas"] == 2
    assert stage.conditions("Deployment", "d") == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "ReplicaSetUpdated"),
    }
    settle(stage)
    assert {name: value for name, value in status(stage).items() if name != "conditions"} == {
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "observedGeneration": 1,
    }
    assert stage.conditions("Deployment", "d") == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    (name,) = stage.names("ReplicaSet")
    assert ("Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 2") in stage.events(
        "Deployment", "d"
    )


def test_a_deleted_pod_comes_again(stage: Stage) -> None:
    stage.create(deployment())
    stage.wait()
    stage.delete("Pod", stage.pods()[0]["metadata"]["name"])
    stage.wait()
    assert len(stage.pods()) == 2


@pytest.mark.parametrize("replicas", [0, 1, 5])
def test_a_deployment_is_scaled(stage: Stage, replicas: int) -> None:
    stage.create(deployment())
    stage.wait()
    settle(stage)
    stage.change("Deployment", "d", {"spec": {"replicas": replicas}})
    stage.wait()
    settle(stage)
    assert len(stage.pods()) == replicas
    assert status(stage).get("availableReplicas", 0) == replicas


def test_a_new_template_is_rolled_out_without_a_gap_and_back_again(stage: Stage) -> None:
    stage.create(deployment(4))
    stage.wait()
    settle(stage)
    old = {pod["metadata"]["name"] for pod in stage.pods()}
    image = {"spec": {"template": template("other", restartPolicy="Always")}}
    stage.change("Deployment", "d", image)
    fewest, most = 4, 4
    while {pod["metadata"]["name"] for pod in stage.pods()} & old:
        stage.wait()
        ready = [pod for pod in stage.pods() if pod.get("status", {}).get("phase") == "Running"]
        fewest, most = min(fewest, len(ready)), max(most, len(stage.pods()))
        for pod in stage.pods():
            if pod not in ready:
                stage.run(pod["metadata"]["name"])
    stage.wait()
    assert (fewest, most) == (3, 5)
    first, second = sorted(
        stage.api.list(stage.kind("ReplicaSet")),
        key=lambda each: each["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
    )
    assert (first["spec"]["replicas"], second["spec"]["replicas"]) == (0, 4)

    stage.change("Deployment", "d", {"spec": {"template": template(restartPolicy="Always")}})
    stage.wait()
    settle(stage)
    stage.wait()
    again = stage.get("ReplicaSet", first["metadata"]["name"])
    assert again["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert again["spec"]["replicas"] == 4
    annotations = stage.get("Deployment", "d")["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "3"


def test_recreate_lets_no_old_pod_live_beside_a_new_one(stage: Stage) -> None:
    stage.create(deployment(2, strategy={"type": "Recreate"}))
    stage.wait()
    for pod in stage.pods():
        stage.api.bind("default", pod["metadata"]["name"], "n")
    settle(stage)
    old = [pod["metadata"]["name"] for pod in stage.pods()]
    stage.change("Deployment", "d", {"spec": {"template": template("other", restartPolicy="Always")}})
    stage.wait()
    assert [pod["metadata"]["name"] for pod in stage.pods()] == old
    for name in old:
        stage.delete("Pod", name, grace_s=0)
    stage.wait()
    assert len(stage.pods()) == 2


def test_a_rollout_that_stands_still_is_called_so(stage: Stage) -> None:
    stage.create(deployment(1, progressDeadlineSeconds=60))
    stage.wait(59)
    assert stage.conditions("Deployment", "d")["Progressing"] == ("True", "ReplicaSetUpdated")
    stage.wait(3)
    assert stage.conditions("Deployment", "d")["Progressing"] == ("False", "ProgressDeadlineExceeded")
    settle(stage)
    assert stage.conditions("Deployment", "d")["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_a_paused_deployment_is_scaled_and_not_rolled_out(stage: Stage) -> None:
    stage.create(deployment(2))
    stage.wait()
    settle(stage)
    stage.change("Deployment", "d", {"spec": {"paused": True, "template": template("other", restartPolicy="Always")}})
    stage.wait()
    assert len(stage.names("ReplicaSet")) == 1


def test_pods_are_available_after_they_were_ready_for_a_while(stage: Stage) -> None:
    stage.create(deployment(1, minReadySeconds=30))
    stage.wait()
    settle(stage)
    stage.wait(28)
    assert "availableReplicas" not in status(stage)
    stage.wait(3)
    assert status(stage)["availableReplicas"] == 1


def test_a_deployment_by_name_alone_runs_without_pods(stage: Stage) -> None:
    body = deployment(2)
    body["metadata"]["annotations"] = {"sandbox.hpctl/stand-in": "true"}
    stage.create(body)
    stage.wait()
    assert stage.pods() == []
    assert status(stage)["availableReplicas"] == 2
