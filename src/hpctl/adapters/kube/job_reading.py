"""Job objects of every kind become one row: how many pods, and where the job is in one word.

Sources: the Kubernetes API reference (v1.37) of batch/v1; the CRDs of kubeflow.org (training-operator 1.8, mpi-operator
0.5), jobset.x-k8s.io 0.12 and, for HyperPodPyTorchJob, the models of sagemaker-hyperpod 3.12.0. Statuses are read
tolerantly: an operator that is newer adds members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.kube.reading import Object, conditions_of, moment_of
from hpctl.facts.jobs import (
    BATCH_JOB,
    CANCELLED,
    HYPERPOD_PYTORCH_JOB,
    JOB_SET,
    MPI_JOB,
    PYTORCH_JOB,
    Condition,
    Job,
    JobState,
    ObjectKind,
)

QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
_SUCCEEDED: Final = frozenset({"Succeeded", "Complete", "Completed"})
_FAILED: Final = frozenset({"Failed"})
_NOT_BEGUN: Final = frozenset({JobState.QUEUED, JobState.PENDING})
"""Operators set `startTime` when they see a job, and not when a pod of it runs."""


def job_of(kind: ObjectKind, row: Object) -> Job:
    """Read a job of one of `JOB_KINDS`."""
    metadata, status = row["metadata"], row.get("status") or {}
    conditions = conditions_of(status)
    state = state_of(kind, row, conditions)
    began = moment_of(status.get("startTime")) or _since(conditions, {"Running"})
    ended = moment_of(status.get("completionTime")) or _since(conditions, _SUCCEEDED | _FAILED)
    return Job(
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        uid=str(metadata.get("uid") or ""),
        created=moment_of(metadata.get("creationTimestamp")) or datetime.fromtimestamp(0, UTC),
        state=state,
        nodes=nodes_of(kind, row.get("spec") or {}),
        labels=dict(metadata.get("labels") or {}),
        annotations=dict(metadata.get("annotations") or {}),
        conditions=conditions,
        started=None if state in _NOT_BEGUN else began,
        ended=ended or (_cancelled(metadata) if state is JobState.CANCELLED else None),
        restarts=_restarts(kind, status),
        raw=row,
    )


def _cancelled(metadata: Object) -> datetime | None:
    try:
        return moment_of((metadata.get("annotations") or {}).get(CANCELLED))
    except ValueError:  # anybody may write annotations
        return None


def nodes_of(kind: ObjectKind, spec: Object) -> int:
    """Return how many pods a job's spec wants in all."""
    match kind.kind:
        case PYTORCH_JOB.kind:
            return sum(int(one.get("replicas", 1)) for one in (spec.get("pytorchReplicaSpecs") or {}).values())
        case MPI_JOB.kind:
            return sum(int(one.get("replicas", 1)) for one in (spec.get("mpiReplicaSpecs") or {}).values())
        case HYPERPOD_PYTORCH_JOB.kind:
            return sum(int(one.get("replicas", 1)) for one in spec.get("replicaSpecs") or ())
        case JOB_SET.kind:
            return sum(_pods_of_replicated(one) for one in spec.get("replicatedJobs") or ())
        case _:
            return _pods_of_job(spec)


def state_of(kind: ObjectKind, row: Object, conditions: Iterable[Condition]) -> JobState:
    """Return where a job is; what has ended stays so, and an end after a cancellation is the cancellation's."""
    true = {one.type for one in conditions if one.status == "True"}
    metadata = row["metadata"]
    if true & _SUCCEEDED:
        return JobState.SUCCEEDED
    if CANCELLED in (metadata.get("annotations") or {}):
        return JobState.CANCELLED
    if true & _FAILED:
        return JobState.FAILED
    if _suspended(kind, row.get("spec") or {}) or "Suspended" in true:
        return JobState.QUEUED if QUEUE_LABEL in (metadata.get("labels") or {}) else JobState.PENDING
    return _under_way(kind, row.get("status") or {}, true)


def _under_way(kind: ObjectKind, status: Object, true: set[str]) -> JobState:
    match kind.kind:
        case BATCH_JOB.kind:
            ready, again = int(status.get("ready") or 0), int(status.get("failed") or 0) > 0
        case JOB_SET.kind:
            rows = status.get("replicatedJobsStatus") or ()
            ready, again = sum(int(one.get("ready") or 0) for one in rows), int(status.get("restarts") or 0) > 0
        case _:
            ready, again = int("Running" in true), bool(true & {"Restarting", "Fault"})
    if ready:
        return JobState.RUNNING
    return JobState.RESTARTING if again else JobState.PENDING


def _suspended(kind: ObjectKind, spec: Object) -> bool:
    holder = spec if kind.kind in (BATCH_JOB.kind, JOB_SET.kind) else spec.get("runPolicy") or {}
    return bool(holder.get("suspend"))


def _restarts(kind: ObjectKind, status: Object) -> int:
    match kind.kind:
        case BATCH_JOB.kind:
            return max(int(status.get("failed") or 0) - _failed_for_good(status), 0)
        case JOB_SET.kind:
            return int(status.get("restarts") or 0)
        case _:
            return int(status.get("restartCount") or 0)


def _failed_for_good(status: Object) -> int:
    """Return how many pods of a batch Job were not made again: one an index (`0,2-4`) that failed, else the last."""
    indexes = str(status.get("failedIndexes") or "")
    if indexes:
        ends = ([int(end) for end in part.split("-")] for part in indexes.split(","))
        return sum(end[-1] - end[0] + 1 for end in ends)
    return sum(
        1 for one in status.get("conditions") or () if one.get("type") in _FAILED and one.get("status") == "True"
    )


def _pods_of_replicated(row: Mapping[str, Any]) -> int:
    spec = (row.get("template") or {}).get("spec") or {}
    return int(row.get("replicas", 1)) * _pods_of_job(spec)


def _pods_of_job(spec: Object) -> int:
    parallel, completions = spec.get("parallelism", 1), spec.get("completions")
    if spec.get("completionMode") == "Indexed" and completions is not None:
        return int(completions)
    return int(parallel)


def _since(conditions: Iterable[Condition], types: frozenset[str] | set[str]) -> datetime | None:
    return next((one.since for one in conditions if one.type in types and one.status == "True"), None)
