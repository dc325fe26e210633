"""Queues: quota and use by flavor, what waits in which order, and why."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError, NotFoundError, UsageError
from hpctl.facts.jobs import CLUSTER_QUEUE, LOCAL_QUEUE, WORKLOAD
from hpctl.services.queue.look import describe_queue, list_queues
from tests.unit.builders import a_cluster, an_eks_cluster
from tests.unit.fakes import FakeAccount

GPU = "nvidia.com/gpu"
ACTIVE = {"type": "Active", "status": "True"}
QUEUE, OTHER = "hyperpod-ns-vision-clusterqueue", "hyperpod-ns-speech-clusterqueue"
TEAM = "hyperpod-ns-vision"
LOCAL = f"{TEAM}-localqueue"


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    made.jobs.kinds += [CLUSTER_QUEUE, LOCAL_QUEUE, WORKLOAD]
    return made


def hold(account: FakeAccount, kind: Any, name: str, namespace: str = "", **members: Any) -> None:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **members.pop("metadata", {})}
    account.jobs.held[kind.qualified, namespace, name] = {"metadata": metadata, **members}


def a_cluster_queue(account: FakeAccount, name: str = QUEUE, **spec: Any) -> None:
    resources = [{"name": GPU, "nominalQuota": 8, "borrowingLimit": "4"}, {"name": "memory", "nominalQuota": "1Ti"}]
    groups = [{"coveredResources": [GPU, "memory"], "flavors": [{"name": "p5", "resources": resources}]}]
    used = [{"name": "p5", "resources": [{"name": GPU, "total": "6", "borrowed": "0"}]}]
    reserved = [{"name": "p5", "resources": [{"name": GPU, "total": "10", "borrowed": "2"}]}]
    status = {
        "conditions": [ACTIVE],
        "pendingWorkloads": 2,
        "admittedWorkloads": 1,
        "flavorsUsage": used,
        "flavorsReservation": reserved,
    }
    hold(account, CLUSTER_QUEUE, name, spec={"resourceGroups": groups, **spec}, status=status)


def a_local_queue(account: FakeAccount, name: str = LOCAL, namespace: str = TEAM, behind: str = QUEUE) -> None:
    status = {"conditions": [ACTIVE], "pendingWorkloads": 2, "admittedWorkloads": 1}
    hold(account, LOCAL_QUEUE, name, namespace, spec={"clusterQueue": behind}, status=status)


def a_workload(
    account: FakeAccount,
    job: str,
    *rows: dict[str, str],
    priority: int = 0,
    made: str = "2026-01-01T00:00:00Z",
    queue: str = LOCAL,
    **spec: Any,
) -> None:
    owner = {"kind": "PyTorchJob", "name": job, "controller": True}
    metadata = {"creationTimestamp": made, "ownerReferences": [owner]}
    said = {"queueName": queue, "priority": priority, **spec}
    status = {"conditions": list(rows)}
    hold(account, WORKLOAD, f"pytorchjob-{job}", TEAM, metadata=metadata, spec=said, status=status)


def a_condition(kind: str, status: str = "True", **members: str) -> dict[str, str]:
    return {"type": kind, "status": status, **members}


def with_cluster(account: FakeAccount) -> str:
    cluster = a_cluster()
    account.clusters.add(cluster)
    account.eks.known = [an_eks_cluster(endpoint="https://eks.example")]
    return cluster.name


def waiting(account: FakeAccount) -> list[str]:
    return [row.job for row in describe_queue(QUEUE, with_cluster(account), None, account.ports).waiting]


def test_a_queue_has_its_quota_its_use_and_the_queues_that_draw_on_it(account: FakeAccount) -> None:
    a_cluster_queue(account, cohort="research")
    a_local_queue(account)
    a_local_queue(account, "elsewhere", "other", OTHER)
    report = list_queues(with_cluster(account), None, account.ports)
    [row] = report.queues
    assert (row.name, row.cohort, row.pending, row.admitted, row.trouble) == (QUEUE, "research", 2, 1, "")
    gpus, memory = row.amounts
    assert (gpus.quota, gpus.used, gpus.reserved, gpus.borrowed) == (8, 6, 10, 2)
    assert (gpus.may_borrow, gpus.may_lend) == (4, None)
    assert (memory.quota, memory.used) == (1024**4, 0)
    assert [f"{one.namespace}/{one.name}" for one in row.queues] == [f"{TEAM}/{LOCAL}"]
    assert report.notices == (f"queue `other/elsewhere` draws on cluster queue `{OTHER}`, which is not there",)


def test_the_newer_version_calls_the_cohort_otherwise(account: FakeAccount) -> None:
    a_cluster_queue(account, cohortName="research")
    assert list_queues(with_cluster(account), None, account.ports).queues[0].cohort == "research"


@pytest.mark.parametrize(("policy", "said"), [("Hold", "stopped for new jobs"), ("HoldAndDrain", "put back")])
def test_a_queue_that_is_stopped_says_so(account: FakeAccount, policy: str, said: str) -> None:
    a_cluster_queue(account, stopPolicy=policy)
    assert said in list_queues(with_cluster(account), None, account.ports).queues[0].trouble


def test_the_higher_priority_waits_in_front_and_then_the_older(account: FakeAccount) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    a_workload(account, "young", made="2026-01-03T00:00:00Z")
    a_workload(account, "old", made="2026-01-02T00:00:00Z")
    a_workload(account, "urgent", priority=100, made="2026-01-04T00:00:00Z")
    assert waiting(account) == ["pytorchjob/urgent", "pytorchjob/old", "pytorchjob/young"]


def test_what_was_preempted_keeps_its_age_and_what_was_not_ready_does_not(account: FakeAccount) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    late = {"lastTransitionTime": "2026-01-09T00:00:00Z"}
    a_workload(account, "slow", a_condition("Evicted", reason="PodsReadyTimeout", **late))
    a_workload(account, "preempted", a_condition("Evicted", reason="Preempted", **late))
    a_workload(account, "new", made="2026-01-05T00:00:00Z")
    assert waiting(account) == ["pytorchjob/preempted", "pytorchjob/new", "pytorchjob/slow"]


def test_what_runs_has_ended_is_set_aside_or_is_in_another_queue_does_not_wait(account: FakeAccount) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    a_workload(account, "runs", a_condition("QuotaReserved"), a_condition("Admitted"))
    a_workload(account, "ended", a_condition("QuotaReserved", "False"), a_condition("Finished"))
    a_workload(account, "aside", active=False)
    a_workload(account, "foreign", queue="elsewhere")
    a_workload(account, "waits", a_condition("QuotaReserved", "False"))
    assert waiting(account) == ["pytorchjob/waits"]


def test_the_reason_is_what_kueue_says_and_what_a_preemption_means(account: FakeAccount) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    said = "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu in flavor p5"
    evicted = a_condition("Evicted", reason="Preempted", message="Preempted to accommodate a workload")
    a_workload(account, "back", evicted, a_condition("QuotaReserved", "False", message=said), priority=2)
    a_workload(account, "new", priority=1)
    first, second = describe_queue(QUEUE, with_cluster(account), None, account.ports).waiting
    assert first.reason.startswith("put back: a job of higher priority")
    assert first.reason.endswith(said)
    assert second.reason == "Kueue has not looked at it yet"


@pytest.mark.parametrize("spec", [{"priorityClassName": "high"}, {"priorityClassRef": {"name": "high"}}])
def test_both_versions_name_the_priority_class(account: FakeAccount, spec: dict[str, Any]) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    a_workload(account, "train", **spec)
    assert describe_queue(QUEUE, with_cluster(account), None, account.ports).waiting[0].priority_class == "high"


@pytest.mark.parametrize("name", [QUEUE, LOCAL, f"{TEAM}/{LOCAL}"])
def test_a_queue_is_found_by_each_of_its_names(account: FakeAccount, name: str) -> None:
    a_cluster_queue(account)
    a_cluster_queue(account, OTHER)
    a_local_queue(account)
    assert describe_queue(name, with_cluster(account), None, account.ports).queue.name == QUEUE


def test_a_name_that_two_teams_gave_is_asked_about(account: FakeAccount) -> None:
    a_cluster_queue(account)
    a_cluster_queue(account, OTHER)
    a_local_queue(account, "main", "a")
    a_local_queue(account, "main", "b", OTHER)
    with pytest.raises(UsageError, match="several namespaces") as caught:
        describe_queue("main", with_cluster(account), None, account.ports)
    assert {"a/main", "b/main"} <= set(str(caught.value.hint).split())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("typo", "queue list"), (f"{LOCAL[:-1]}", f"queue describe {LOCAL}"), (QUEUE[:-1], f"describe {QUEUE}")],
)
def test_no_queue_of_this_name_and_which_may_be_meant(account: FakeAccount, name: str, hint: str) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    with pytest.raises(NotFoundError, match=f"no queue `{name}`") as caught:
        describe_queue(name, with_cluster(account), None, account.ports)
    assert f"{hint} --cluster ml-cluster" in str(caught.value.hint)


def test_a_cluster_without_kueue_says_what_brings_it() -> None:
    account = FakeAccount()
    with pytest.raises(NotFoundError, match="has no Kueue") as caught:
        list_queues(with_cluster(account), None, account.ports)
    assert str(caught.value.hint).endswith("--addon-name amazon-sagemaker-hyperpod-taskgovernance")


def test_slurm_has_partitions_instead(account: FakeAccount) -> None:
    account.clusters.add(a_cluster(eks_cluster_arn=None, orchestrator="slurm"))
    with pytest.raises(UsageError, match="orchestrated by Slurm") as caught:
        list_queues("ml-cluster", None, account.ports)
    assert caught.value.hint == "hpctl slurm status --cluster ml-cluster"


def test_who_may_see_one_namespace_only_sees_its_queues_and_is_told(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_cluster_queue(account)
    a_local_queue(account)
    a_local_queue(account, "elsewhere", "other")
    real = account.jobs.objects

    def objects(cluster: Any, kind: Any, namespace: str | None, selector: str = "") -> Any:
        if namespace is None and kind.namespaced:
            raise AccessError("may not list in all namespaces")
        return real(cluster, kind, namespace, selector)

    monkeypatch.setattr(account.jobs, "objects", objects)
    report = list_queues(with_cluster(account), TEAM, account.ports)
    assert [one.name for one in report.queues[0].queues] == [LOCAL]
    assert report.notices == (f"the localqueues of other namespaces than `{TEAM}` cannot be seen",)
