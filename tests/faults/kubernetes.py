"""The objects of a Kubernetes API in this process: nodes and pods that nobody runs, and a moment to go back to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hpctl.facts.jobs import RUN_ID_LABEL
from tests.faults.front import Front

NODES: Final = 2
_OFFER: Final = {
    "cpu": "191450m", "ephemeral-storage": "90Gi", "hugepages-2Mi": "5Gi", "memory": "2000Gi", "nvidia.com/gpu": "8",
    "pods": "100", "vpc.amazonaws.com/efa": "32",
}  # fmt: skip
_OPERATOR: Final = "hyperpod-dependencies-training-operators"
_OF_JOBS: Final = frozenset({"configmaps", "events", "jobs", "pods", "pytorchjobs", "secrets", "services"})
_OF_THE_MOMENT: Final = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")

Object = dict[str, Any]
Kept = dict[tuple[tuple[str, str], tuple[str, str]], Object]
"""Objects by group and plural, and by namespace and name."""


@dataclass(frozen=True)
class Kubernetes:
    """What is behind a front; everything is done in the server's own thread."""

    front: Front

    def furnish(self) -> None:
        """Let two nodes join, and the training operator run; of jobs nothing is there."""
        self.front.do(lambda: self._bring_back({}))
        self.front.do(self._furnish)

    def keep(self) -> Kept:
        """Return all that goes with jobs as it is now."""
        return self.front.do(lambda: dict(self._now()))  # type: ignore[no-any-return]

    def bring_back(self, kept: Kept) -> None:
        """Let it be as it was kept: what belongs to something comes after it."""
        self.front.do(lambda: self._bring_back(kept))

    def begin(self, name: str, *, phase: str) -> None:
        """Give a PyTorchJob the pods that its operator would make, in this phase, and its own status."""
        self.front.do(lambda: self._begin(name, phase))

    def digest(self) -> list[str]:
        """Return what goes with jobs, without what differs between two submissions of the same."""
        return sorted(_lasting(found) for _, found in self.keep().items())

    def collects(self) -> bool:
        """Whether something is there whose owner is not: the garbage collector has not had its turn yet."""
        found = [one["metadata"] for one in self.keep().values()]
        there = {one["uid"] for one in found}
        return any(
            owners and not any(owner["uid"] in there for owner in owners)
            for owners in (one.get("ownerReferences") for one in found)
        )

    @property
    def _api(self) -> Any:
        assert self.front.served is not None
        return self.front.served.api

    def _now(self) -> Iterator[tuple[Any, Object]]:
        objects = self._api.objects
        for place in objects.kinds():
            if place[1] in _OF_JOBS:
                yield from (
                    ((place, key), found)
                    for key, found in objects.every(place).items()
                    if key[0] == "default" and found["metadata"]["name"] not in ("kubernetes", "kube-root-ca.crt")
                )

    def _bring_back(self, kept: Kept) -> None:
        objects = self._api.objects
        for spot in [spot for spot, _ in self._now() if spot not in kept]:
            objects.remove(*spot)
        for place, key in sorted(kept, key=lambda spot: "ownerReferences" in kept[spot]["metadata"]):
            now, wanted = objects.get(place, key), kept[place, key]
            if now is None or now["metadata"]["resourceVersion"] != wanted["metadata"]["resourceVersion"]:
                kept[place, key] = objects.put(place, wanted)

    def _furnish(self) -> None:
        nodes = self._api.resource("v1", "Node")
        for number in range(len(self._api.list(nodes)), NODES):
            self._make("v1", "Node", None, _node(number))
        served = self._api.resource("apps/v1", "Deployment")
        found = self._api.get(served, "kubeflow", _OPERATOR)
        told = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1}
        self._api.update(served, "kubeflow", {**found, "status": told}, manager="tests", subresource="status")

    def _begin(self, name: str, phase: str) -> None:
        served = self._api.resource("kubeflow.org/v1", "PyTorchJob")
        job = self._api.get(served, "default", name)
        owner = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "name": name, "uid": job["metadata"]["uid"]}
        for rank, role in enumerate(("master", "worker")):
            self._make("v1", "Pod", "default", _pod(name, role, rank, owner, phase))
        told = {
            "type": phase,
            "status": "True",
            "reason": f"PyTorchJob{phase}",
            "message": "",
            "lastTransitionTime": _AT,
        }
        status = {"conditions": [told], "startTime": _AT, **({"completionTime": _AT} if phase == "Succeeded" else {})}
        self._api.update(served, "default", {**job, "status": status}, manager="tests", subresource="status")

    def _make(self, version: str, kind: str, namespace: str | None, body: Object) -> None:
        served = self._api.resource(version, kind)
        made = self._api.create(served, namespace, body, manager="tests")
        self._api.update(served, namespace, {**made, "status": body["status"]}, manager="tests", subresource="status")


_AT: Final = "2026-01-01T00:00:00Z"


def _node(number: int) -> Object:
    name = f"hyperpod-i-{number:017x}"
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "ml.p5.48xlarge",
        "sagemaker.amazonaws.com/cluster-name": "a",
        "sagemaker.amazonaws.com/compute-type": "hyperpod",
        "sagemaker.amazonaws.com/instance-group-name": "workers",
        "sagemaker.amazonaws.com/node-health-status": "Schedulable",
    }
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}
    status = {"capacity": _OFFER, "allocatable": _OFFER, "conditions": [ready]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def _pod(job: str, role: str, rank: int, owner: Object, phase: str) -> Object:
    labels = {
        "training.kubeflow.org/job-name": job,
        "training.kubeflow.org/replica-index": "0",
        "training.kubeflow.org/replica-type": role,
    }
    metadata = {
        "name": f"{job}-{role}-0",
        "labels": labels,
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    ended = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": _AT, "finishedAt": _AT}}
    running = {"running": {"startedAt": _AT}}
    container = {
        "name": "pytorch",
        "image": "image",
        "imageID": "",
        "ready": phase == "Running",
        "restartCount": 0,
        "state": running if phase == "Running" else ended,
    }
    rank_env = [{"name": "RANK", "value": str(rank)}]
    spec = {
        "containers": [{"name": "pytorch", "image": "image", "env": rank_env}],
        "nodeName": f"hyperpod-i-{rank:017x}",
    }
    status = {"phase": phase, "startTime": _AT, "containerStatuses": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _lasting(found: Mapping[str, Any]) -> str:
    metadata = {name: value for name, value in found["metadata"].items() if name not in _OF_THE_MOMENT}
    owners = [f"{one['kind']}/{one['name']}" for one in metadata.pop("ownerReferences", ())]
    contents = {name: sorted(found[name]) for name in ("data", "binaryData") if name in found}
    told = {**found, **contents, "metadata": metadata, "owners": owners}
    text = _TIME.sub("TIME", json.dumps(told, sort_keys=True))
    run = (metadata.get("labels") or {}).get(RUN_ID_LABEL)
    return text.replace(run, "RUN") if run else text
