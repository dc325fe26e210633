"""Pods, events and queues in JSON become rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hpctl.adapters.kube.reading import event_of, pod_of, queue_of
from hpctl.facts.jobs import Queue

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_pod(spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "team", **metadata}, "spec": spec or {}, "status": status or {}}


def worker(index: int, **variables: str) -> dict[str, Any]:
    labels = {"training.kubeflow.org/replica-type": "worker", "training.kubeflow.org/replica-index": str(index)}
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return a_pod({"containers": [{"name": "pytorch", "env": env}]}, labels=labels)


@pytest.mark.parametrize(
    ("row", "rank"),
    [
        (a_pod(), None),
        (a_pod(labels={"hpctl/rank": "3", "batch.kubernetes.io/job-completion-index": "1"}), 3),
        (a_pod(labels={"batch.kubernetes.io/job-completion-index": "12"}), 12),
        (a_pod(annotations={"batch.kubernetes.io/job-completion-index": "12"}), 12),
        (a_pod(labels={"jobset.sigs.k8s.io/job-global-index": "2"}), 2),
        (
            a_pod(labels={"jobset.sigs.k8s.io/job-global-index": "0", "batch.kubernetes.io/job-completion-index": "5"}),
            5,
        ),
        (a_pod(labels={"training.kubeflow.org/replica-type": "master", "training.kubeflow.org/replica-index": "0"}), 0),
        (worker(0, PET_NODE_RANK="1"), 1),
        (worker(4, RANK="5"), 5),
        (worker(4), 4),
        (worker(4, RANK="$(X)"), 4),
        (a_pod(labels={"training.kubeflow.org/replica-type": "launcher"}), None),
        (a_pod(name="train-nodes-11", labels={"HPJob": "train", "hpctl/job": "train"}), 11),
        (a_pod(name="train-nodes-x", labels={"HPJob": "train", "hpctl/job": "train"}), None),
        # Somebody else's may have several replicas, each of which counts from 0.
        (a_pod(name="train-nodes-1", labels={"HPJob": "train"}), None),
        (a_pod(name="train-nodes-1", labels={"hpctl/job": "train"}), None),
    ],
)
def test_the_rank_is_what_the_controller_says(row: dict[str, Any], rank: int | None) -> None:
    assert pod_of(row).rank == rank


def test_requests_are_those_that_the_scheduler_counts() -> None:
    containers = [
        {"name": "a", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "8"}}},
        {"name": "b", "resources": {"limits": {"cpu": "2"}}},
    ]
    first = [{"name": "i", "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}]
    found = pod_of(a_pod({"containers": containers, "initContainers": first, "overhead": {"cpu": "250m"}})).requests
    assert found == {"cpu": "2.75", "memory": "2147483648", "nvidia.com/gpu": "8"}


def test_a_sidecar_holds_what_it_asks_for_as_long_as_the_pod_lives() -> None:
    def container(name: str, cpu: str, **members: Any) -> dict[str, Any]:
        return {"name": name, "resources": {"requests": {"cpu": cpu}}, **members}

    starting = [container("a", "1"), container("sidecar", "2", restartPolicy="Always"), container("b", "4")]
    small = pod_of(a_pod({"containers": [container("main", "1")], "initContainers": starting})).requests
    large = pod_of(a_pod({"containers": [container("main", "8")], "initContainers": starting})).requests
    assert (small["cpu"], large["cpu"]) == ("6", "10")


def test_containers_tell_how_they_are_and_how_the_instance_before_ended() -> None:
    times = {"startedAt": "2026-03-01T12:00:00Z", "finishedAt": "2026-03-01T12:01:00Z"}
    ended = {"exitCode": 137, "reason": "OOMKilled", "message": "m", **times}
    statuses = [
        {
            "name": "b",
            "restartCount": 2,
            "state": {"running": {"startedAt": times["startedAt"]}},
            "lastState": {"terminated": ended},
        },
        {"name": "a", "state": {"terminated": ended}},
    ]
    spec = {"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
    first, second, third = pod_of(a_pod(spec, {"containerStatuses": statuses})).containers
    assert (first.exit_code, first.reason, first.message, first.running) == (137, "OOMKilled", "m", False)
    assert (first.started, first.ended) == (AT, AT.replace(minute=1))
    assert (second.running, second.restarts, second.exit_code) == (True, 2, None)
    assert (second.last_exit_code, second.last_reason, second.last_ended) == (137, "OOMKilled", AT.replace(minute=1))
    assert (third.name, third.running, third.exit_code, third.started) == ("c", False, None, None)


def test_a_container_that_waits_says_for_what() -> None:
    waiting = {"name": "a", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    (found,) = pod_of(a_pod({"containers": [{"name": "a"}]}, {"containerStatuses": [waiting]})).containers
    assert (found.reason, found.message, found.exit_code) == ("ImagePullBackOff", "no such image", None)


@pytest.mark.parametrize(
    ("row", "last", "count"),
    [
        ({"lastTimestamp": "2026-03-01T12:00:00Z", "count": 4}, AT, 4),
        ({"eventTime": "2026-03-01T12:00:00.000000Z", "lastTimestamp": None}, AT, 1),
        (
            {"series": {"count": 9, "lastObservedTime": "2026-03-01T12:00:00.0Z"}, "eventTime": "2026-03-01T10:00:00Z"},
            AT,
            9,
        ),
        ({}, None, 1),
    ],
)
def test_the_last_occurrence_of_an_event_is_wherever_the_server_keeps_it(
    row: dict[str, Any], last: datetime | None, count: int
) -> None:
    about = {"kind": "Pod", "name": "p", "uid": "u"}
    found = event_of({"metadata": {"namespace": "team"}, "involvedObject": about, "message": "m", **row})
    assert (found.last, found.count, found.about_uid, found.message) == (last, count, "u", "m")


@pytest.mark.parametrize(
    ("conditions", "active", "waiting"),
    [
        ([{"type": "Active", "status": "True", "message": "Can submit"}], True, ""),
        (
            [{"type": "Active", "status": "False", "reason": "Stopped", "message": "it is stopped"}],
            False,
            "it is stopped",
        ),
        ([], False, ""),
    ],
)
def test_a_queue_admits_when_it_says_so(conditions: list[dict[str, Any]], active: bool, waiting: str) -> None:
    row = {
        "metadata": {"name": "q", "namespace": "team"},
        "spec": {"clusterQueue": "c"},
        "status": {"conditions": conditions, "pendingWorkloads": 2, "admittedWorkloads": 1},
    }
    assert queue_of(row) == Queue("team", "q", "c", active, 2, 1, waiting)
