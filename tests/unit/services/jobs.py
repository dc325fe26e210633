"""Jobs, their pods and the place where they are, for tests of services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hpctl.facts.jobs import PYTORCH_JOB, Condition, ContainerState, Job, JobState, KubernetesEvent, Pod
from hpctl.facts.local_files import Packed, Sensitive
from hpctl.services.job.where import Where
from tests.unit.builders import NOW, an_eks_cluster

AT = Where("ml-cluster", an_eks_cluster(), "team")
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/train:v1"


def a_pod_template(**spec: Any) -> dict[str, Any]:
    selector = {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"}
    return {"spec": {"nodeSelector": selector, "containers": [{"name": "pytorch", "image": IMAGE}], **spec}}


def a_job(name: str = "train", state: JobState = JobState.RUNNING, **members: Any) -> Job:
    template = a_pod_template()
    replicas = {"Worker": {"replicas": 1, "template": template}, "Master": {"replicas": 1, "template": template}}
    usual: dict[str, Any] = {
        "kind": PYTORCH_JOB,
        "namespace": "team",
        "name": name,
        "uid": f"uid-{name}",
        "created": NOW - timedelta(minutes=5),
        "state": state,
        "nodes": 2,
        "labels": {},
        "annotations": {},
        "raw": {"spec": {"pytorchReplicaSpecs": replicas, "runPolicy": {}}},
    }
    return Job(**(usual | members))


def a_pod(rank: int = 0, phase: str = "Running", *containers: ContainerState, **members: Any) -> Pod:
    usual: dict[str, Any] = {
        "namespace": "team",
        "name": f"train-{rank}",
        "uid": f"pod-{rank}",
        "created": NOW - timedelta(minutes=4),
        "phase": phase,
        "node": f"hyperpod-i-{rank}",
        "ip": f"10.0.0.{rank}",
        "rank": rank,
        "owner_uid": "uid-train",
        "labels": {},
        "containers": containers or (ContainerState("pytorch", phase == "Running"),),
    }
    return Pod(**(usual | members))


def ended(exit_code: int = 1, after_s: float = 0, reason: str = "Error", **members: Any) -> ContainerState:
    """A container that has ended, so many seconds after NOW."""
    moment = NOW + timedelta(seconds=after_s)
    return ContainerState("pytorch", running=False, exit_code=exit_code, reason=reason, ended=moment, **members)


def waiting(reason: str, message: str = "") -> ContainerState:
    return ContainerState("pytorch", running=False, reason=reason, message=message)


def unscheduled(rank: int, message: str, **requests: str) -> Pod:
    refused = Condition("PodScheduled", "False", "Unschedulable", message)
    return a_pod(rank, "Pending", waiting(""), node=None, ip=None, conditions=(refused,), requests=requests)


def an_event(uid: str, reason: str, message: str, kind: str = "Warning", after_s: float = 0) -> KubernetesEvent:
    moment = NOW + timedelta(seconds=after_s)
    return KubernetesEvent("team", "Pod", f"about-{uid}", uid, kind, reason, message, moment)


def a_condition(kind: str, reason: str = "", message: str = "") -> Condition:
    return Condition(kind, "True", reason, message, NOW)


class FakeFiles:
    """Folders and files that are there because a test says so."""

    def __init__(self, folders: tuple[str, ...] = (), texts: Mapping[str, str] | None = None) -> None:
        self.folders = folders
        self.texts = texts or {}
        self.packed: list[tuple[dict[str, str], Sensitive]] = []
        self.archive = b"tar"
        self.files = 1

    def is_folder(self, path: str) -> bool:
        return path in self.folders

    def pack(self, sources: Mapping[str, str], sensitive: Sensitive = Sensitive.REFUSED) -> Packed:
        self.packed.append((dict(sources), sensitive))
        return Packed(self.archive, self.files, 10, ("left out",) if not self.files else ())

    def read(self, path: str) -> str:
        return self.texts[path]
