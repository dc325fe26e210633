"""One row of the table of checks of jobs, and the healthy job that rows change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import BATCH_JOB, CONFIG_MAP, NAMESPACE, PYTORCH_JOB, SECRET, ObjectKind
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.report.check import Finding
from hpctl.spec.job import Contract
from hpctl.terms import Outcome
from tests.unit.builders import a_finding, a_kubernetes_node
from tests.unit.fakes import FakeAccount

LIVE = ClusterOnEks("ml-cluster", "training", "team")
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/train:v1"
NODES = ("hyperpod-i-0a1b2c3d4e5f60718", "hyperpod-i-0a1b2c3d4e5f60719")

Happen = Callable[[FakeAccount], object]
Merge = Mapping[str, Any]


@dataclass(frozen=True)
class JobRow:
    """`case` completes the sentence "<check> <outcome> with …"; `happen` makes the world so."""

    check: str
    case: str
    outcome: Outcome
    job: JobInCluster = field(compare=False)
    findings: tuple[Finding, ...] = ()
    happen: Happen = field(default=lambda _account: None, compare=False)

    def __str__(self) -> str:
        return f"{self.check}-{self.outcome}-{self.case}"


def nothing(_account: FakeAccount) -> None:
    """Leave the world as it is."""


def passes(check: str, case: str, job: JobInCluster, *findings: Finding, happen: Happen = nothing) -> JobRow:
    return JobRow(check, case, Outcome.PASS, job, findings, happen)


def warns(check: str, case: str, job: JobInCluster, *findings: Finding, happen: Happen = nothing) -> JobRow:
    return JobRow(check, case, Outcome.WARN, job, findings, happen)


def fails(check: str, case: str, job: JobInCluster, *findings: Finding, happen: Happen = nothing) -> JobRow:
    return JobRow(check, case, Outcome.FAIL, job, findings, happen)


def bad(subject: str, message: str, *evidence: str, remedy: str | None = None) -> Finding:
    return a_finding("fail", subject, message, *evidence, remedy=remedy)


def doubtful(subject: str, message: str, *evidence: str, remedy: str | None = None) -> Finding:
    return a_finding("warn", subject, message, *evidence, remedy=remedy)


def said(subject: str, message: str, *evidence: str) -> Finding:
    return a_finding("note", subject, message, *evidence)


def a_container(**members: Any) -> dict[str, Any]:
    """All of a p5.48xlarge's devices, and what goes with them."""
    devices = {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "32"}
    usual = {
        "name": "pytorch",
        "image": IMAGE,
        "resources": {"requests": dict(devices), "limits": dict(devices)},
        "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
        "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
    }
    return usual | members


def resources(**amounts: object) -> dict[str, Any]:
    """Requests and limits of these resources; `gpu` and `efa` stand for the devices."""
    short = {"gpu": "nvidia.com/gpu", "efa": "vpc.amazonaws.com/efa", "neuron": "aws.amazon.com/neuron"}
    named = {short.get(key, key): str(value) for key, value in amounts.items()}
    return {"resources": {"requests": named, "limits": dict(named)}}


def a_pod(*containers: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    usual = {
        "containers": [dict(one) for one in containers or (a_container(),)],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
        "nodeSelector": {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"},
    }
    return usual | members


def a_target(pod: Mapping[str, Any] | None = None, *, labels: Merge | None = None, **members: Any) -> JobInCluster:
    """A PyTorchJob of two nodes, or of what `members` say, in namespace `team`; `labels` are the job's."""
    template = {"metadata": {}, "spec": deepcopy(dict(pod or a_pod()))}
    replicas = {
        role: {"replicas": 1, "restartPolicy": "OnFailure", "template": template} for role in ("Master", "Worker")
    }
    body = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": "train", "namespace": "team", "labels": dict(labels or {})},
        "spec": {"pytorchReplicaSpecs": replicas},
    }
    usual: dict[str, Any] = {
        "name": "train",
        "live": LIVE,
        "run_id": "run-1",
        "nodes": 2,
        "kind": PYTORCH_JOB,
        "job": body,
        "before": ((CONFIG_MAP, "train-scripts"), (SECRET, "train-secrets")),
        "contract": Contract.TRAINING,
        "scripts": {"run": "torchrun train.py\n"},
    }
    return JobInCluster(**usual | members)


def a_batch_job(pod: Mapping[str, Any] | None = None, count: int = 1, **members: Any) -> JobInCluster:
    """An indexed Job of `count` pods."""
    template = {"metadata": {}, "spec": deepcopy(dict(pod or a_pod()))}
    body = {"kind": "Job", "metadata": {"name": "train"}, "spec": {"parallelism": count, "template": template}}
    return a_target(kind=BATCH_JOB, job=body, nodes=count, **members)


def annotated(job: JobInCluster, notes: Mapping[str, str]) -> JobInCluster:
    """Return the job with annotations of its own."""
    body = deepcopy(dict(job.job or {}))
    body["metadata"]["annotations"] = dict(notes)
    return replace(job, job=body)


def with_pod_metadata(job: JobInCluster, **metadata: Any) -> JobInCluster:
    """Return the job with other metadata of its pods."""
    body = deepcopy(dict(job.job or {}))
    for replica in body["spec"]["pytorchReplicaSpecs"].values():
        replica["template"]["metadata"] = metadata
    return replace(job, job=body)


def holds(kind: ObjectKind, name: str, namespace: str = "team", **members: Any) -> Happen:
    """Let there be an object."""

    def happen(account: FakeAccount) -> None:
        where = namespace if kind.namespaced else ""
        body = {"metadata": {"name": name, "namespace": where, **members.pop("metadata", {})}, **members}
        account.jobs.held[kind.qualified, where, name] = body

    return happen


def joined(*nodes: Any) -> Happen:
    return lambda account: setattr(account.kubernetes, "joined", list(nodes))


def both(*happenings: Happen) -> Happen:
    def happen(account: FakeAccount) -> None:
        for one in happenings:
            one(account)

    return happen


def job_account(happen: Happen = nothing) -> FakeAccount:
    """Return an account whose cluster has two nodes and the namespace `team`, but for what `happen` does to it."""
    account = FakeAccount()
    account.eks.known = [replace(one, endpoint="https://kube.example") for one in account.eks.known]
    account.kubernetes.joined = [a_kubernetes_node(name) for name in NODES]
    holds(NAMESPACE, "team")(account)
    happen(account)
    return account
