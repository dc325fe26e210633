"""A job's objects are created once, all of them or none, whatever gets lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hpctl.compile.bundle import Bundle, Manifest
from hpctl.errors import ConflictError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.jobs import (
    BATCH_JOB,
    CONFIG_MAP,
    JOB_LABEL,
    MANAGED_BY,
    PYTORCH_JOB,
    RUN_ID_LABEL,
    SECRET,
    ObjectKind,
)
from hpctl.facts.records import EksCluster
from hpctl.report.job import JobPlanReport
from hpctl.services.job.prepare import Prepared
from hpctl.services.job.submit import UnseenError, ask_server, submit
from tests.unit.builders import an_identity
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT

LOST = UnavailableError("the connection broke")


def manifest(kind: ObjectKind, name: str, run: str = "run-1", **body: Any) -> Manifest:
    labels = {MANAGED_BY[0]: MANAGED_BY[1], JOB_LABEL: "train", RUN_ID_LABEL: run}
    metadata = {"name": name, "namespace": "team", "labels": labels}
    return Manifest(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **body})


def prepared(*, owned: bool = True, before: tuple[Manifest, ...] | None = None, run: str = "run-1") -> Prepared:
    made = (manifest(CONFIG_MAP, "train-scripts", run, data={"run": "x"}), manifest(SECRET, "train-secrets", run))
    bundle = Bundle(manifest(PYTORCH_JOB, "train", run, spec={}), made if before is None else before)
    report = JobPlanReport(
        identity=an_identity(),
        cluster="ml-cluster",
        eks_cluster="training",
        namespace="team",
        job="pytorchjob/train",
        run_id=run,
        nodes=2,
        objects=(),
        manifests=(),
    )
    return Prepared(report, bundle, None, owned)


def held(account: FakeAccount) -> list[str]:
    return [name for _, _, name in account.jobs.held]


def put(account: FakeAccount, one: Manifest, uid: str = "uid-old", **metadata: Any) -> None:
    body = {**one.body, "metadata": {**one.body["metadata"], "uid": uid, **metadata}}
    account.jobs.held[one.kind.qualified, "team", one.name] = body


def test_the_job_is_created_last_and_comes_to_own_the_others() -> None:
    account = FakeAccount()
    outcome = submit(prepared(), AT, account.ports)
    assert held(account) == ["train-scripts", "train-secrets", "train"]
    owner = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "name": "train", "uid": outcome.uid}
    for key, found in account.jobs.held.items():
        assert found["metadata"].get("ownerReferences") == (None if key[2] == "train" else [owner])
    patched = [patch["metadata"]["uid"] for *_, patch in account.calls.of("jobs.merge")]  # type: ignore[index]
    assert patched == ["uid-1", "uid-2"], "what somebody put in place of these is not handed over"
    assert (outcome.job, outcome.result, account.signals.steps) == ("pytorchjob/train", "submitted", 1)
    assert outcome.next_steps[0] == "hpctl job logs train --follow --cluster ml-cluster --namespace team"


def test_a_job_that_is_refused_leaves_nothing_behind() -> None:
    account = FakeAccount()
    account.calls.let_pass("jobs.create")
    account.calls.let_pass("jobs.create")
    account.calls.fail("jobs.create", RefusedError("spec is wrong", aws_code="Invalid"))
    with pytest.raises(RefusedError, match="spec is wrong"):
        submit(prepared(), AT, account.ports)
    assert held(account) == []
    assert [call[1:] for call in account.calls.of("jobs.delete")] == [
        ("team", "train-secrets", "uid-2"),
        ("team", "train-scripts", "uid-1"),
    ]


def test_what_cannot_be_deleted_again_is_named() -> None:
    account = FakeAccount()
    account.calls.let_pass("jobs.create")
    account.calls.fail("jobs.create", RefusedError("no", aws_code="Invalid", hint="mend it"))
    account.calls.fail_always("jobs.delete", LOST)
    with pytest.raises(RefusedError) as refused:
        submit(prepared(), AT, account.ports)
    assert refused.value.hint == "mend it\nkubectl delete configmaps train-scripts --namespace team"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_answer_that_was_lost_after_the_object_was_made_makes_no_second_one(number: int) -> None:
    account = FakeAccount()
    create = account.jobs.create
    calls: list[ObjectKind] = []

    def lossy(
        cluster: EksCluster, kind: ObjectKind, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Mapping[str, Any]:
        calls.append(kind)
        made = create(cluster, kind, manifest, dry_run=dry_run)
        if len(calls) == number + 1:
            raise LOST
        return made

    account.jobs.create = lossy  # type: ignore[method-assign]
    assert submit(prepared(), AT, account.ports).result == "submitted"
    assert (len(calls), held(account)) == (3, ["train-scripts", "train-secrets", "train"])


def test_a_request_that_never_arrived_is_sent_again_and_given_up_after_three() -> None:
    account = FakeAccount()
    account.calls.fail("jobs.create", LOST, LOST)
    assert submit(prepared(), AT, account.ports).result == "submitted"
    other = FakeAccount()
    other.calls.fail("jobs.create", LOST, LOST, LOST)
    with pytest.raises(UnavailableError, match="the connection broke"):
        submit(prepared(), AT, other.ports)
    assert held(other) == []


def test_where_nobody_can_say_whether_the_job_is_there_its_objects_stay() -> None:
    account = FakeAccount()
    account.calls.let_pass("jobs.create")
    account.calls.let_pass("jobs.create")
    account.calls.fail("jobs.create", LOST)
    account.calls.let_pass("jobs.read")
    account.calls.fail("jobs.read", LOST)
    with pytest.raises(UnseenError, match="whether pytorchjob `train` was created could not be seen") as unseen:
        submit(prepared(), AT, account.ports)
    assert held(account) == ["train-scripts", "train-secrets"]
    assert "hpctl job list --cluster ml-cluster --namespace team" in (unseen.value.hint or "")


def test_another_job_of_the_name_is_a_conflict_with_the_commands_that_follow() -> None:
    account = FakeAccount()
    put(account, manifest(PYTORCH_JOB, "train", run="run-0"))
    with pytest.raises(ConflictError, match="there is a PyTorchJob `train` in namespace `team` already") as taken:
        submit(prepared(), AT, account.ports)
    assert held(account) == ["train"]
    assert "hpctl job delete train --cluster ml-cluster --namespace team" in (taken.value.hint or "")


def test_the_same_run_goes_on_with_what_it_made_before() -> None:
    account = FakeAccount()
    put(account, manifest(CONFIG_MAP, "train-scripts"), uid="uid-first")
    put(account, manifest(PYTORCH_JOB, "train"), uid="uid-job")
    assert submit(prepared(), AT, account.ports).uid == "uid-job"
    assert account.calls.of("jobs.delete") == []


def test_what_a_killed_submission_left_is_replaced() -> None:
    account = FakeAccount()
    put(account, manifest(CONFIG_MAP, "train-scripts", run="run-0", data={"run": "old"}))
    submit(prepared(), AT, account.ports)
    assert account.jobs.held["configmaps", "team", "train-scripts"]["data"] == {"run": "x"}


def test_what_a_deleted_job_has_not_taken_with_it_yet_is_replaced() -> None:
    account = FakeAccount()
    owner = [{"uid": "uid-gone", "kind": "PyTorchJob", "name": "train"}]
    put(account, manifest(CONFIG_MAP, "train-scripts", run="run-0"), ownerReferences=owner)
    assert submit(prepared(), AT, account.ports).result == "submitted"


@pytest.mark.parametrize("owners", [[], [{"uid": "uid-living"}]])
def test_what_belongs_to_a_job_that_is_there_is_left_alone(owners: list[dict[str, str]]) -> None:
    account = FakeAccount()
    put(account, manifest(CONFIG_MAP, "train-scripts", run="run-0"), ownerReferences=owners)
    put(account, manifest(BATCH_JOB, "train", run="run-0"), uid="uid-living")
    with pytest.raises(ConflictError, match="configmap `train-scripts` in namespace `team` belongs to a job"):
        submit(prepared(), AT, account.ports)
    assert account.calls.of("jobs.delete") == []


def test_somebody_elses_object_is_left_alone() -> None:
    account = FakeAccount()
    put(account, Manifest(CONFIG_MAP, {"metadata": {"name": "train-scripts", "namespace": "team"}}))
    with pytest.raises(ConflictError, match=r"another configmap `train-scripts`.*hpctl did not make"):
        submit(prepared(), AT, account.ports)
    assert account.calls.of("jobs.delete") == []


def test_what_hpctl_made_for_another_job_is_left_alone() -> None:
    account = FakeAccount()
    labels = {MANAGED_BY[0]: MANAGED_BY[1], JOB_LABEL: "other", RUN_ID_LABEL: "run-0"}
    put(account, manifest(CONFIG_MAP, "train-scripts"), labels=labels)
    with pytest.raises(ConflictError, match="hpctl did not make for this job"):
        submit(prepared(), AT, account.ports)
    assert account.calls.of("jobs.delete") == []


def test_a_submission_that_came_in_between_is_seen_and_this_one_goes() -> None:
    account = FakeAccount()
    account.calls.fail("jobs.merge", ConflictError("uid differs"))
    with pytest.raises(ConflictError, match="another submission of `train` came in between"):
        submit(prepared(), AT, account.ports)
    assert "train" not in held(account)


def test_objects_that_cannot_be_handed_over_are_noted_and_the_job_stays() -> None:
    account = FakeAccount()
    account.calls.fail("jobs.merge", LOST)
    outcome = submit(prepared(), AT, account.ports)
    assert len(outcome.notes) == 1
    assert outcome.notes[0].startswith(
        "configmap `train-scripts` does not belong to the job yet (the connection broke)"
    )


def test_objects_of_a_file_are_created_and_belong_to_nobody() -> None:
    account = FakeAccount()
    submit(prepared(owned=False), AT, account.ports)
    assert account.calls.of("jobs.merge") == []


def test_an_object_of_a_file_that_is_there_as_wanted_is_gone_on_with() -> None:
    account = FakeAccount()
    config = Manifest(CONFIG_MAP, {"metadata": {"name": "settings", "namespace": "team"}, "data": {"a": "1"}})
    put(account, config, labels={"more": "x"})
    assert submit(prepared(owned=False, before=(config,)), AT, account.ports).result == "submitted"
    other = Manifest(CONFIG_MAP, {"metadata": {"name": "settings", "namespace": "team"}, "data": {"a": "2"}})
    with pytest.raises(ConflictError, match="there is another configmap `settings`") as refused:
        submit(prepared(owned=False, before=(other,)), AT, FakeAccountWith(config).ports)
    assert "kubectl apply" in (refused.value.hint or "")


class FakeAccountWith(FakeAccount):
    def __init__(self, one: Manifest) -> None:
        super().__init__()
        put(self, one)


def test_a_job_with_a_generated_name_is_recognised_by_its_run() -> None:
    account = FakeAccount()
    labels = {RUN_ID_LABEL: "run-1"}
    there = {"metadata": {"name": "train-x7", "namespace": "team", "uid": "u", "labels": labels}}
    account.jobs.held[PYTORCH_JOB.qualified, "team", "train-x7"] = there
    account.calls.fail("jobs.create", LOST)
    body = {"metadata": {"generateName": "train-", "namespace": "team", "labels": labels}}
    one = Prepared(prepared().report, Bundle(Manifest(PYTORCH_JOB, body)), None, owned=False)
    assert submit(one, AT, account.ports).job == "pytorchjob/train-x7"


def test_the_server_judges_everything_and_keeps_nothing() -> None:
    account = FakeAccount()
    ask_server(prepared(), AT, account.ports)
    assert held(account) == []
    assert len(account.calls.of("jobs.dry_run")) == 3
    put(account, manifest(CONFIG_MAP, "train-scripts", run="run-0"))
    ask_server(prepared(), AT, account.ports)
    put(account, manifest(PYTORCH_JOB, "train", run="run-0"))
    with pytest.raises(ConflictError):
        ask_server(prepared(), AT, account.ports)


@pytest.mark.parametrize("error", [RefusedError("no", aws_code="Invalid"), NotFoundError("no namespace")])
def test_what_the_server_refuses_is_raised_before_anything_is_made(error: HpctlError) -> None:
    account = FakeAccount()
    account.calls.fail("jobs.dry_run", error)
    with pytest.raises(type(error)):
        ask_server(prepared(), AT, account.ports)
    assert account.calls.of("jobs.create") == []
