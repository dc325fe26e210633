"""What is said of manifests that Kubernetes takes and HyperPod makes something else of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.errors import Problem, SpecError
from hpctl.spec.document import compose_all
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.manifest import KubernetesManifest
from hpctl.spec.manifest_lint import Lint, lint
from hpctl.spec.manifest_load import read_manifest
from hpctl.spec.reading import Reading
from hpctl.spec.source import TextSource

RESUME = "sagemaker.amazonaws.com/enable-job-auto-resume"
RETRIES = "sagemaker.amazonaws.com/job-max-retry-count"
SHM = {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}


def pods(limits: dict[str, Any], kind: str | None = "ml.p5.48xlarge", **spec: Any) -> dict[str, Any]:
    container = {
        "name": "pytorch",
        "image": "img",
        "resources": {"limits": limits},
        "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm/"}],
    }
    selector = {"nodeSelector": {"node.kubernetes.io/instance-type": kind}} if kind else {}
    return {"spec": {"restartPolicy": "OnFailure", "containers": [container], **SHM, **selector, **spec}}


def batch(template: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {**spec, "template": template}}


def pytorch(template: dict[str, Any], annotations: dict[str, str], **replica: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": "j", "annotations": annotations},
        "spec": {"pytorchReplicaSpecs": {"Worker": {**replica, "template": template}}},
    }


def job_set(template: dict[str, Any], replicas: int, parallelism: int) -> dict[str, Any]:
    inner = {"spec": {"parallelism": parallelism, "template": template}}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "j"},
        "spec": {"replicatedJobs": [{"name": "w", "replicas": replicas, "template": inner}]},
    }


def said(body: dict[str, Any]) -> list[str]:
    text = json.dumps(body)
    loaded = load_job(TextSource("m.json", text), env={})
    return [problem.message for problem in loaded.warnings]


def judged(body: dict[str, Any]) -> Lint:
    reading = Reading("m.json")
    roots, _ = compose_all("m.json", json.dumps(body), "a job")
    manifest: KubernetesManifest = read_manifest(reading, roots, JobOverrides())
    return lint(manifest)


FEW = "8 of 32 EFA interfaces for all accelerators of `ml.p5.48xlarge`"
NO_EFA = "without `vpc.amazonaws.com/efa` the nodes talk by TCP; `ml.p5.48xlarge` has 32 interfaces"


@pytest.mark.parametrize(
    ("body", "warnings"),
    [
        (batch(pods({"nvidia.com/gpu": 8}), parallelism=2), [NO_EFA]),
        (batch(pods({"nvidia.com/gpu": 8})), []),
        (batch(pods({"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 8})), [FEW]),
        (batch(pods({"nvidia.com/gpu": 4})), []),
        (batch(pods({"nvidia.com/gpu": 4, "vpc.amazonaws.com/efa": 16})), []),
        (batch(pods({"cpu": 4}), parallelism=2), []),
        (batch(pods({"nvidia.com/gpu": 8}, kind=None), parallelism=2), []),
        (batch(pods({"nvidia.com/gpu": 8}, kind="ml.g5.4xlarge"), parallelism=2), []),
        (job_set(pods({"nvidia.com/gpu": 8}), 1, 1), []),
        (job_set(pods({"nvidia.com/gpu": 8}), 1, 2), [NO_EFA]),
        (job_set(pods({"nvidia.com/gpu": 8}), 2, 1), [NO_EFA]),
    ],
)  # fmt: skip
def test_interfaces_are_compared_with_the_type_and_the_pods(body: dict[str, Any], warnings: list[str]) -> None:
    assert said(body) == warnings


@pytest.mark.parametrize(
    ("annotations", "replica", "warnings"),
    [
        ({RESUME: "true", RETRIES: "3"}, {"restartPolicy": "OnFailure"}, []),
        ({RESUME: "true", RETRIES: "3"}, {}, []),
        ({RESUME: "true", RETRIES: "3"}, {"restartPolicy": "ExitCode"},
         ["auto-resume needs `restartPolicy: OnFailure`"]),
        ({RESUME: "true"}, {}, [f"auto-resume needs `{RETRIES}` too"]),
        ({RETRIES: "3"}, {"restartPolicy": "Never"}, [f'without `{RESUME}: "true"` it has no effect']),
        ({RESUME: "false"}, {"restartPolicy": "Never"}, []),
    ],
)  # fmt: skip
def test_auto_resume_needs_both_annotations_and_the_policy(
    annotations: dict[str, str], replica: dict[str, str], warnings: list[str]
) -> None:
    assert said(pytorch(pods({"cpu": 1}), annotations, **replica)) == warnings


def test_only_a_pytorchjob_is_resumed() -> None:
    body = batch(pods({"cpu": 1}))
    body["metadata"]["annotations"] = {RESUME: "true", RETRIES: "1"}
    assert said(body) == ["HyperPod resumes a PyTorchJob, and this is a Job"]


def test_shared_memory_of_the_node_and_none_are_told_apart() -> None:
    template = pods({"nvidia.com/gpu": 1}, kind=None, volumes=[{"name": "shm", "hostPath": {"path": "/dev/shm"}}])
    assert said(batch(template)) == [
        "`/dev/shm` of the node is shared by all of its pods; an `emptyDir` is each pod's own"
    ]
    template["spec"]["containers"][0]["volumeMounts"] = []
    assert said(batch(template)) == [
        "`/dev/shm` has 64 MiB, too little for training; mount an `emptyDir` with `medium: Memory` there"
    ]


def test_fields_that_a_newer_operator_may_have_are_let_through() -> None:
    body = {
        "apiVersion": "sagemaker.amazonaws.com/v1",
        "kind": "HyperPodPyTorchJob",
        "metadata": {"name": "j"},
        "spec": {"newer": 1, "replicaSpecs": [{"name": "a", "newest": 2, "template": pods({"cpu": 1})}]},
    }
    assert said(body) == []


def test_whatever_shape_it_has_a_manifest_can_be_judged() -> None:
    shapes: list[Any] = [[], {"template": []}, {"template": {"spec": {"containers": ["a", {"resources": []}]}}}]
    for spec in shapes:
        assert judged({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec}).problems == []


@pytest.mark.parametrize(
    ("limit", "request_", "equal"),
    [(8, "8", True), ("5Gi", "5120Mi", True), ("5Gi", "5G", False), (8, 4, False), ("x", "x", True), ("x", "y", False)],
)
def test_requests_and_limits_are_compared_as_amounts(limit: object, request_: object, equal: bool) -> None:
    template = pods({"hugepages-2Mi": limit})
    template["spec"]["containers"][0]["resources"]["requests"] = {"hugepages-2Mi": request_}
    assert (judged(batch(template)).problems == []) is equal


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"args": ["a", "b\0"]}, "args[1]"),
        ({"command": ["\0"]}, "command[0]"),
        ({"env": [{"name": "A", "value": "\0"}]}, "env[0]"),
    ],
)
def test_what_no_process_can_be_given_is_refused(member: dict[str, Any], path: str) -> None:
    template = pods({"cpu": 1}, kind=None)
    template["spec"]["containers"][0] |= member
    assert [(one.message, one.path.endswith(path)) for one in refused(batch(template))] == [
        ("a NUL character stands here, which no process can be given", True)
    ]


def test_a_name_that_never_ends_is_not_repeated() -> None:
    body = batch(pods({"cpu": 1}))
    body["metadata"]["name"] = "a" * 100_000
    (problem,) = refused(body)
    assert problem.message.startswith("`aaa")
    assert len(problem.message) < 200


def refused(body: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        load_job(TextSource("m.json", json.dumps(body)), env={})
    return caught.value.problems
