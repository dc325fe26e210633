"""Waiting for a job on Slurm: what it waits for in words, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

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
from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.job import JobEnded, JobObserved, JobStep
from hpctl.services.slurm_job.wait import demand_succeeded, outcome, until_ended
from tests.unit.fakes import FakeAccount
from tests.unit.services.slurm_jobs import AT, FOLDER, a_job

RESUME = "hpctl job wait 7 --cluster ml-cluster"


def becomes(account: FakeAccount, after_s: float, **changes: Any) -> None:
    def happen() -> None:
        account.slurm_jobs.known = [replace(account.slurm_jobs.known[0], **changes)]

    account.clock.at(after_s, happen)


def waited(account: FakeAccount, job: SlurmJob, timeout_s: float = 3600) -> list[JobStep]:
    account.slurm_jobs.known = [job]
    return list(until_ended(job, AT, account.ports, timeout_s=timeout_s, resume=RESUME))


def the_end(steps: list[JobStep]) -> JobEnded:
    assert isinstance(steps[-1], JobEnded)
    return steps[-1]


def test_a_job_is_followed_from_the_queue_to_its_end() -> None:
    account = FakeAccount()
    becomes(account, 5, word="RUNNING", hosts=("n1", "n2"), reason="")
    becomes(account, 20, word="COMPLETED", exit_code=0)
    steps = waited(account, a_job(word="PENDING", reason="Resources", hosts=()))
    told = [step for step in steps if isinstance(step, JobObserved)]
    assert told[0].waiting_for == "it waits until enough nodes are free"
    assert {"RUNNING": 2} in [step.pods for step in told]
    assert the_end(steps).state is JobState.SUCCEEDED
    demand_succeeded(the_end(steps), a_job(), AT)
    assert outcome(a_job(), the_end(steps), AT).result == "ended"


@pytest.mark.parametrize("ends_s", [3, 11, 47, 600])
def test_an_end_is_seen_within_five_seconds(ends_s: float) -> None:
    account = FakeAccount()
    account.clock.chance = 1.0
    start = account.clock.now()
    becomes(account, ends_s, word="COMPLETED", exit_code=0)
    waited(account, a_job())
    assert (account.clock.now() - start).total_seconds() - ends_s <= 5


def test_a_failure_that_is_requeued_is_no_end() -> None:
    account = FakeAccount()
    becomes(account, 3, word="NODE_FAIL")
    becomes(account, 5, word="PENDING", reason="BeginTime", restarts=1)
    becomes(account, 30, word="COMPLETED", exit_code=0, restarts=1)
    steps = waited(account, a_job())
    assert the_end(steps).state is JobState.SUCCEEDED
    assert JobState.RESTARTING in [step.state for step in steps if isinstance(step, JobObserved)]


@pytest.mark.parametrize(
    ("word", "error", "code"),
    [
        ("FAILED", JobFailedError, ExitCode.JOB_FAILED),
        ("TIMEOUT", JobFailedError, ExitCode.JOB_FAILED),
        ("OUT_OF_MEMORY", JobFailedError, ExitCode.JOB_FAILED),
        ("LOST", JobFailedError, ExitCode.JOB_FAILED),
        ("FORGOTTEN", NotFoundError, ExitCode.NOT_FOUND),
        ("CANCELLED", JobCancelledError, ExitCode.JOB_CANCELLED),
    ],
)
def test_the_exit_code_is_what_the_end_means(word: str, error: type[HpctlError], code: ExitCode) -> None:
    account, job = FakeAccount(), a_job(word=word, exit_code=1)
    with pytest.raises(error) as told:
        demand_succeeded(the_end(waited(account, job)), job, AT)
    assert told.value.exit_code == code


def test_the_rank_that_failed_is_named_with_what_it_said_and_what_that_means() -> None:
    account = FakeAccount()
    account.slurm_jobs.files = {
        f"{FOLDER}/logs/rank-1.log": b"step 1\n\x1b[31mtorch.OutOfMemoryError: CUDA out of memory. Tried to allocate\n"
    }
    job = a_job(word="FAILED", exit_code=1, failed_rank=1, failed_phase="run")
    end = the_end(waited(account, job))
    assert end.first_failure is not None
    assert (end.first_failure.rank, end.first_failure.pod, end.first_failure.exit_code) == (1, "ip-10-1-0-2", 1)
    assert end.diagnoses[0].message == "rank 1 `run` ended with exit code 1"
    assert end.diagnoses[0].failure == "job-device-memory"


def test_a_time_limit_is_said_by_its_name() -> None:
    end = the_end(waited(FakeAccount(), a_job(word="TIMEOUT", exit_code=0, signal=15)))
    assert "time limit" in (end.diagnoses[0].cause or "")
    assert end.diagnoses[0].failure == "job-deadline"


def test_asking_once_tells_that_it_has_not_ended() -> None:
    with pytest.raises(JobUnfinishedError, match="is Running") as told:
        waited(FakeAccount(), a_job(), timeout_s=0)
    assert RESUME in (told.value.hint or "")


def test_a_wait_that_runs_out_leaves_the_job_alone() -> None:
    account = FakeAccount()
    with pytest.raises(WaitTimeoutError, match="it goes on"):
        waited(account, a_job(), timeout_s=10)
    assert not [call for call in account.calls.made if call[0] == "slurm_jobs.cancel"]


def test_a_controller_that_is_silent_for_a_moment_is_borne() -> None:
    account = FakeAccount()
    account.slurm_jobs.silent = UnavailableError("busy")
    account.clock.at(2, lambda: setattr(account.slurm_jobs, "silent", None))
    becomes(account, 9, word="COMPLETED")
    assert the_end(waited(account, a_job())).state is JobState.SUCCEEDED


def test_a_job_that_nobody_knows_any_more_is_an_error() -> None:
    account, job = FakeAccount(), a_job()
    with pytest.raises(NotFoundError, match="not known to Slurm any more"):
        list(until_ended(job, AT, account.ports, timeout_s=60, resume=RESUME))
