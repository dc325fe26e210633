"""A job comes to Slurm once, whatever gets lost on the way."""

from __future__ import annotations

import pytest

from hpctl.errors import ConflictError, RefusedError, UnavailableError
from hpctl.services.job.submit import UnseenError
from hpctl.services.slurm_job.submit import submit
from tests.unit.fakes import FakeAccount
from tests.unit.services.slurm_jobs import AT, a_submission

LOST = UnavailableError("the session broke")


def test_what_was_submitted_is_told_with_what_comes_next() -> None:
    account = FakeAccount()
    told = submit(a_submission(), AT, account.ports)
    assert (told.verb, told.result, told.job, told.uid, told.user) == ("submit", "submitted", "train", "1", "ubuntu")
    assert told.next_steps[0] == "hpctl job logs 1 --follow --cluster ml-cluster"


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_submits_nothing_twice(times: int, *, arrives: bool) -> None:
    account = FakeAccount()
    account.slurm_jobs.lost, account.slurm_jobs.arrives = [LOST] * times, arrives
    told = submit(a_submission(), AT, account.ports)
    assert [job.name for job in account.slurm_jobs.known] == ["train"]
    assert told.uid == "1"


def test_when_no_answer_ever_comes_that_is_said() -> None:
    account = FakeAccount()
    account.slurm_jobs.lost, account.slurm_jobs.arrives = [LOST] * 3, False
    with pytest.raises(UnseenError, match="whether job `train` was submitted could not be seen") as told:
        submit(a_submission(), AT, account.ports)
    assert "hpctl job list --cluster ml-cluster" in (told.value.hint or "")


def test_a_name_that_lives_is_a_conflict() -> None:
    account = FakeAccount()
    submit(a_submission(), AT, account.ports)
    with pytest.raises(ConflictError, match=r"there is a job `train` .* already: 1, which is PENDING") as told:
        submit(a_submission(run_id="r2"), AT, account.ports)
    assert "hpctl job cancel 1 --cluster ml-cluster" in (told.value.hint or "")
    assert len(account.slurm_jobs.known) == 1


def test_what_slurm_refuses_is_not_sent_again() -> None:
    account = FakeAccount()
    account.slurm_jobs.lost = [RefusedError("invalid partition", aws_code="")]
    account.slurm_jobs.arrives = False
    with pytest.raises(RefusedError):
        submit(a_submission(), AT, account.ports)
    assert account.slurm_jobs.known == []
