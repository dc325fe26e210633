"""Wherever a submission is cut off or fails, the same command again converges, and deleting leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpctl.errors import (
    AccessError,
    ConflictError,
    ExitCode,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from hpctl.facts.jobs import PYTORCH_JOB
from hpctl.services.job.cancel import clear_away, delete
from hpctl.services.job.submit import submit
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job
from tests.unit.services.test_job_submit import prepared

CALLS = ("read", "create", "merge", "delete")
FAULTS = (
    AccessError("denied"),
    ConflictError("conflict"),
    NotFoundError("gone"),
    RefusedError("no", aws_code="Invalid"),
    UnavailableError("away"),
)


class Killed(BaseException):
    """The process is gone: nothing of hpctl's may catch this."""


class Cut:
    """Counts the calls that reach Kubernetes and does something about one of them."""

    def __init__(self, account: FakeAccount, number: int, happen: Callable[[], object], *, after: bool) -> None:
        self.calls = 0
        for name in CALLS:
            setattr(account.jobs, name, self._cut(getattr(account.jobs, name), number, happen, after=after))

    def _cut(self, call: Callable[..., Any], number: int, happen: Callable[[], object], *, after: bool) -> Any:
        def made(*words: Any, **options: Any) -> Any:
            self.calls += 1
            mine = self.calls == number
            if mine and not after:
                happen()
            try:
                return call(*words, **options)
            finally:
                if mine and after:
                    happen()

        return made


def raising(error: BaseException) -> Callable[[], object]:
    def happen() -> None:
        raise error

    return happen


def calls_of_a_submission() -> int:
    account = FakeAccount()
    cut = Cut(account, 0, lambda: None, after=False)
    submit(prepared(), AT, account.ports)
    return cut.calls


NUMBERS = range(1, calls_of_a_submission() + 1)


def afterwards(account: FakeAccount) -> FakeAccount:
    """Return the same cluster for a process that knows nothing of the one before."""
    fresh = FakeAccount()
    fresh.jobs.held = account.jobs.held
    fresh.jobs._uids = 100
    return fresh


def converges(account: FakeAccount) -> None:
    """Submit again with a run of its own, then delete: whatever was there before, nothing is left."""
    fresh = afterwards(account)
    if (PYTORCH_JOB.qualified, "team", "train") in fresh.jobs.held:
        with pytest.raises(ConflictError, match="there is a PyTorchJob `train`"):
            submit(prepared(run="run-2"), AT, fresh.ports)
    else:
        assert submit(prepared(run="run-2"), AT, fresh.ports).result == "submitted"
    job = fresh.jobs.held[PYTORCH_JOB.qualified, "team", "train"]
    delete(a_job(uid=job["metadata"]["uid"]), AT, fresh.ports)
    owned = [found["metadata"].get("ownerReferences", [{}])[0].get("uid") for found in fresh.jobs.held.values()]
    assert owned in ([], [job["metadata"]["uid"]] * len(owned)), "what no garbage collector takes is left"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", NUMBERS)
def test_killed_at_any_call_the_same_command_goes_on(number: int, after: bool) -> None:
    account = FakeAccount()
    Cut(account, number, raising(Killed()), after=after)
    with pytest.raises(Killed):
        submit(prepared(), AT, account.ports)
    converges(account)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("error", FAULTS, ids=lambda one: type(one).__name__)
def test_whatever_one_call_answers_it_ends_in_a_documented_way(error: HpctlError, number: int, after: bool) -> None:
    account = FakeAccount()
    Cut(account, number, raising(error), after=after)
    code = ExitCode.OK
    try:
        submit(prepared(), AT, account.ports)
    except HpctlError as told:
        code = told.exit_code
    assert code is not ExitCode.BUG
    made = account.jobs.held
    assert (PYTORCH_JOB.qualified, "team", "train") in made or code is not ExitCode.OK
    converges(account)


@pytest.mark.parametrize("number", range(1, 3))
def test_what_is_left_without_a_job_is_cleared_away_by_its_name(number: int) -> None:
    account = FakeAccount()
    Cut(account, number + 1, raising(Killed()), after=True)
    with pytest.raises(Killed):
        submit(prepared(), AT, account.ports)
    fresh = afterwards(account)
    assert len(clear_away("train", AT, fresh.ports)) == number
    assert fresh.jobs.held == {}
