"""Every way that a job is compiled gives objects that the published schemas take, without a field unknown to them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from hpctl.compile.bundle import Bundle
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.facts.jobs import (
    BATCH_JOB,
    CONFIG_MAP,
    HYPERPOD_PYTORCH_JOB,
    JOB_SET,
    PYTORCH_JOB,
    SECRET,
    SERVICE,
    ObjectKind,
)
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.spec.job import JobSpec, Mount, Resume, Topology
from tests.contract.published import faults
from tests.unit.compile.wishes import a_choice, a_payload, a_task, a_wish, some_nodes
from tests.unit.sandbox.kube.schemas import judging

KINDS = (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, BATCH_JOB)
CHECKED = {
    "node.kubernetes.io/instance-type": "ml.trn2.48xlarge",
    "sagemaker.amazonaws.com/node-health-status": "Schedulable",
    "sagemaker.amazonaws.com/deep-health-check-status": "Passed",
}
NODES: list[KubernetesNode] = [
    *some_nodes(4),
    *some_nodes(2, "ml.trn2.48xlarge", labels=CHECKED),
    *some_nodes(1, "ml.m5.xlarge"),
]
EFA = "vpc.amazonaws.com/efa"
MOUNTS = (
    Mount(path="/fsx", claim="fsx", read_only=True),
    Mount(path="/scratch", host_path="/opt/dlami/nvme"),
    Mount(path="/data", s3="s3://bucket/data"),
)
FULL: dict[str, Any] = {
    "namespace": "hyperpod-ns-red",
    "setup": "pip install x",
    "env": {"A": "$(B) 'c'\n", "FI_EFA_USE_HUGE_PAGE": "1"},
    "secrets": ("TOKEN",),
    "mounts": MOUNTS,
    "queue": "hyperpod-ns-red-localqueue",
    "priority": "high-priority",
    "topology": Topology(preferred="topology.k8s.aws/network-node-layer-3"),
    "timeout_s": 3600,
    "labels": {"team": "red"},
    "annotations": {"note": "x"},
    "service_account": "trainer",
    "ports": (8000, 8001),
    "limits": 2.0,
}
CONFIG = {
    "metadata": {"labels": {"x": "y"}, "annotations": {"z": "1"}},
    "spec": {
        "containers": [
            {"resources": {"limits": {EFA: 16}}, "env": [{"name": "E", "value": "1"}]},
            {"name": "side", "image": "logs:1", "command": ["tail"]},
        ],
        "tolerations": [{"operator": "Exists"}],
        "nodeSelector": {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"},
        "imagePullSecrets": [{"name": "registry"}],
        "volumes": [{"name": "cache", "emptyDir": {}}],
    },
}
WISHES: dict[str, dict[str, Any]] = {
    "least": {},
    "one whole node": {"choices": (a_choice("H100", 8),)},
    "several nodes": {"choices": (a_choice("H100", 8),), "nodes": 4},
    "part of a node": {"choices": (a_choice("H100", 2, ephemeral_storage_gib=100),), "nodes": 2},
    "chips": {"choices": (a_choice("Trainium2", 16),), "nodes": 2},
    "cpus": {"choices": (a_choice(cpus=0.25, memory_gib=0.3),)},
    "resuming": {"choices": (a_choice("H100", 8),), "nodes": 2, "resume": Resume(max_retries=3)},
    "with everything": {"choices": (a_choice("H100", 8),), "nodes": 2, "resume": Resume(), **FULL},
    "with pod_config": {"choices": (a_choice("H100", 8),), "nodes": 2, "pod_config": json.dumps(CONFIG), **FULL},
}


def bundle_of(wish: JobSpec, kind: ObjectKind) -> Bundle:
    payload = a_payload(secrets={"TOKEN": "x"} if wish.secrets else {}, archives={"/workdir": bytes(2_000_000)})
    return compile_job(wish, place(wish, NODES, {}), KINDS, payload, kind=kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("title", WISHES)
def test_every_object_of_a_job_is_what_the_schemas_say(title: str, kind: ObjectKind) -> None:
    judge(bundle_of(a_wish(**WISHES[title]), kind))


@pytest.mark.parametrize("kind", [BATCH_JOB, PYTORCH_JOB, JOB_SET], ids=lambda kind: kind.kind)
@pytest.mark.parametrize("title", WISHES)
def test_every_object_of_a_skypilot_task_is_what_the_schemas_say(title: str, kind: ObjectKind) -> None:
    judge(bundle_of(a_task(**WISHES[title]), kind))


def judge(bundle: Bundle) -> None:
    for manifest in (*bundle.before, bundle.job):
        body = json.loads(json.dumps(manifest.body))
        assert body["apiVersion"] == manifest.kind.api_version
        assert (manifest.name, faults(body)) == (manifest.name, [])
        # What schemas cannot tell: volumes that are mounted exist, requests are limits, names are names.
        if manifest.kind in (BATCH_JOB, SECRET, CONFIG_MAP, SERVICE):
            told = {**body, "metadata": {**body["metadata"], "uid": "0-1-2"}}
            assert (manifest.name, judging.faults(manifest.kind.kind, told)) == (manifest.name, [])
    pod = json.loads(json.dumps(bundle.job.body["spec"]))
    for step in _way_to_the_pod(bundle.job.kind):
        pod = pod[step]
    assert judging.faults("Pod", {"metadata": {"name": "one"}, "spec": pod}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_nobody_knows_is_found_in_every_kind(kind: ObjectKind) -> None:
    body = copy.deepcopy(json.loads(json.dumps(bundle_of(a_wish(), kind).job.body)))
    spec = body["spec"]
    for step in _way_to_the_pod(kind):
        spec = spec[step]
    spec["containers"][0]["imagee"] = "x"
    assert any("imagee" in one for one in faults(body))
    body["spec"]["unheard"] = 1
    assert any("unheard" in one for one in faults(body))


def _way_to_the_pod(kind: ObjectKind) -> tuple[Any, ...]:
    match kind.kind:
        case "PyTorchJob":
            return ("pytorchReplicaSpecs", "Master", "template", "spec")
        case "HyperPodPyTorchJob":
            return ("replicaSpecs", 0, "template", "spec")
        case "JobSet":
            return ("replicatedJobs", 0, "template", "spec", "template", "spec")
    return ("template", "spec")
