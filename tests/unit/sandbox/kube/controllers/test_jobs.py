from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers import job_pods
from hpctl.sandbox.kube.controllers.jobs import Jobs
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(Jobs) as made:
        yield made


def job(name: str = "j", *, pod: dict[str, Any] | None = None, **spec: Any) -> Object:
    body = {"template": template(**(pod or {})), "parallelism": 1, "backoffLimit": 6, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": body}


def status(stage: Stage) -> Object:
    found: Object = stage.get("Job", "j")["status"]
    return found


def only_pod(stage: Stage) -> str:
    (pod,) = stage.pods()
    return str(pod["metadata"]["name"])


def last_pod(stage: Stage) -> str:
    return str(stage.pods()[-1]["metadata"]["name"])


def test_a_job_creates_its_pod_and_is_complete_when_that_has_succeeded(stage: Stage) -> None:
    stage.create(job(completions=1))
    stage.wait()
    name = only_pod(stage)
    assert status(stage)["active"] == 1
    assert stage.get("Pod", name)["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]

    stage.run(name)
    stage.wait()
    assert status(stage)["ready"] == 1
    stage.end(name)
    stage.wait()

    assert status(stage)["succeeded"] == 1
    assert "active" not in status(stage)
    assert status(stage)["completionTime"] == "2026-08-01T12:00:02Z"
    assert stage.conditions("Job", "j") == {
        "SuccessCriteriaMet": ("True", "CompletionsReached"),
        "Complete": ("True", "CompletionsReached"),
    }
    assert stage.get("Pod", name)["metadata"].get("finalizers") is None
    assert stage.events("Job", "j") == [
        ("Normal", "SuccessfulCreate", f"Created pod: {name}"),
        ("Normal", "Completed", "Job completed"),
    ]


def test_pods_run_as_many_at_once_as_parallelism_says(stage: Stage) -> None:
    stage.create(job(completions=5, parallelism=2))
    stage.wait()
    most = 0
    while "completionTime" not in status(stage):
        active = [pod for pod in stage.pods() if job_pods.is_active(pod)]
        most = max(most, len(active))
        stage.end(active[0]["metadata"]["name"])
        stage.wait()
    created = [reason for _, reason, _ in stage.events("Job", "j")].count("SuccessfulCreate")
    assert (most, status(stage)["succeeded"], created) == (2, 5, 5)


def test_a_job_without_completions_is_complete_when_one_has_succeeded_and_all_have_ended(stage: Stage) -> None:
    stage.create(job(parallelism=3))
    stage.wait()
    first, second, third = (pod["metadata"]["name"] for pod in stage.pods())
    stage.end(first)
    stage.wait()
    assert "Complete" not in stage.conditions("Job", "j")
    stage.end(second)
    stage.end(third)
    stage.wait()
    assert stage.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
    assert len(stage.pods()) == 3


def test_a_failed_pod_is_replaced_later_each_time(stage: Stage) -> None:
    stage.create(job(completions=1, backoffLimit=3))
    stage.wait()
    born = []
    for _ in range(3):
        stage.end(last_pod(stage), 1)
        count, failed_at = len(stage.pods()), stage.seconds
        while len(stage.pods()) == count:
            stage.wait(1)
        born.append(round(stage.seconds - failed_at))
    assert born == [10, 20, 40]
    stage.end(last_pod(stage), 1)
    stage.wait()
    assert stage.conditions("Job", "j")["Failed"] == ("True", "BackoffLimitExceeded")
    assert status(stage)["failed"] == 4
    assert stage.events("Job", "j")[-1] == (
        "Warning",
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
    )


def test_a_success_ends_the_waiting_after_failures(stage: Stage) -> None:
    stage.create(job(completions=3))
    stage.wait()
    for code, wait in ((1, 11), (1, 21), (0, 1)):
        stage.end(last_pod(stage), code)
        stage.wait(wait)
    count = len(stage.pods())
    stage.end(last_pod(stage), 1)
    stage.wait(9)
    assert len(stage.pods()) == count
    stage.wait(2)
    assert len(stage.pods()) == count + 1


def test_an_indexed_job_that_shrinks_forgets_the_indexes_that_it_has_no_more(stage: Stage) -> None:
    stage.create(job(completions=3, parallelism=3, completionMode="Indexed"))
    stage.wait()
    first, _, third = (pod["metadata"]["name"] for pod in stage.pods())
    stage.end(third)
    stage.wait()
    stage.change("Job", "j", {"spec": {"completions": 2, "parallelism": 2}})
    stage.end(first)
    stage.wait()
    assert (status(stage)["completedIndexes"], status(stage)["succeeded"]) == ("0", 1)
    assert "Complete" not in stage.conditions("Job", "j")


def test_restarts_of_containers_count_against_the_limit_when_the_kubelet_restarts_them(stage: Stage) -> None:
    stage.create(job(completions=1, backoffLimit=2, pod={"restartPolicy": "OnFailure"}))
    stage.wait()
    name = only_pod(stage)
    rows = [{"name": "main", "restartCount": 2, "state": {"running": {}}}]
    stage.change("Pod", name, {"status": {"phase": "Running", "containerStatuses": rows}}, "status")
    stage.wait()
    assert stage.conditions("Job", "j")["Failed"] == ("True", "BackoffLimitExceeded")
    assert stage.pods() == []


def test_an_indexed_job_numbers_its_pods_and_fills_what_is_missing(stage: Stage) -> None:
    stage.create(job(completions=3, parallelism=3, completionMode="Indexed"))
    stage.wait()
    pods = stage.pods()
    assert [job_pods.index_of(pod) for pod in pods] == [0, 1, 2]
    assert [pod["spec"]["hostname"] for pod in pods] == ["j-0", "j-1", "j-2"]
    assert pods[1]["metadata"]["name"].startswith("j-1-")
    (variable,) = pods[1]["spec"]["containers"][0]["env"]
    assert variable["name"] == "JOB_COMPLETION_INDEX"
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == (
        "metadata.labels['batch.kubernetes.io/job-completion-index']"
    )

    stage.end(pods[0]["metadata"]["name"])
    stage.end(pods[1]["metadata"]["name"], 1)
    stage.end(pods[2]["metadata"]["name"])
    stage.wait(11)
    assert status(stage)["completedIndexes"] == "0,2"
    assert [job_pods.index_of(pod) for pod in stage.pods() if job_pods.is_active(pod)] == [1]
    stage.end(last_pod(stage))
    stage.wait()
    assert status(stage)["completedIndexes"] == "0-2"
    assert stage.conditions("Job", "j")["Complete"][0] == "True"


def by_index(stage: Stage) -> dict[int | None, str]:
    """The latest pod of each index."""
    return {job_pods.index_of(pod): str(pod["metadata"]["name"]) for pod in stage.pods()}


def of_indexes(count: int, **spec: Any) -> Object:
    body = {"completions": count, "parallelism": count, "completionMode": "Indexed", "backoffLimitPerIndex": 0, **spec}
    return job(**{"backoffLimit": 2**31 - 1, **body})


def test_an_index_that_fails_leaves_the_others_running_until_they_end(stage: Stage) -> None:
    stage.create(of_indexes(3))
    stage.wait()
    pods = by_index(stage)
    stage.end(pods[1], 3)
    stage.wait(30)
    assert status(stage)["failedIndexes"] == "1"
    assert status(stage)["active"] == 2
    assert stage.conditions("Job", "j") == {}
    assert by_index(stage) == pods
    stage.end(pods[0])
    stage.end(pods[2], 137)
    stage.wait()
    assert stage.conditions("Job", "j")["Failed"] == ("True", "FailedIndexes")
    assert (status(stage)["completedIndexes"], status(stage)["failedIndexes"]) == ("0", "1,2")
    assert status(stage)["failed"] == 2
    assert by_index(stage) == pods


def test_an_index_is_tried_again_as_often_as_it_may_and_waits_by_itself(stage: Stage) -> None:
    stage.create(of_indexes(2, backoffLimitPerIndex=1))
    stage.wait()
    first = by_index(stage)
    stage.end(first[0], 1)
    stage.wait(9)
    assert by_index(stage) == first
    stage.wait(2)
    second = by_index(stage)
    assert second[0] != first[0]
    assert second[1] == first[1]
    annotations = stage.get("Pod", second[0])["metadata"]["annotations"]
    assert annotations["batch.kubernetes.io/job-index-failure-count"] == "1"
    stage.end(second[0], 1)
    stage.end(first[1])
    stage.wait()
    assert stage.conditions("Job", "j")["Failed"] == ("True", "FailedIndexes")


def test_too_many_failed_indexes_end_a_job_at_once(stage: Stage) -> None:
    stage.create(of_indexes(3, maxFailedIndexes=0))
    stage.wait()
    stage.end(by_index(stage)[1], 3)
    stage.wait()
    assert stage.conditions("Job", "j")["FailureTarget"] == ("True", "MaxFailedIndexesExceeded")


def test_a_policy_may_fail_an_index_that_has_attempts_left(stage: Stage) -> None:
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [42]}}
    stage.create(of_indexes(2, backoffLimitPerIndex=5, podFailurePolicy={"rules": [rule]}))
    stage.wait()
    stage.end(by_index(stage)[0], 42)
    stage.wait(60)
    assert status(stage)["failedIndexes"] == "0"


