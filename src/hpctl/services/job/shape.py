"""What a job object of any kind says of its pods: read tolerantly, for a manifest may say anything.

Sources: the CRDs of kubeflow.org, sagemaker.amazonaws.com and jobset.x-k8s.io, and Kubernetes' batch/v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, MPI_JOB, PYTORCH_JOB, Job, ObjectKind

QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL: Final = "kueue.x-k8s.io/priority-class"
DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"

_REPLICAS: Final = {PYTORCH_JOB.kind: "pytorchReplicaSpecs", MPI_JOB.kind: "mpiReplicaSpecs"}
_FIRST: Final = ("Master", "Launcher")
"""Replica types of which rank 0 is one."""

_COUNTS: Final = ("active", "ready", "succeeded", "failed")
"""Members of a status that count pods, or the jobs of a JobSet."""

Template = tuple[int, Mapping[str, Any]]
"""How many pods are made, and their template."""


def templates(kind: ObjectKind, body: Mapping[str, Any]) -> tuple[Template, ...]:
    """Return the pod templates of a job object with their counts, that of rank 0 first."""
    spec = _mapping(body.get("spec"))
    match kind.kind:
        case PYTORCH_JOB.kind | MPI_JOB.kind:
            return tuple(_replicas(_mapping(spec.get(_REPLICAS[kind.kind]))))
        case HYPERPOD_PYTORCH_JOB.kind:
            return tuple(
                (_count(one, "replicas"), _mapping(one.get("template"))) for one in _rows(spec, "replicaSpecs")
            )
        case JOB_SET.kind:
            return tuple(_replicated(spec))
        case _:
            return ((_pods_of_job(spec), _mapping(spec.get("template"))),)


def pods_wanted(kind: ObjectKind, body: Mapping[str, Any]) -> int:
    """Return how many pods a job object asks for."""
    return sum(count for count, _ in templates(kind, body))


def pod_spec(job: Job) -> Mapping[str, Any]:
    """Return the spec of rank 0's pods, empty when there is none."""
    return next((_mapping(template.get("spec")) for _, template in templates(job.kind, job.raw)), {})


def image(kind: ObjectKind, body: Mapping[str, Any]) -> str | None:
    """Return the image of rank 0's first container."""
    for _, template in templates(kind, body):
        for container in _rows(_mapping(template.get("spec")), "containers"):
            return str(container["image"]) if container.get("image") else None
    return None


def main_container(job: Job) -> str | None:
    """Return the container that is meant when none is named: the annotated one, else the first."""
    for _, template in templates(job.kind, job.raw):
        annotations = _mapping(_mapping(template.get("metadata")).get("annotations"))
        named = [str(one.get("name")) for one in _rows(_mapping(template.get("spec")), "containers")]
        return str(annotations.get(DEFAULT_CONTAINER) or "") or (named[0] if named else None)
    return None


def suspension(kind: ObjectKind) -> tuple[str, ...]:
    """Return where, below `spec`, a kind says that it is suspended."""
    return ("suspend",) if kind.kind in (BATCH_JOB.kind, JOB_SET.kind) else ("runPolicy", "suspend")


def suspended(job: Job) -> bool:
    """Whether a job is held back."""
    found: Any = job.raw.get("spec")
    for key in suspension(job.kind):
        found = _mapping(found).get(key)
    return bool(found)


def has_made_pods(job: Job) -> bool:
    """Whether a job's status counts pods: whoever may not list pods learns it from there."""
    status = _mapping(job.raw.get("status"))
    rows = (*_mapping(status.get("replicaStatuses")).values(), *_rows(status, "replicatedJobsStatus"), status)
    return any(isinstance(count := _mapping(row).get(key), int) and count > 0 for row in rows for key in _COUNTS)


def queue(job: Job) -> str | None:
    """Return the Kueue queue that a job is to go through, None when it goes through none."""
    return job.labels.get(QUEUE_LABEL)


def _replicas(replicas: Mapping[str, Any]) -> Iterator[Template]:
    for name in sorted(replicas, key=lambda name: (name not in _FIRST, name)):
        one = _mapping(replicas[name])
        yield _count(one, "replicas"), _mapping(one.get("template"))


def _replicated(spec: Mapping[str, Any]) -> Iterator[Template]:
    for one in _rows(spec, "replicatedJobs"):
        job = _mapping(_mapping(one.get("template")).get("spec"))
        yield _count(one, "replicas") * _pods_of_job(job), _mapping(job.get("template"))


def _pods_of_job(spec: Mapping[str, Any]) -> int:
    return _count(spec, "completions") if spec.get("completionMode") == "Indexed" else _count(spec, "parallelism")


def _count(owner: Mapping[str, Any], key: str) -> int:
    value = owner.get(key, 1)
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _rows(owner: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = owner.get(key)
    yield from (one for one in (found if isinstance(found, list | tuple) else ()) if isinstance(one, Mapping))
