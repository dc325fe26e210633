"""Which pods are a job's: by the labels of its controller, and by the UIDs of owners, for a name may be used again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hpctl.adapters.kube.reading import Object, owners_of, pod_of
from hpctl.facts.jobs import (
    BATCH_JOB,
    HYPERPOD_PYTORCH_JOB,
    JOB_KINDS,
    JOB_SET,
    MPI_JOB,
    PYTORCH_JOB,
    Job,
    ObjectKind,
    Pod,
)

_SELECTORS: Final = {
    PYTORCH_JOB.kind: "training.kubeflow.org/job-name",
    MPI_JOB.kind: "training.kubeflow.org/job-name",
    HYPERPOD_PYTORCH_JOB.kind: "HPJob",
    JOB_SET.kind: "jobset.sigs.k8s.io/jobset-name",
    BATCH_JOB.kind: "batch.kubernetes.io/job-name",
}
"""The label by which each controller names a pod's job: training-operator 1.8, mpi-operator 0.5, JobSet 0.12,
Kubernetes 1.27 and later, and the label that sagemaker-hyperpod 3.12.0 lists pods by."""

_LIMIT: Final = 63
"""Characters of a label's value: a longer name stands in none."""


def selector_of(job: Job) -> str:
    """Return the label selector of a job's pods; empty where its name cannot be a label's value."""
    return f"{_SELECTORS[job.kind.kind]}={job.name}" if len(job.name) <= _LIMIT else ""


def is_child(row: Object) -> bool:
    """Whether a job is a part of another job: its controller is one."""
    kinds = {(kind.group, kind.kind) for kind in JOB_KINDS}
    return any(owner.get("controller") and (_group(owner), owner.get("kind")) in kinds for owner in owners_of(row))


def pods_of(
    job: Job, pods: Iterable[Object], objects: Callable[[ObjectKind], Iterable[Mapping[str, Any]]]
) -> tuple[Pod, ...]:
    """Return the pods that the job owns, or that what it owns does, by rank and then by name."""
    found, children = [], _Children(job, objects)
    for row in pods:
        owners = owners_of(row)
        if any(owner["uid"] == job.uid or children.have(owner) for owner in owners[:1]):
            found.append(pod_of(row))
    return tuple(sorted(found, key=lambda pod: (pod.rank is None, pod.rank or 0, pod.name)))


class _Children:
    """The objects between a job and its pods, asked for when a pod names one."""

    def __init__(self, job: Job, objects: Callable[[ObjectKind], Iterable[Mapping[str, Any]]]) -> None:
        """Ask for none yet."""
        self._job, self._objects = job, objects
        self._uids: frozenset[str] | None = None

    def have(self, owner: Object) -> bool:
        """Whether an owner is such an object."""
        if owner.get("kind") == self._job.kind.kind:  # another job of the same name, of before
            return False
        if owner.get("kind") != BATCH_JOB.kind:
            # HyperPod's operator may put kinds of its own between: then the label is all there is.
            return self._job.kind.kind == HYPERPOD_PYTORCH_JOB.kind
        if self._uids is None:
            rows = self._objects(BATCH_JOB)
            self._uids = frozenset(
                str(row["metadata"]["uid"])
                for row in rows
                if any(one["uid"] == self._job.uid for one in owners_of(row))
            )
        return str(owner["uid"]) in self._uids


def _group(owner: Object) -> str:
    return str(owner.get("apiVersion") or "").rpartition("/")[0]