def test_a_deadline_ends_a_job_and_its_pods(stage: Stage) -> None:
    stage.create(job(completions=1, activeDeadlineSeconds=30))
    stage.wait(29)
    assert "Failed" not in stage.conditions("Job", "j")
    stage.wait(2)
    assert stage.conditions("Job", "j")["Failed"] == ("True", "DeadlineExceeded")
    assert stage.pods() == []


def test_a_job_is_called_failed_only_when_nothing_of_it_runs_any_more(stage: Stage) -> None:
    stage.create(job(completions=1, activeDeadlineSeconds=30, pod={"nodeName": "n"}))
    stage.wait(31)
    name = only_pod(stage)
    assert stage.conditions("Job", "j") == {"FailureTarget": ("True", "DeadlineExceeded")}
    assert status(stage)["terminating"] == 1
    stage.delete("Pod", name, grace_s=0)
    stage.wait()
    assert stage.conditions("Job", "j")["Failed"] == ("True", "DeadlineExceeded")


def test_a_job_goes_when_its_time_after_the_end_is_over(stage: Stage) -> None:
    stage.create(job(completions=1, ttlSecondsAfterFinished=60))
    stage.wait()
    stage.end(only_pod(stage))
    stage.wait(58)
    assert stage.names("Job") == ["j"]
    stage.wait(3)
    assert stage.names("Job") == []
    assert stage.names("Pod") == []


