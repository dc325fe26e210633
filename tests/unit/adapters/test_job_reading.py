"""Job objects of every kind become rows: how many pods, and where the job is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hpctl.adapters.kube.job_reading import job_of
from hpctl.facts.jobs import (
    BATCH_JOB,
    CANCELLED,
    HYPERPOD_PYTORCH_JOB,
    JOB_SET,
    MPI_JOB,
    PYTORCH_JOB,
    Condition,
    JobState,
    ObjectKind,
)

QUEUED = {"kueue.x-k8s.io/queue-name": "team"}


def an_object(
    spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **metadata: Any
) -> dict[str, Any]:
    told = {"name": "train", "namespace": "team", "uid": "u-1", "creationTimestamp": "2026-03-01T12:00:00Z"}
    return {"metadata": told | metadata, "spec": spec or {}, "status": status or {}}


def true(*types: str) -> dict[str, Any]:
    return {"conditions": [{"type": each, "status": "True"} for each in types]}


@pytest.mark.parametrize(
    ("kind", "spec", "nodes"),
    [
        (PYTORCH_JOB, {"pytorchReplicaSpecs": {"Master": {"replicas": 1}, "Worker": {"replicas": 3}}}, 4),
        (PYTORCH_JOB, {"pytorchReplicaSpecs": {"Worker": {}}}, 1),
        (MPI_JOB, {"mpiReplicaSpecs": {"Launcher": {}, "Worker": {"replicas": 2}}}, 3),
        (HYPERPOD_PYTORCH_JOB, {"replicaSpecs": [{"name": "pod", "replicas": 8}]}, 8),
        (BATCH_JOB, {"parallelism": 2, "completions": 4, "completionMode": "Indexed"}, 4),
        (BATCH_JOB, {"parallelism": 2}, 2),
        (BATCH_JOB, {}, 1),
        (JOB_SET, {"replicatedJobs": [{"replicas": 2, "template": {"spec": {"parallelism": 4}}}, {}]}, 9),
    ],
)
def test_nodes_are_all_pods_that_the_spec_wants(kind: ObjectKind, spec: dict[str, Any], nodes: int) -> None:
    assert job_of(kind, an_object(spec)).nodes == nodes


@pytest.mark.parametrize(
    ("kind", "spec", "status", "metadata", "state"),
    [
        (BATCH_JOB, {}, {}, {}, JobState.PENDING),
        (BATCH_JOB, {}, {"active": 2}, {}, JobState.PENDING),
        (BATCH_JOB, {}, {"active": 2, "ready": 1}, {}, JobState.RUNNING),
        (BATCH_JOB, {}, {"active": 1, "failed": 1}, {}, JobState.RESTARTING),
        (BATCH_JOB, {}, true("Complete"), {}, JobState.SUCCEEDED),
        (BATCH_JOB, {}, true("FailureTarget"), {}, JobState.PENDING),
        (BATCH_JOB, {}, true("FailureTarget", "Failed"), {}, JobState.FAILED),
        (BATCH_JOB, {"suspend": True}, true("Suspended"), {"labels": QUEUED}, JobState.QUEUED),
        (BATCH_JOB, {"suspend": True}, {}, {}, JobState.PENDING),
        (BATCH_JOB, {"suspend": True}, {}, {"annotations": {CANCELLED: "2026"}}, JobState.CANCELLED),
        (BATCH_JOB, {}, true("Failed"), {"annotations": {CANCELLED: "2026"}}, JobState.CANCELLED),
        (BATCH_JOB, {}, true("Complete"), {"annotations": {CANCELLED: "2026"}}, JobState.SUCCEEDED),
        (PYTORCH_JOB, {}, true("Created"), {}, JobState.PENDING),
        (PYTORCH_JOB, {}, true("Created", "Running"), {}, JobState.RUNNING),
        (PYTORCH_JOB, {}, true("Created", "Restarting"), {}, JobState.RESTARTING),
        (HYPERPOD_PYTORCH_JOB, {}, true("Created", "Fault"), {}, JobState.RESTARTING),
        (PYTORCH_JOB, {}, true("Created", "Succeeded"), {}, JobState.SUCCEEDED),
        (PYTORCH_JOB, {}, true("Created", "Failed"), {}, JobState.FAILED),
        (PYTORCH_JOB, {"runPolicy": {"suspend": True}}, true("Suspended"), {"labels": QUEUED}, JobState.QUEUED),
        (HYPERPOD_PYTORCH_JOB, {}, true("Created", "Running"), {}, JobState.RUNNING),
        (HYPERPOD_PYTORCH_JOB, {}, true("Completed"), {}, JobState.SUCCEEDED),
        (JOB_SET, {}, {"replicatedJobsStatus": [{"ready": 0}, {"ready": 1}]}, {}, JobState.RUNNING),
        (JOB_SET, {}, {"restarts": 1, "replicatedJobsStatus": []}, {}, JobState.RESTARTING),
        (JOB_SET, {}, true("Completed"), {}, JobState.SUCCEEDED),
    ],
)
def test_where_a_job_is_in_one_word(
    kind: ObjectKind, spec: dict[str, Any], status: dict[str, Any], metadata: dict[str, Any], state: JobState
) -> None:
    assert job_of(kind, an_object(spec, status, **metadata)).state is state


def test_a_condition_that_is_false_says_nothing_of_the_state() -> None:
    status = {"conditions": [{"type": "Failed", "status": "False"}, {"type": "Running", "status": "True"}]}
    assert job_of(PYTORCH_JOB, an_object(status=status)).state is JobState.RUNNING


@pytest.mark.parametrize(
    ("status", "restarts"),
    [
        ({"failed": 3}, 3),
        ({"failed": 1, "conditions": [{"type": "Failed", "status": "True"}]}, 0),
        ({"failed": 2, "failedIndexes": "0,1", "conditions": [{"type": "Failed", "status": "True"}]}, 0),
        ({"failed": 9, "failedIndexes": "0,2-4"}, 5),
        ({}, 0),
    ],
)
def test_pods_that_failed_for_good_are_no_restarts(status: dict[str, Any], restarts: int) -> None:
    assert job_of(BATCH_JOB, an_object(status=status)).restarts == restarts


def test_a_job_keeps_what_it_was_told_and_when() -> None:
    since = "2026-03-01T12:05:00Z"
    failed = {"type": "Failed", "status": "True", "reason": "Why", "message": "Words", "lastTransitionTime": since}
    row = an_object(
        status={"startTime": "2026-03-01T12:01:00Z", "conditions": [failed], "failed": 2}, labels={"a": "b"}
    )
    job = job_of(BATCH_JOB, row)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (job.created, job.started, job.ended) == (at, at.replace(minute=1), at.replace(minute=5))
    assert job.conditions == (Condition("Failed", "True", "Why", "Words", at.replace(minute=5)),)
    assert (job.restarts, job.labels, job.raw, job.reference) == (1, {"a": "b"}, row, "job/train")


def test_a_job_has_started_once_a_pod_of_it_runs() -> None:
    status = {"startTime": "2026-03-01T12:00:01Z"}
    assert job_of(PYTORCH_JOB, an_object(status=status | true("Created"))).started is None
    assert job_of(PYTORCH_JOB, an_object(status=status | true("Created", "Running"))).started == datetime(
        2026, 3, 1, 12, 0, 1, tzinfo=UTC
    )


def test_a_job_that_was_cancelled_ended_then() -> None:
    at = {CANCELLED: "2026-03-01T12:30:00Z"}
    assert job_of(PYTORCH_JOB, an_object(annotations=at)).ended == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert job_of(PYTORCH_JOB, an_object(annotations={CANCELLED: "once"})).ended is None
    assert job_of(PYTORCH_JOB, an_object()).ended is None
