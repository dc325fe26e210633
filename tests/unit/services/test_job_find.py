"""Which job is meant by a name."""

from __future__ import annotations

import pytest

from hpctl.errors import AccessError, ConflictError, NotFoundError, UsageError
from hpctl.facts.jobs import BATCH_JOB, JOB_SET, PYTORCH_JOB
from hpctl.services.job.find import find
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    made.jobs.known_jobs = [a_job("train"), a_job("train-2"), a_job("twin"), a_job("twin", kind=BATCH_JOB)]
    return made


def test_a_job_is_found_by_exactly_its_name(account: FakeAccount) -> None:
    assert find("train", AT, account.jobs).name == "train"
    with pytest.raises(NotFoundError, match="there is no job `trai` in namespace `team`") as missing:
        find("trai", AT, account.jobs)
    assert missing.value.hint == "did you mean `pytorchjob/train` or `pytorchjob/train-2`?"


def test_two_of_one_name_are_a_conflict_that_lists_them_and_kind_and_name_decides(account: FakeAccount) -> None:
    with pytest.raises(ConflictError, match="2 jobs are called `twin`") as twice:
        find("twin", AT, account.jobs)
    assert twice.value.hint == "pytorchjob/twin\njob/twin"
    assert find("job/twin", AT, account.jobs).kind == BATCH_JOB
    assert find("jobs.batch/twin", AT, account.jobs).kind == BATCH_JOB
    assert find("PyTorchJob/twin", AT, account.jobs).kind == PYTORCH_JOB


def test_a_kind_that_is_none_of_jobs_is_refused_with_those_that_are(account: FakeAccount) -> None:
    with pytest.raises(UsageError, match="`deployment` is no kind of job") as refused:
        find("deployment/x", AT, account.jobs)
    assert "pytorchjob/NAME" in (refused.value.hint or "")


def test_a_kind_that_the_cluster_does_not_serve_is_not_asked_for(account: FakeAccount) -> None:
    with pytest.raises(NotFoundError, match="there is no job `jobset/train`") as missing:
        find("jobset/train", AT, account.jobs)
    assert missing.value.hint == "did you mean `pytorchjob/train` or `pytorchjob/train-2` or `job/twin`?"
    assert JOB_SET not in [call[0] for call in account.calls.of("jobs.job")]


def test_a_kind_that_may_not_be_looked_at_is_told_of_only_when_nothing_was_found(account: FakeAccount) -> None:
    denied = AccessError("Kubernetes denied to get `pytorchjobs`: forbidden: User cannot get")
    account.calls.fail("jobs.job", denied)
    assert find("twin", AT, account.jobs).kind == BATCH_JOB
    account.calls.fail("jobs.job", denied)
    with pytest.raises(NotFoundError, match="there is no job `nothing` in namespace `team` that may be looked") as told:
        find("nothing", AT, account.jobs)
    assert told.value.cause == "Kubernetes denied to get `pytorchjobs`"


def test_whoever_may_look_at_no_kind_is_denied(account: FakeAccount) -> None:
    account.calls.fail_always("jobs.job", AccessError("denied"))
    with pytest.raises(AccessError, match="denied"):
        find("train", AT, account.jobs)


@pytest.mark.parametrize("name", ["../x", "train?watch=1", "a b", "TRAIN", "ünï", "train\n", "pytorchjob/..", "job/-"])
def test_a_name_that_kubernetes_cannot_have_is_not_asked_for(account: FakeAccount, name: str) -> None:
    with pytest.raises((NotFoundError, UsageError), match=r"there is no job|is no kind of job"):
        find(name, AT, account.jobs)
    assert account.calls.of("jobs.job") == []


def test_a_name_in_the_wrong_case_leads_to_the_right_one(account: FakeAccount) -> None:
    with pytest.raises(NotFoundError) as missing:
        find("TRAIN-2", AT, account.jobs)
    assert missing.value.hint == "did you mean `pytorchjob/train-2` or `pytorchjob/train`?"


@pytest.mark.parametrize("name", ["", "pytorchjob/"])
def test_no_name_at_all_is_told(account: FakeAccount, name: str) -> None:
    with pytest.raises(UsageError, match="the job's name is empty"):
        find(name, AT, account.jobs)


def test_a_namespace_without_anything_alike_leads_to_the_list(account: FakeAccount) -> None:
    account.jobs.known_jobs = []
    with pytest.raises(NotFoundError) as missing:
        find("train", AT, account.jobs)
    assert missing.value.hint == "hpctl job list --cluster ml-cluster --namespace team"


def test_a_job_of_another_namespace_is_pointed_to(account: FakeAccount) -> None:
    account.jobs.known_jobs = [a_job("train", namespace="other")]
    with pytest.raises(NotFoundError, match="there is no job `train` in namespace `team`") as missing:
        find("train", AT, account.jobs)
    assert missing.value.hint == (
        "hpctl job list --cluster ml-cluster --namespace team\nin namespace `other` there is one: --namespace other"
    )
    account.calls.fail("jobs.jobs", AccessError("denied"), AccessError("denied"))
    with pytest.raises(NotFoundError) as missing:
        find("train", AT, account.jobs)
    assert missing.value.hint == "hpctl job list --cluster ml-cluster --namespace team"
