"""Cancelling keeps a job to be looked at; deleting takes with it what was made for it."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError, ConflictError, NotFoundError, UnavailableError
from hpctl.facts.jobs import (
    BATCH_JOB,
    CONFIG_MAP,
    HYPERPOD_PYTORCH_JOB,
    JOB_LABEL,
    JOB_SET,
    MANAGED_BY,
    POD,
    PYTORCH_JOB,
    SECRET,
    WORKLOAD,
    JobState,
    ObjectKind,
)
from hpctl.services.job.cancel import cancel, clear_away, delete, delete_left
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod


def holding(account: FakeAccount, kind: ObjectKind = PYTORCH_JOB, name: str = "train", **metadata: Any) -> FakeAccount:
    usual = {"name": name, "namespace": "team", "uid": f"uid-{name}"}
    account.jobs.held[kind.qualified, "team", name] = {"metadata": usual | metadata, "spec": {}}
    return account


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (PYTORCH_JOB, {"runPolicy": {"suspend": True}}),
        (HYPERPOD_PYTORCH_JOB, {"runPolicy": {"suspend": True}}),
        (BATCH_JOB, {"suspend": True}),
        (JOB_SET, {"suspend": True}),
    ],
)
def test_cancelling_suspends_the_job_and_writes_down_when(kind: ObjectKind, spec: dict[str, Any]) -> None:
    account = holding(FakeAccount(), kind)
    outcome = cancel(a_job(kind=kind), AT, account.ports)
    found = account.jobs.held[kind.qualified, "team", "train"]
    assert found["spec"] == spec
    stamp = account.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found["metadata"]["annotations"] == {"hpctl/cancelled-at": stamp}
    assert (outcome.result, outcome.state) == ("cancelled", JobState.CANCELLED)
    assert account.calls.of("jobs.merge")[0][3]["metadata"]["uid"] == "uid-train"  # type: ignore[index]


def test_a_job_in_a_queue_is_let_go_by_kueue() -> None:
    account = holding(FakeAccount())
    account.jobs.kinds.append(WORKLOAD)
    holding(account, WORKLOAD, "other", ownerReferences=[{"uid": "uid-other"}])
    holding(account, WORKLOAD, "pytorchjob-train-x", ownerReferences=[{"uid": "uid-train"}])
    cancel(a_job(labels={"kueue.x-k8s.io/queue-name": "q"}), AT, account.ports)
    assert account.jobs.held[WORKLOAD.qualified, "team", "pytorchjob-train-x"]["spec"] == {"active": False}
    assert account.jobs.held[WORKLOAD.qualified, "team", "other"]["spec"] == {}
    assert account.jobs.held[PYTORCH_JOB.qualified, "team", "train"]["spec"] == {}


def test_a_job_in_a_queue_that_kueue_does_not_see_is_suspended() -> None:
    account = holding(FakeAccount())
    cancel(a_job(labels={"kueue.x-k8s.io/queue-name": "q"}), AT, account.ports)
    assert account.jobs.held[PYTORCH_JOB.qualified, "team", "train"]["spec"] == {"runPolicy": {"suspend": True}}


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_is_left_as_it_is(state: JobState) -> None:
    account = FakeAccount()
    outcome = cancel(a_job(state=state), AT, account.ports)
    assert (outcome.result, outcome.state, account.calls.of("jobs.merge")) == ("unchanged", state, [])


def test_pods_that_outlive_a_failed_job_are_ended() -> None:
    account = holding(FakeAccount(), POD, "train-1")
    account.jobs.known_pods = [a_pod(0, "Failed"), a_pod(1, uid="uid-train-1"), a_pod(2, deleting=True)]
    outcome = cancel(a_job(state=JobState.FAILED), AT, account.ports)
    assert (outcome.result, outcome.state) == ("cancelled", JobState.FAILED)
    assert outcome.notes == ("pod `train-1` still ran, and is deleted",)
    assert [call[2] for call in account.calls.of("jobs.delete")] == ["train-1"]


def test_another_job_of_the_name_is_not_cancelled() -> None:
    account = holding(FakeAccount())
    account.calls.fail("jobs.merge", ConflictError("uid"))
    with pytest.raises(NotFoundError, match="is gone, and another one has its name now"):
        cancel(a_job(), AT, account.ports)


def test_deleting_takes_this_very_job_and_what_no_job_owns_of_it() -> None:
    account = holding(FakeAccount())
    labels = {MANAGED_BY[0]: MANAGED_BY[1], JOB_LABEL: "train"}
    holding(account, CONFIG_MAP, "train-scripts", labels=labels)
    holding(account, SECRET, "train-secrets", labels=labels, ownerReferences=[{"uid": "uid-train"}])
    holding(account, CONFIG_MAP, "train-mine", labels={JOB_LABEL: "train"})
    holding(account, CONFIG_MAP, "trainer-scripts", labels=labels | {JOB_LABEL: "trainer"})
    outcome = delete(a_job(), AT, account.ports)
    assert {name for _, _, name in account.jobs.held} == {"train-secrets", "train-mine", "trainer-scripts"}
    assert outcome.result == "deleted"
    assert outcome.notes == ("configmap `train-scripts` was left from a submission, and is deleted",)


def test_a_job_is_deleted_also_where_nobody_answers_what_belongs_to_it() -> None:
    account = holding(FakeAccount())
    account.calls.fail("jobs.objects", UnavailableError("Kubernetes answered 503"))
    outcome = delete(a_job(), AT, account.ports)
    assert (outcome.result, account.jobs.held) == ("deleted", {})
    assert outcome.notes == ("whether a submission left something else cannot be seen: Kubernetes answered 503",)


def test_a_job_that_is_gone_already_is_no_error() -> None:
    assert delete(a_job(), AT, FakeAccount().ports).result == "unchanged"


def test_another_job_of_the_name_is_not_deleted() -> None:
    account = holding(FakeAccount(), uid="uid-new")
    with pytest.raises(NotFoundError, match="that one was left alone"):
        delete(a_job(), AT, account.ports)
    assert "train" in {name for _, _, name in account.jobs.held}


def test_what_a_killed_submission_left_can_be_cleared_away_without_a_job() -> None:
    account = FakeAccount()
    assert clear_away("train", AT, account.ports) == ()
    holding(account, CONFIG_MAP, "train-files-0", labels={MANAGED_BY[0]: MANAGED_BY[1], JOB_LABEL: "train"})
    assert clear_away("train", AT, account.ports) == (
        "configmap `train-files-0` was left from a submission, and is deleted",
    )


@pytest.mark.parametrize("name", ["..", "a b", "x" * 64, "dotted.name"])
def test_of_names_that_hpctl_gives_no_job_nothing_is_left(name: str) -> None:
    account = FakeAccount()
    account.calls.fail_always("jobs.objects", AssertionError())  # type: ignore[arg-type]
    assert clear_away(name, AT, account.ports) == ()


def test_a_job_is_deleted_also_by_whoever_may_not_see_what_is_left() -> None:
    account = holding(FakeAccount())
    account.calls.fail_always("jobs.objects", AccessError("Kubernetes denied to list `configmaps`: User cannot"))
    outcome = delete(a_job(), AT, account.ports)
    assert outcome.result == "deleted"
    assert outcome.notes == (
        "whether a submission left something else cannot be seen: Kubernetes denied to list `configmaps`",
    )


def test_what_is_left_of_a_job_that_is_not_there_is_told_as_a_report() -> None:
    account, missing = FakeAccount(), NotFoundError("there is no job `train`")
    with pytest.raises(NotFoundError, match="there is no job `train`"):
        delete_left("train", missing, AT, account.ports)
    account.calls.fail("jobs.objects", AccessError("denied"))
    with pytest.raises(NotFoundError, match="there is no job `train`"):
        delete_left("train", missing, AT, account.ports)
    holding(account, SECRET, "train-secrets", labels={MANAGED_BY[0]: MANAGED_BY[1], JOB_LABEL: "train"})
    told = delete_left("train", missing, AT, account.ports)
    assert (told.result, told.job, len(told.notes)) == ("unchanged", "train", 1)
