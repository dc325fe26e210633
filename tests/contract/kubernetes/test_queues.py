"""Jobs in queues, where Kueue is installed: held back, let in, told why they wait, sent back for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import ONE, a_job, an_object
from tests.contract.kubernetes.space import Space, path

VERSION = "kueue.x-k8s.io/v1beta2"
QUEUE, PRIORITY = "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/priority-class"


@pytest.fixture
def team(space: Space) -> Iterator[Space]:
    """A namespace with a queue `team`, which has a tenth of a processor."""
    needs(space.cluster, "clusterqueues", "localqueues", "workloads")
    name = space.name
    rows = [{"name": name, "resources": [{"name": "cpu", "nominalQuota": "100m"}]}]
    spec = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
        "resourceGroups": [{"coveredResources": ["cpu"], "flavors": rows}],
        "preemption": {"withinClusterQueue": "LowerPriority"},
    }
    made = {
        "resourceflavors": an_object("ResourceFlavor", name, VERSION, spec={}),
        "workloadpriorityclasses": an_object("WorkloadPriorityClass", name, VERSION, value=1000),
        "clusterqueues": an_object("ClusterQueue", name, VERSION, spec=spec),
    }
    for plural, body in made.items():
        space.cluster.post(path(plural), body).good()
    space.make("localqueues", an_object("LocalQueue", "team", VERSION, spec={"clusterQueue": name}))
    space.becomes("localqueues", "team", lambda one: met(one, "Active"))
    yield space
    for plural in reversed(made):
        space.cluster.delete(path(plural, name))


def a_queued_job(script: str, name: str = ONE, **labels: str) -> dict[str, Any]:
    container = {"resources": {"requests": {"cpu": "100m"}}}
    job = a_job(script, name, pod={"container": container}, backoffLimit=0)
    job["metadata"]["labels"] = {QUEUE: "team", **labels}
    return job


def met(one: dict[str, Any], kind: str) -> bool:
    rows = one.get("status", {}).get("conditions") or ()
    return any((row["type"], row["status"]) == (kind, "True") for row in rows)


def said(one: dict[str, Any], kind: str) -> str:
    return next((row["message"] for row in one.get("status", {}).get("conditions") or () if row["type"] == kind), "")


def workload(space: Space, job: str, good: Any) -> dict[str, Any]:
    """Return a job's Workload once it is as wanted."""

    def mine(found: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = found["items"]
        return [each for each in rows if each["metadata"]["ownerReferences"][0]["name"] == job]

    found = space.becomes("workloads", "", lambda every: any(map(good, mine(every))))
    return mine(found)[0]


def cut_short(space: Space, job: str) -> None:
    """End a job that would run for long."""
    space.cluster.patch(space.path("jobs", job), {"spec": {"activeDeadlineSeconds": 1}}).good()
    space.becomes("jobs", job, lambda one: met(one, "Failed"))


def test_who_finds_no_room_waits_until_the_one_before_has_ended(team: Space) -> None:
    made = team.make("jobs", a_queued_job("sleep 300"))
    assert made["spec"]["suspend"] is True
    first = workload(team, ONE, lambda one: met(one, "Admitted"))
    assert said(first, "QuotaReserved") == f"Quota reserved in ClusterQueue {team.name}"
    (row,) = first["status"]["admission"]["podSetAssignments"]
    assert (row["name"], row["flavors"], row["resourceUsage"]) == ("main", {"cpu": team.name}, {"cpu": "100m"})
    team.make("jobs", a_queued_job("true", "two"))
    second = workload(team, "two", lambda one: said(one, "QuotaReserved"))
    assert said(second, "QuotaReserved").startswith(
        "couldn't assign flavors to pod set main: insufficient unused quota for cpu in "
        f"flavor {team.name}, 100m more needed"
    )
    assert team.get("pods", labelSelector="job-name=two").good()["items"] == []
    full = team.becomes("localqueues", "team", lambda one: one["status"].get("pendingWorkloads") == 1)
    assert full["status"]["flavorsUsage"] == [{"name": team.name, "resources": [{"name": "cpu", "total": "100m"}]}]
    cut_short(team, ONE)
    team.becomes("jobs", "two", lambda job: met(job, "Complete"))
    for name in (ONE, "two"):
        workload(team, name, lambda one: met(one, "Finished"))
    empty = team.becomes("localqueues", "team", lambda one: one["status"].get("admittedWorkloads") == 0)
    assert empty["status"]["flavorsUsage"][0]["resources"] == [{"name": "cpu", "total": "0"}]


def test_who_is_sent_back_for_a_more_important_one_begins_again_and_has_not_failed(team: Space) -> None:
    team.make("jobs", a_queued_job("sleep 300"))
    team.becomes("jobs", ONE, lambda job: job["status"].get("ready"))
    team.make("jobs", a_queued_job("sleep 300", "urgent", **{PRIORITY: team.name}))
    low = workload(team, ONE, lambda one: met(one, "Evicted"))
    assert said(low, "Evicted").startswith("Preempted to accommodate a workload (UID: ")
    assert "due to prioritization in the ClusterQueue" in said(low, "Preempted")
    team.becomes("jobs", "urgent", lambda job: job["status"].get("ready"))
    assert team.get("jobs", ONE).good()["spec"]["suspend"] is True
    cut_short(team, "urgent")
    again = team.becomes("jobs", ONE, lambda job: job["status"].get("ready"))
    assert (again["spec"]["suspend"], again["status"].get("failed", 0)) == (False, 0)


def test_one_that_is_deactivated_gives_its_place_to_the_next(team: Space) -> None:
    team.make("jobs", a_queued_job("sleep 300"))
    team.make("jobs", a_queued_job("true", "two"))
    name = workload(team, ONE, lambda one: met(one, "Admitted"))["metadata"]["name"]
    team.cluster.patch(team.path("workloads", name), {"spec": {"active": False}}).good()
    team.becomes("jobs", "two", lambda job: met(job, "Complete"))
    assert team.get("jobs", ONE).good()["spec"]["suspend"] is True
    assert said(team.get("workloads", name).good(), "Evicted") == "The workload is deactivated"


def test_both_versions_tell_of_the_same_queue(team: Space) -> None:
    uid = team.get("localqueues", "team").good()["metadata"]["uid"]
    found = team.cluster.get(team.path("localqueues", "team", root="apis/kueue.x-k8s.io/v1beta1")).good()
    assert (found["metadata"]["uid"], found["apiVersion"]) == (uid, "kueue.x-k8s.io/v1beta1")
    assert "flavorUsage" in found["status"]
    assert "flavorsUsage" not in found["status"]
