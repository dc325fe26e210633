"""Lists of jobs, and one in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hpctl.errors import AccessError
from hpctl.facts.jobs import CANCELLED, ContainerState, JobState, Pod
from hpctl.services.job.look import describe, list_jobs, status_of
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, IMAGE, a_condition, a_job, a_pod, an_event, ended, waiting

QUEUED = {"kueue.x-k8s.io/queue-name": "q", "kueue.x-k8s.io/priority-class": "high-priority", "hpctl/run-id": "run-1"}


def test_jobs_are_listed_newest_first_with_the_reason_of_their_state() -> None:
    account = FakeAccount()
    failed, plain = a_condition("Failed", "BackoffLimitExceeded"), a_condition("Failed", "PyTorchJobFailed")
    account.jobs.known_jobs = [
        a_job("old", JobState.FAILED, conditions=(failed,)),
        a_job("older", JobState.FAILED, conditions=(plain,), created=NOW - timedelta(hours=1)),
        a_job("new", created=NOW, labels=QUEUED),
        a_job("else", namespace="other", created=NOW),
    ]
    report = list_jobs(AT, "team", account.ports)
    assert [(row.job, row.reason, row.queue) for row in report.jobs] == [
        ("pytorchjob/new", None, "q"),
        ("pytorchjob/old", "BackoffLimitExceeded", None),
        ("pytorchjob/older", None, None),
    ]
    assert report.names() == ("pytorchjob/new", "pytorchjob/old", "pytorchjob/older")
    assert len(list_jobs(AT, None, account.ports).jobs) == 4


def test_a_kind_that_may_not_be_listed_is_said() -> None:
    account = FakeAccount()
    account.jobs.denied_kinds = [AccessError("Kubernetes denied to list `pytorchjobs.kubeflow.org`")]
    report = list_jobs(AT, "team", account.ports)
    assert report.notes == ("jobs of one kind are missing here: Kubernetes denied to list `pytorchjobs.kubeflow.org`",)


def test_a_job_that_runs_is_described_with_its_ranks() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(labels=QUEUED)]
    account.jobs.known_pods = [a_pod(1), a_pod(0), a_pod(0, name="of-another", owner_uid="uid-other")]
    report = describe("train", AT, account.ports)
    assert [(pod.rank, pod.status, pod.node) for pod in report.pods] == [
        (0, "Running", "hyperpod-i-0"),
        (1, "Running", "hyperpod-i-1"),
    ]
    assert (report.image, report.queue, report.priority, report.run_id) == (IMAGE, "q", "high-priority", "run-1")
    assert (report.first_failure, report.diagnoses) == (None, ())
    assert report.next_steps == (
        "hpctl job logs train --follow --cluster ml-cluster --namespace team",
        "hpctl job cancel train --cluster ml-cluster --namespace team",
    )


def test_a_job_that_failed_is_described_with_the_rank_that_failed_first() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(state=JobState.FAILED, conditions=(a_condition("Failed", "PyTorchJobFailed"),))]
    account.jobs.known_pods = [a_pod(0, "Failed", ended(137, 9)), a_pod(1, "Failed", ended(1, 3))]
    account.streams.logs["train-1", "pytorch"] = [b"2026-11-22T05:00:00Z torch.OutOfMemoryError: CUDA out of memory.\n"]
    report = describe("train", AT, account.ports)
    assert report.first_failure is not None
    assert (report.first_failure.rank, report.first_failure.log) == (
        1,
        ("torch.OutOfMemoryError: CUDA out of memory.",),
    )
    assert [one.failure for one in report.diagnoses] == ["job-device-memory"]
    assert report.next_steps[-1] == "hpctl job delete train --cluster ml-cluster --namespace team"


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.SUCCEEDED])
def test_a_rank_that_was_started_again_is_told_as_such(state: JobState) -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(state=state)]
    again = ContainerState("pytorch", running=True, restarts=1, last_exit_code=9, last_reason="Error", last_ended=NOW)
    account.jobs.known_pods = [a_pod(0, "Running", again)]
    first, *_ = describe("train", AT, account.ports).diagnoses
    assert (first.message, first.final) == ("rank 0 ended with exit code 9, and was started again", False)


def test_a_failure_that_no_pod_tells_of_is_told_by_the_jobs_condition() -> None:
    account = FakeAccount()
    condition = a_condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    account.jobs.known_jobs = [a_job(state=JobState.FAILED, conditions=(condition,))]
    assert [one.message for one in describe("train", AT, account.ports).diagnoses] == [condition.message]


def test_a_job_that_ran_into_its_time_limit_says_so_beside_the_rank_that_was_ended() -> None:
    account = FakeAccount()
    condition = a_condition("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    account.jobs.known_jobs = [a_job(state=JobState.FAILED, conditions=(condition,))]
    account.jobs.known_pods = [a_pod(0, "Failed", ended(143, 1))]
    first, second = describe("train", AT, account.ports).diagnoses
    assert first.message == "rank 0 ended with exit code 143"
    assert (second.failure, second.message) == ("job-deadline", condition.message)


def test_ranks_that_hang_after_a_failure_are_told_of_with_the_command_that_ends_them() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(state=JobState.FAILED, ended=NOW - timedelta(minutes=1))]
    account.jobs.known_pods = [a_pod(0, "Failed", ended(1)), a_pod(1)]
    told = describe("train", AT, account.ports).diagnoses[-1]
    assert told.message == "the job has failed, and 1 pod of it still runs"
    assert told.remedy == "hpctl job cancel train --cluster ml-cluster --namespace team"
    account.jobs.known_jobs = [a_job(state=JobState.FAILED, ended=NOW)]
    assert len(describe("train", AT, account.ports).diagnoses) == 1


def test_a_cancelled_job_says_when() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(state=JobState.CANCELLED, annotations={CANCELLED: "2026-11-22T05:00:00Z"})]
    assert describe("train", AT, account.ports).diagnoses[0].message == "the job was cancelled at 2026-11-22T05:00:00Z"


def test_what_warns_is_shown_before_what_every_pod_tells_of_its_start() -> None:
    account = FakeAccount()
    account.jobs.known_jobs, account.jobs.known_pods = [a_job()], [a_pod(0)]
    account.jobs.known_events = [
        an_event("pod-0", "FailedScheduling", "no node", "Warning", 0),
        *(an_event("pod-0", "Pulled", f"image {number}", "Normal", number) for number in range(1, 20)),
    ]
    shown = describe("train", AT, account.ports).events
    assert [event.message for event in shown] == ["no node", *(f"image {number}" for number in range(11, 20))]


def test_events_are_those_of_the_job_and_its_pods_the_newest_last() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job()]
    account.jobs.known_pods = [a_pod(0)]
    account.jobs.known_events = [
        an_event("pod-0", "Pulled", "second", "Normal", 2),
        an_event("uid-train", "Created", "first", "Normal", 1),
        replace(an_event("uid-train", "Old", "undated"), last=None),
        an_event("uid-other", "Created", "not ours"),
    ]
    assert [event.message for event in describe("train", AT, account.ports).events] == ["undated", "first", "second"]


def test_events_that_may_not_be_read_are_noted() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job()]
    account.calls.fail("jobs.events", AccessError("Kubernetes denied to list events"))
    report = describe("train", AT, account.ports)
    assert report.notes == ("events cannot be read: Kubernetes denied to list events",)


def test_pods_that_may_not_be_read_are_noted_and_the_state_is_told() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job()]
    account.calls.fail("jobs.pods_of", AccessError("Kubernetes denied to list pods"))
    report = describe("train", AT, account.ports)
    assert (report.state, report.pods, report.diagnoses) == (JobState.RUNNING, (), ())
    assert report.notes == ("its pods cannot be read: Kubernetes denied to list pods",)


@pytest.mark.parametrize(
    ("pod", "status"),
    [
        (a_pod(0), "Running"),
        (a_pod(0, "Pending", waiting("ContainerCreating")), "ContainerCreating"),
        (a_pod(0, "Succeeded", ended(0, reason="Completed")), "Completed"),
        (a_pod(0, deleting=True), "Terminating"),
        (a_pod(0, "Failed", reason="Evicted"), "Evicted"),
        (
            a_pod(0, "Pending", waiting("PodInitializing"), init_containers=(waiting("ErrImagePull"),)),
            "Init:ErrImagePull",
        ),
        (a_pod(0, "Failed", waiting("PodInitializing"), init_containers=(ended(3, reason=""),)), "Init:3"),
        (a_pod(0, "Pending", ContainerState("pytorch", running=False)), "Pending"),
    ],
)
def test_a_pods_status_is_kubectls_word(pod: Pod, status: str) -> None:
    assert status_of(pod) == status


def test_a_job_that_waits_leads_to_waiting() -> None:
    account = FakeAccount()
    account.jobs.known_jobs = [a_job(state=JobState.PENDING, created=NOW - timedelta(seconds=1))]
    assert describe("train", AT, account.ports).next_steps[0].startswith("hpctl job wait train")