def test_a_suspended_job_has_no_pods_and_no_start_until_it_is_resumed(stage: Stage) -> None:
    stage.create(job(completions=1, suspend=True))
    stage.wait()
    assert stage.pods() == []
    assert "startTime" not in status(stage)
    assert stage.conditions("Job", "j") == {"Suspended": ("True", "JobSuspended")}
    stage.change("Job", "j", {"spec": {"suspend": False}})
    stage.wait()
    assert len(stage.pods()) == 1
    assert stage.conditions("Job", "j") == {"Suspended": ("False", "JobResumed")}
    stage.change("Job", "j", {"spec": {"suspend": True}})
    stage.wait()
    assert stage.pods() == []
    # Nothing failed: a job with `backoffLimit` 0 goes on when it is resumed.
    assert "failed" not in status(stage)


def test_a_deleted_pod_is_replaced_and_counts_as_failed(stage: Stage) -> None:
    stage.create(job(completions=1))
    stage.wait()
    first = only_pod(stage)
    stage.delete("Pod", first)
    stage.wait()
    assert status(stage)["failed"] == 1
    assert only_pod(stage) != first


@pytest.mark.parametrize(
    ("action", "code", "failed", "ended"),
    [("FailJob", 42, 1, True), ("Ignore", 42, 0, False), ("Count", 42, 1, False), ("FailJob", 41, 1, False)],
)
def test_a_policy_says_what_a_failure_means(stage: Stage, action: str, code: int, failed: int, ended: bool) -> None:
    rule = {"action": action, "onExitCodes": {"operator": "In", "values": [42]}}
    stage.create(job(completions=1, podFailurePolicy={"rules": [rule]}))
    stage.wait()
    name = only_pod(stage)
    stage.end(name, code)
    stage.wait()
    assert status(stage).get("failed", 0) == failed
    assert ("Failed" in stage.conditions("Job", "j")) is ended
    if ended:
        (row,) = (each for each in status(stage)["conditions"] if each["type"] == "Failed")
        assert row["reason"] == "PodFailurePolicy"
        assert row["message"] == (
            f"Container main for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"
        )


def test_pods_of_a_job_that_is_gone_are_let_go(stage: Stage) -> None:
    stage.create(job(completions=1, pod={"nodeName": "n"}))
    stage.wait()
    name = only_pod(stage)
    stage.delete("Job", "j")
    stage.wait()
    assert "finalizers" not in stage.get("Pod", name)["metadata"]
    stage.delete("Pod", name, grace_s=0)
    assert stage.pods() == []


def test_what_is_not_honoured_is_told(stage: Stage) -> None:
    rules = {"rules": [{"succeededIndexes": "0"}]}
    stage.create(job(completions=1, completionMode="Indexed", successPolicy=rules))
    stage.wait()
    told = ("Warning", "NotInSandbox", "the hpctl sandbox does not honour spec.successPolicy")
    assert told in stage.events("Job", "j")


def test_nothing_happens_to_a_job_that_somebody_else_manages(stage: Stage) -> None:
    stage.create(job(completions=1, managedBy="kueue.x-k8s.io/multikueue"))
    stage.wait()
    assert stage.pods() == []


def test_an_end_that_was_noted_before_a_crash_is_counted_once(stage: Stage) -> None:
    made = stage.create(job(completions=2, suspend=True))
    noted = {"uncountedTerminatedPods": {"succeeded": ["a pod whose finalizer is gone"]}, "succeeded": 1}
    stage.change("Job", "j", {"status": noted}, "status")
    stage.wait()
    assert status(stage)["succeeded"] == 2
    assert status(stage)["uncountedTerminatedPods"] == {}
    assert made["spec"]["completions"] == 2


@pytest.mark.parametrize(
    ("indexes", "text"), [([], ""), ([4], "4"), ([0, 1, 2, 5], "0-2,5"), ([0, 2, 3, 9], "0,2,3,9"), ([1, 2], "1,2")]
)
def test_indexes_are_told_in_runs_and_read_again(indexes: list[int], text: str) -> None:
    assert job_pods.told_indexes(indexes) == text
    assert sorted(job_pods.read_indexes(text)) == indexes
