"""Waiting for a job ends when its end has settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hpctl import timeouts
from hpctl.errors import (
    ExitCode,
    HpctlError,
    JobCancelledError,
    JobFailedError,
    JobUnfinishedError,
    NotFoundError,
    UnavailableError,
    WaitTimeoutError,
)
from hpctl.facts.jobs import Job, JobState
from hpctl.report.job import JobEnded, JobEventSeen, JobObserved, JobRemarked, JobStep
from hpctl.services.job.wait import demand_succeeded, outcome, until_ended
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod, an_event, ended, unscheduled

RESUME = "hpctl job wait train"


def becomes(account: FakeAccount, after_s: float, state: JobState, **members: object) -> None:
    def happen() -> None:
        account.jobs.known_jobs = [replace(account.jobs.known_jobs[0], state=state, **members)]  # type: ignore[arg-type]

    account.clock.at(after_s, happen)


def waited(account: FakeAccount, job: Job, timeout_s: float = 600) -> list[JobStep]:
    account.jobs.known_jobs = [job]
    return list(until_ended(job, AT, account.ports, timeout_s=timeout_s, resume=RESUME))


def the_end(steps: list[JobStep]) -> JobEnded:
    assert isinstance(steps[-1], JobEnded)
    return steps[-1]


def waited_s(end: JobEnded) -> float:
    return (end.time - NOW).total_seconds()


def test_how_long_it_took_is_the_job_s_own_time_whenever_the_waiting_began() -> None:
    job = a_job(state=JobState.SUCCEEDED)
    ended_at = job.created + timedelta(seconds=90)
    assert the_end(waited(FakeAccount(), replace(job, ended=ended_at))).elapsed_s == 90


def test_pods_that_run_on_after_a_failure_are_told_of() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [a_pod(0), a_pod(1, "Failed", ended(1))]
    steps = waited(account, a_job(state=JobState.FAILED))
    assert timeouts.JOB_RANKS_END_S <= waited_s(the_end(steps)) < timeouts.JOB_PODS_END_S
    assert isinstance(steps[-2], JobRemarked)
    assert steps[-2].message.startswith("train-0: still there, though the job has failed; to end what is left: ")


def test_a_job_that_succeeds_ends_the_waiting_at_once() -> None:
    account = FakeAccount()
    becomes(account, 20, JobState.SUCCEEDED)
    end = the_end(waited(account, a_job()))
    assert end.state is JobState.SUCCEEDED
    assert 20 <= waited_s(end) < 30
    demand_succeeded(end, AT)
    assert outcome(a_job(), end, AT).state is JobState.SUCCEEDED


def test_a_success_counts_when_all_pods_have_ended() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [a_pod(0, "Succeeded", ended(0)), a_pod(1)]
    account.clock.at(20, lambda: setattr(account.jobs, "known_pods", [a_pod(0, "Succeeded"), a_pod(1, "Succeeded")]))
    steps = waited(account, a_job(state=JobState.SUCCEEDED), timeout_s=5)
    assert 20 <= waited_s(the_end(steps)) < 25
    assert isinstance(steps[0], JobObserved)
    assert steps[0].waiting_for == "waiting for 1 of its pods to end"


def test_a_pod_that_does_not_end_is_remarked_and_not_waited_for_for_ever() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [a_pod(0, "Succeeded", ended(0)), a_pod(1), a_pod(2, deleting=True)]
    steps = waited(account, a_job(state=JobState.SUCCEEDED))
    assert waited_s(the_end(steps)) >= timeouts.JOB_PODS_END_S
    assert isinstance(steps[-2], JobRemarked)
    assert steps[-2].message == (
        "train-1: still there, though the job has succeeded; "
        "to end what is left: hpctl job cancel train --cluster ml-cluster --namespace team"
    )


def test_a_failure_waits_a_while_for_the_ranks_that_are_being_ended() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [a_pod(0), a_pod(1, "Failed", ended(3))]
    account.clock.at(8, lambda: setattr(account.jobs, "known_pods", [a_pod(0, "Failed", ended(137, 8))]))
    steps = waited(account, a_job(state=JobState.FAILED))
    assert 8 <= waited_s(the_end(steps)) < 13
    assert isinstance(steps[0], JobObserved)
    assert steps[0].waiting_for == "waiting for 1 of its pods to end"
    assert not [step for step in steps if isinstance(step, JobRemarked)]


def test_a_failure_counts_when_it_is_still_one_a_moment_later() -> None:
    account = FakeAccount()
    becomes(account, 10, JobState.FAILED)
    becomes(account, 11, JobState.RESTARTING)
    becomes(account, 40, JobState.SUCCEEDED)
    assert the_end(waited(account, a_job())).state is JobState.SUCCEEDED


def test_a_job_that_hyperpod_resumes_is_given_more_time_to_come_back() -> None:
    resumed = {"sagemaker.amazonaws.com/enable-job-auto-resume": "true"}
    account = FakeAccount()
    becomes(account, 0.1, JobState.FAILED)
    end = the_end(waited(account, a_job(annotations=resumed)))
    assert waited_s(end) >= timeouts.JOB_SETTLE_RESUMED_S


def test_a_failed_job_is_told_with_its_cause_and_exit_code_100() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [a_pod(0, "Failed", ended(127, 3))]
    end = the_end(waited(account, a_job(state=JobState.FAILED)))
    assert end.first_failure is not None
    with pytest.raises(JobFailedError, match="job `train` failed: rank 0 ended with exit code 127") as failed:
        demand_succeeded(end, AT)
    assert failed.value.exit_code is ExitCode.JOB_FAILED
    assert int(failed.value.exit_code) == 100
    assert failed.value.cause is not None
    assert failed.value.hint == "hpctl job logs train --rank 0 --cluster ml-cluster --namespace team"


def test_a_cancelled_job_is_exit_code_103() -> None:
    end = the_end(waited(FakeAccount(), a_job(state=JobState.CANCELLED)))
    with pytest.raises(JobCancelledError, match="job `train` was cancelled") as cancelled:
        demand_succeeded(end, AT)
    assert cancelled.value.exit_code == 103


def test_asked_once_a_job_that_has_not_ended_is_exit_code_101() -> None:
    account = FakeAccount()
    with pytest.raises(JobUnfinishedError, match="job `train` is Running") as unfinished:
        waited(account, a_job(), timeout_s=0)
    assert (unfinished.value.exit_code, unfinished.value.hint) == (101, f"to wait for its end: {RESUME}")
    assert account.clock.slept == []


def test_asked_once_a_failure_is_still_given_its_moment_to_settle() -> None:
    account = FakeAccount()
    becomes(account, 1, JobState.RUNNING)
    with pytest.raises(JobUnfinishedError):
        waited(account, a_job(state=JobState.FAILED), timeout_s=0)
    assert the_end(waited(FakeAccount(), a_job(state=JobState.FAILED), timeout_s=0)).state is JobState.FAILED


def test_a_wait_that_runs_out_says_how_to_go_on() -> None:
    with pytest.raises(WaitTimeoutError, match="job `train` was Running after 30 s; it goes on") as late:
        waited(FakeAccount(), a_job(), timeout_s=30)
    assert (late.value.exit_code, late.value.hint) == (5, f"to go on waiting: {RESUME}")


def test_a_job_that_is_deleted_meanwhile_is_not_found() -> None:
    account = FakeAccount()
    account.clock.at(5, lambda: setattr(account.jobs, "known_jobs", []))
    with pytest.raises(NotFoundError, match="job `train` was deleted while hpctl waited for it"):
        waited(account, a_job())


def test_another_job_of_the_name_is_not_taken_for_it() -> None:
    account = FakeAccount()
    becomes(account, 5, JobState.SUCCEEDED, uid="uid-new")
    with pytest.raises(NotFoundError, match="was deleted, and another one has its name now"):
        waited(account, a_job())


def test_an_api_that_is_away_for_a_moment_is_borne_and_not_for_long() -> None:
    account = FakeAccount()
    account.calls.let_pass("jobs.job")
    account.calls.fail("jobs.job", UnavailableError("away"), UnavailableError("away"))
    becomes(account, 20, JobState.SUCCEEDED)
    assert the_end(waited(account, a_job())).state is JobState.SUCCEEDED
    other = FakeAccount()
    other.calls.fail_always("jobs.job", UnavailableError("away"))
    with pytest.raises(UnavailableError) as away:
        waited(other, a_job())
    assert away.value.hint == f"to go on waiting: {RESUME}"


def test_events_are_told_once_and_again_when_they_recur() -> None:
    account = FakeAccount()
    first = an_event("uid-train", "FailedCreate", "quota")
    account.jobs.known_events = [first]
    account.clock.at(3, lambda: setattr(account.jobs, "known_events", [replace(first, count=2)]))
    becomes(account, 20, JobState.SUCCEEDED)
    told = [step.event.count for step in waited(account, a_job()) if isinstance(step, JobEventSeen)]
    assert told == [1, 2]


def test_what_is_waited_for_is_said_after_a_while() -> None:
    account = FakeAccount()
    account.jobs.known_pods = [unscheduled(0, "0/2 nodes are available")]
    becomes(account, 30, JobState.SUCCEEDED)
    steps = waited(account, a_job(state=JobState.PENDING, created=NOW))
    told = [step.waiting_for for step in steps if isinstance(step, JobObserved)]
    assert told[0] == "waiting for 1 of 2 pods to be made"
    assert "rank 0 waits for a node: 0/2 nodes are available" in told


@pytest.mark.parametrize("state", [JobState.SUCCEEDED])
def test_success_raises_nothing(state: JobState) -> None:
    end = JobEnded(time=NOW, elapsed_s=1, job="job/train", state=state)
    assert demand_succeeded(end, AT) is None  # type: ignore[func-returns-value]


def test_a_failure_without_any_trace_leads_to_the_description() -> None:
    end = JobEnded(time=NOW, elapsed_s=1, job="job/train", state=JobState.FAILED)
    with pytest.raises(HpctlError) as failed:
        demand_succeeded(end, AT)
    assert failed.value.hint == "hpctl job describe train --cluster ml-cluster --namespace team"
