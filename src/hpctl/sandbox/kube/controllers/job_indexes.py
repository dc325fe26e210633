"""Indexes that fail each by themselves: `backoffLimitPerIndex` of a Job (batch/v1).

Source: kubernetes 1.33, pkg/controller/job/indexed_job_utils.go and backoff_utils.go; KEP 3850.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import job_pods

if TYPE_CHECKING:
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object

FAILURES: Final = "batch.kubernetes.io/job-index-failure-count"
"""The annotation that says how often an index had failed before this pod of it."""
FAILED: Final = ("FailedIndexes", "Job has failed indexes")
TOO_MANY: Final = ("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")


def limit_of(job: Object) -> int | None:
    """Return how often an index may fail and be tried again; None where failures count for the job as a whole."""
    limit = job["spec"].get("backoffLimitPerIndex")
    return None if limit is None else int(limit)


def failures(pod: Object) -> int:
    """Return how often the index of a pod had failed before it."""
    return int((pod["metadata"].get("annotations") or {}).get(FAILURES, 0))


def newly_failed(job: Object, pods: Iterable[Object]) -> set[int]:
    """Return the indexes that these failed pods were the last chance of."""
    limit = limit_of(job)
    found = ((job_pods.index_of(pod), pod) for pod in pods)
    return {
        index
        for index, pod in found
        if limit is not None
        and index is not None
        and (failures(pod) >= limit or job_pods.verdict(job, pod)[0] == "FailIndex")
    }


def next_failures(pods: Iterable[Object], index: int) -> int:
    """Return what a new pod of an index tells: one more than the last failed one."""
    return max((failures(pod) + 1 for pod in _of(pods, index) if job_pods.phase_of(pod) == "Failed"), default=0)


def back_off(pods: Iterable[Object], index: int, now: datetime) -> float:
    """Return how many seconds no pod of an index may be created."""
    return job_pods.back_off(_of(pods, index), now)


def verdict(job: Object, status: Object) -> tuple[str, str] | None:
    """Return why a job has failed by its indexes; None while it has not."""
    if limit_of(job) is None:
        return None
    failed = job_pods.read_indexes(status.get("failedIndexes", ""))
    most, spec = job["spec"].get("maxFailedIndexes"), job["spec"]
    if most is not None and len(failed) > most:
        return TOO_MANY
    over = status.get("succeeded", 0) + len(failed) >= spec["completions"]
    return FAILED if failed and over else None


def _of(pods: Iterable[Object], index: int) -> list[Object]:
    return [pod for pod in pods if job_pods.index_of(pod) == index]
