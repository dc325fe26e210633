"""Jobs in queues, in virtual time: held back, let go, told why they wait, sent back for others."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.hyperpod_jobs import HyperPodJobs
from hpctl.sandbox.kube.controllers.jobs import Jobs
from hpctl.sandbox.kube.controllers.jobsets import JobSets
from hpctl.sandbox.kube.controllers.kueue import Kueue
from hpctl.sandbox.kube.controllers.pytorchjobs import PyTorchJobs
from hpctl.sandbox.kube.crds.definitions import pytorchjobs
from hpctl.sandbox.kube.crds.hyperpod import hyperpodpytorchjobs
from hpctl.sandbox.kube.crds.jobset import jobsets
from hpctl.sandbox.kube.crds.kueue import kueue
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template

GPU = "nvidia.com/gpu"
API = "kueue.x-k8s.io/v1beta2"
QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(Jobs, JobSets, PyTorchJobs, Kueue) as made:
        for crd in (*kueue(), jobsets(), pytorchjobs()):
            made.create(copy.deepcopy(crd))
        made.wait()
        yield made


def flavor(name: str = "p5", **spec: Any) -> Object:
    return {"apiVersion": API, "kind": "ResourceFlavor", "metadata": {"name": name}, "spec": spec}


def quota(nominal: object, **limits: object) -> Object:
    return {"name": GPU, "nominalQuota": nominal, **limits}


def cluster_queue(name: str = "all", *flavors: tuple[str, Object], **spec: Any) -> Object:
    rows = [{"name": each, "resources": [of]} for each, of in flavors or (("p5", quota(8)),)]
    groups = [{"coveredResources": [GPU], "flavors": rows}]
    body = {"namespaceSelector": {}, "resourceGroups": groups, **spec}
    return {"apiVersion": API, "kind": "ClusterQueue", "metadata": {"name": name}, "spec": body}


def local_queue(name: str = "team", queue: str = "all") -> Object:
    return {"apiVersion": API, "kind": "LocalQueue", "metadata": {"name": name}, "spec": {"clusterQueue": queue}}


def priority_class(name: str, value: int) -> Object:
    return {"apiVersion": API, "kind": "WorkloadPriorityClass", "metadata": {"name": name}, "value": value}


def pods(gpus: int) -> Object:
    found = template()
    found["spec"]["containers"][0]["resources"] = {"limits": {GPU: str(gpus)}}
    return found


def labels(queue: str, priority: str = "") -> Object:
    return {QUEUE: queue, **({PRIORITY: priority} if priority else {})}


def job(name: str, gpus: int = 4, *, queue: str = "team", priority: str = "", **spec: Any) -> Object:
    metadata = {"name": name, "labels": labels(queue, priority)}
    body = {"template": pods(gpus), "backoffLimit": 0, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": body}


def queues(stage: Stage, *more: Object) -> None:
    for body in (flavor(), cluster_queue(), local_queue(), *more):
        stage.create(body)
    stage.wait()


def workload(stage: Stage, name: str) -> Object:
    return next(
        each
        for each in stage.api.list(stage.kind("Workload"))
        if each["metadata"].get("ownerReferences", [{"name": ""}])[0]["name"] == name
    )


def condition(stage: Stage, name: str, kind: str) -> tuple[str, str, str]:
    rows = workload(stage, name)["status"]["conditions"]
    return next((row["status"], row["reason"], row["message"]) for row in rows if row["type"] == kind)


def submit(stage: Stage, *bodies: Object) -> None:
    for body in bodies:
        stage.create(body)
        stage.wait()


def running(stage: Stage) -> list[str]:
    """Return the jobs whose pods are there and do not go."""
    names = (pod["metadata"]["labels"].get("job-name", "") for pod in stage.pods() if _stays(pod))
    return sorted(set(names))


def _stays(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") in {"Pending", "Running"}


def end(stage: Stage, name: str, code: int = 0) -> None:
    for pod in stage.pods():
        if pod["metadata"]["labels"].get("job-name") == name and _stays(pod):
            stage.run(pod["metadata"]["name"])
            stage.end(pod["metadata"]["name"], code)
    stage.wait()


def status(stage: Stage, kind: str = "ClusterQueue", name: str = "all") -> Object:
    found: Object = stage.get(kind, name)["status"]
    return found


def test_a_job_begins_suspended_and_runs_once_its_queue_lets_it_in(stage: Stage) -> None:
    queues(stage)
    made = stage.create(job("one"))
    assert made["spec"]["suspend"] is True
    stage.wait()
    assert (running(stage), stage.get("Job", "one")["spec"]["suspend"]) == (["one"], False)
    assert condition(stage, "one", "QuotaReserved") == ("True", "QuotaReserved", "Quota reserved in ClusterQueue all")
    assert condition(stage, "one", "Admitted") == ("True", "Admitted", "The workload is admitted")
    found = workload(stage, "one")
    assert found["metadata"]["name"].startswith("job-one-")
    assert (found["spec"]["queueName"], found["spec"]["priority"]) == ("team", 0)
    assert [(row["name"], row["count"]) for row in found["spec"]["podSets"]] == [("main", 1)]
    (assigned,) = found["status"]["admission"]["podSetAssignments"]
    assert (assigned["flavors"], assigned["resourceUsage"]) == ({GPU: "p5"}, {GPU: "4"})
    assert ("Normal", "Started", "Admitted by clusterQueue all") in stage.events("Job", "one")


def test_a_job_without_a_queue_and_one_of_another_job_are_left_alone(stage: Stage) -> None:
    queues(stage)
    free = job("free")
    del free["metadata"]["labels"][QUEUE]
    submit(stage, free)
    assert (running(stage), stage.names("Workload")) == (["free"], [])


def test_who_finds_no_room_is_told_how_much_is_missing_and_runs_when_somebody_ends(stage: Stage) -> None:
    queues(stage)
    submit(stage, job("one"), job("two", 6))
    told = "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor p5, "
    assert condition(stage, "two", "QuotaReserved") == ("False", "Pending", f"{told}2 more needed")
    assert running(stage) == ["one"]
    found = status(stage)
    assert (found["pendingWorkloads"], found["reservingWorkloads"], found["admittedWorkloads"]) == (1, 1, 1)
    used = [{"name": "p5", "resources": [{"name": GPU, "total": "4", "borrowed": "0"}]}]
    assert (found["flavorsUsage"], found["flavorsReservation"]) == (used, used)
    end(stage, "one")
    assert running(stage) == ["two"]
    ended = condition(stage, "one", "Finished")
    assert ended[:2] == ("True", "Succeeded")
    assert status(stage)["flavorsUsage"][0]["resources"][0]["total"] == "6"
    local = status(stage, "LocalQueue", "team")
    assert (local["pendingWorkloads"], local["admittedWorkloads"]) == (0, 1)
    assert local["flavorsUsage"] == [{"name": "p5", "resources": [{"name": GPU, "total": "6"}]}]


def test_who_asks_for_more_than_there_will_ever_be_is_told_so(stage: Stage) -> None:
    queues(stage)
    submit(stage, job("huge", 5, parallelism=2, completions=2))
    assert condition(stage, "huge", "QuotaReserved")[2] == (
        "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in flavor p5, previously "
        "considered podsets requests (0) + current podset request (10) > maximum capacity (8)"
    )


def test_what_the_queue_does_not_cover_is_told(stage: Stage) -> None:
    queues(stage)
    body = job("cpus")
    body["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "2", GPU: "4"}
    submit(stage, body)
    assert condition(stage, "cpus", "QuotaReserved")[2] == (
        "couldn't assign flavors to pod set main: resource cpu unavailable in ClusterQueue"
    )


def test_a_queue_that_is_not_there_is_told_and_a_stopped_one_lets_nobody_in(stage: Stage) -> None:
    queues(stage, cluster_queue("shut", stopPolicy="Hold"), local_queue("shut", "shut"), local_queue("lost", "none"))
    submit(stage, job("a", queue="gone"), job("b", queue="shut"), job("c", queue="lost"))
    rows = [condition(stage, name, "QuotaReserved")[1:] for name in "abc"]
    assert rows == [
        ("Inadmissible", "LocalQueue gone is terminating or missing"),
        ("Inadmissible", "ClusterQueue shut is stopped"),
        ("Inadmissible", "ClusterQueue none is terminating or missing"),
    ]
    assert running(stage) == []
    assert stage.conditions("ClusterQueue", "shut") == {"Active": ("False", "Stopped")}
    assert stage.conditions("LocalQueue", "shut") == {"Active": ("False", "ClusterQueueIsInactive")}
    assert stage.conditions("LocalQueue", "lost") == {"Active": ("False", "ClusterQueueDoesNotExist")}
    stage.change("ClusterQueue", "shut", {"spec": {"stopPolicy": "None"}})
    stage.wait()
    assert running(stage) == ["b"]


def test_a_queue_without_its_flavor_is_not_active(stage: Stage) -> None:
    queues(stage, cluster_queue("odd", ("none", quota(1))))
    (row,) = status(stage, name="odd")["conditions"]
    assert (row["status"], row["reason"]) == ("False", "FlavorNotFound")
    assert row["message"] == "Can't admit new workloads: references missing ResourceFlavor(s): none."
    assert stage.conditions("ClusterQueue", "all") == {"Active": ("True", "Ready")}


def test_pods_go_where_the_flavor_says_and_a_job_that_wants_another_gets_another(stage: Stage) -> None:
    kind = "node.kubernetes.io/instance-type"
    both = (("a", quota(8)), ("b", quota(8)))
    for body in (
        flavor("a", nodeLabels={kind: "ml.a"}),
        flavor("b", nodeLabels={kind: "ml.b"}, tolerations=[{"key": "b", "operator": "Exists"}]),
        cluster_queue("all", *both),
        local_queue(),
    ):
        stage.create(body)
    picky = job("picky")
    picky["spec"]["template"]["spec"]["nodeSelector"] = {kind: "ml.b", "zone": "x"}
    submit(stage, job("any"), picky)
    placed = {
        pod["metadata"]["labels"]["job-name"]: (pod["spec"]["nodeSelector"], pod["spec"].get("tolerations", []))
        for pod in stage.pods()
    }
    assert placed["any"][0] == {kind: "ml.a"}
    assert placed["picky"][0] == {kind: "ml.b", "zone": "x"}
    assert {"key": "b", "operator": "Exists"} in placed["picky"][1]


def test_the_more_important_sends_the_less_important_back(stage: Stage) -> None:
    queues(stage, priority_class("low", 10), priority_class("high", 100))
    stage.change("ClusterQueue", "all", {"spec": {"preemption": {"withinClusterQueue": "LowerPriority"}}})
    submit(stage, job("low", 8, priority="low"))
    stage.run(stage.pods()[0]["metadata"]["name"])
    submit(stage, job("high", 8, priority="high"))
    stage.wait(40)
    assert running(stage) == ["high"]
    sent = condition(stage, "low", "Evicted")
    assert sent[:2] == ("True", "Preempted")
    uid = workload(stage, "high")["metadata"]["uid"]
    assert sent[2].startswith(f"Preempted to accommodate a workload (UID: {uid}, JobUID: ")
    assert sent[2].endswith("due to prioritization in the ClusterQueue; preemptor path: /all; preemptee path: /all")
    assert condition(stage, "low", "Preempted")[:2] == ("True", "InClusterQueue")
    assert condition(stage, "low", "QuotaReserved")[0] == "False"
    assert condition(stage, "low", "Admitted")[:2] == ("False", "NoReservation")
    assert stage.get("Job", "low")["spec"]["suspend"] is True
    assert ("Normal", "Stopped", sent[2]) in stage.events("Job", "low")
    end(stage, "high")
    assert running(stage) == ["low"]
    again = condition(stage, "low", "Evicted")
    assert (again[0], again[1], again[2]) == ("False", "QuotaReserved", f"Previously: {sent[2]}")


def test_quota_is_not_given_before_its_pods_are_gone() -> None:
    # Nobody looks after Jobs here: the status is what the test says.
    with staged(Kueue) as stage:
        for crd in kueue():
            stage.create(copy.deepcopy(crd))
        stage.wait()
        queues(stage, priority_class("high", 100))
        stage.change("ClusterQueue", "all", {"spec": {"preemption": {"withinClusterQueue": "LowerPriority"}}})
        submit(stage, job("low", 8))
        stage.change("Job", "low", {"status": {"active": 1}}, "status")
        submit(stage, job("high", 8, priority="high"))
        assert stage.get("Job", "low")["spec"]["suspend"] is True
        assert condition(stage, "low", "QuotaReserved")[0] == "True"
        assert condition(stage, "high", "QuotaReserved")[2].endswith(". Pending the preemption of 1 workload(s)")
        stage.change("Job", "low", {"status": {"active": None}}, "status")
        stage.wait()
        assert condition(stage, "low", "QuotaReserved")[0] == "False"
        assert condition(stage, "high", "Admitted")[0] == "True"


def test_what_was_lent_comes_back_to_its_owner(stage: Stage) -> None:
    own = {"cohortName": "lab", "preemption": {"reclaimWithinCohort": "Any"}}
    stage.create(flavor())
    for name in ("a", "b"):
        stage.create(cluster_queue(name, ("p5", quota(4)), **own))
        stage.create(local_queue(name, name))
    submit(stage, job("first", 4, queue="a"), job("borrower", 4, queue="a"))
    assert running(stage) == ["borrower", "first"]
    assert status(stage, name="a")["flavorsUsage"][0]["resources"] == [{"name": GPU, "total": "8", "borrowed": "4"}]
    submit(stage, job("owner", 4, queue="b"))
    stage.wait(40)
    assert running(stage) == ["first", "owner"]
    assert condition(stage, "borrower", "Preempted")[:2] == ("True", "InCohortReclamation")
    assert condition(stage, "borrower", "Evicted")[2].endswith(
        "due to reclamation within the cohort; preemptor path: /lab/b; preemptee path: /lab/a"
    )


def test_who_takes_back_its_own_has_it_before_anybody_else(stage: Stage) -> None:
    owner = {"preemption": {"reclaimWithinCohort": "Any"}, "cohortName": "lab"}
    for body in (
        flavor(),
        priority_class("high", 100),
        cluster_queue("a", ("p5", quota(1)), **owner),
        cluster_queue("b", ("p5", quota(4)), cohortName="lab"),
        local_queue("a", "a"),
        local_queue("b", "b"),
    ):
        stage.create(body)
    submit(stage, job("borrower", 5, queue="b", priority="high"))
    submit(stage, job("ahead", 2, queue="a", priority="high"), job("owner", 1, queue="a"))
    stage.wait(5)
    assert running(stage) == ["ahead", "owner"]
    assert len([row for row in stage.events("Job", "borrower") if row[1] == "Stopped"]) == 1


def test_limits_of_lending_and_borrowing_hold(stage: Stage) -> None:
    stage.create(flavor())
    stage.create(cluster_queue("a", ("p5", quota(4, borrowingLimit=1)), cohortName="lab"))
    stage.create(cluster_queue("b", ("p5", quota(4, lendingLimit=2)), cohortName="lab"))
    stage.create(cluster_queue("c", ("p5", quota(0)), cohortName="lab"))
    for name in "abc":
        stage.create(local_queue(name, name))
    submit(stage, job("six", 6, queue="a"), job("five", 5, queue="a"), job("two", 2, queue="c"))
    assert running(stage) == ["five"]
    assert "maximum capacity (5)" in condition(stage, "six", "QuotaReserved")[2]
    assert condition(stage, "two", "QuotaReserved")[2].endswith("1 more needed")


def test_one_that_is_deactivated_gives_its_quota_back_and_stays_out(stage: Stage) -> None:
    queues(stage)
    submit(stage, job("one", 8), job("two", 8))
    stage.change("Workload", workload(stage, "one")["metadata"]["name"], {"spec": {"active": False}})
    stage.wait(40)
    assert running(stage) == ["two"]
    assert condition(stage, "one", "Evicted") == ("True", "Deactivated", "The workload is deactivated")
    assert status(stage)["pendingWorkloads"] == 0


def test_a_priority_class_that_is_not_there_keeps_a_job_out_and_is_told(stage: Stage) -> None:
    queues(stage)
    submit(stage, job("one", priority="none"))
    assert (running(stage), stage.names("Workload")) == ([], [])
    assert [row[1] for row in stage.events("Job", "one")] == ["Suspended", "ErrWorkloadCompose"]
    submit(stage, priority_class("none", 1))
    assert running(stage) == ["one"]


def test_a_pytorchjob_waits_with_all_its_pods_and_runs_where_it_is_let_in(stage: Stage) -> None:
    queues(stage)
    stage.change("ResourceFlavor", "p5", {"spec": {"nodeLabels": {"kind": "p5"}}})
    spec = {"containers": [{"name": "pytorch", "image": "i", "resources": {"limits": {GPU: "2"}}}]}
    replicas = {
        "Master": {"replicas": 1, "template": {"spec": spec}},
        "Worker": {"replicas": 3, "template": {"spec": spec}},
    }
    metadata = {"name": "ddp", "labels": labels("team")}
    body = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "metadata": metadata}
    submit(stage, job("one", 1), body | {"spec": {"pytorchReplicaSpecs": replicas}})
    assert stage.conditions("PyTorchJob", "ddp")["Suspended"][0] == "True"
    assert condition(stage, "ddp", "QuotaReserved")[2].endswith("1 more needed")
    end(stage, "one")
    found = [pod for pod in stage.pods() if _stays(pod)]
    assert len(found) == 4
    assert {pod["spec"]["nodeSelector"]["kind"] for pod in found} == {"p5"}
    assert [row["name"] for row in workload(stage, "ddp")["spec"]["podSets"]] == ["master", "worker"]
    assert status(stage)["flavorsUsage"][0]["resources"][0]["total"] == "8"
    stage.change("Workload", workload(stage, "ddp")["metadata"]["name"], {"spec": {"active": False}})
    stage.wait(40)
    assert stage.conditions("PyTorchJob", "ddp")["Suspended"][0] == "True"
    assert [pod for pod in stage.pods() if _stays(pod)] == []
    assert status(stage)["flavorsUsage"][0]["resources"][0]["total"] == "0"
    worker = stage.get("PyTorchJob", "ddp")["spec"]["pytorchReplicaSpecs"]["Worker"]["template"]["spec"]
    assert "nodeSelector" not in worker


def test_the_jobs_of_a_jobset_run_where_it_is_let_in(stage: Stage) -> None:
    queues(stage)
    stage.change("ResourceFlavor", "p5", {"spec": {"nodeLabels": {"kind": "p5"}}})
    inner = {"parallelism": 2, "completions": 2, "completionMode": "Indexed", "template": pods(4)}
    row = {"name": "n", "replicas": 1, "template": {"metadata": {"labels": labels("team")}, "spec": inner}}
    metadata = {"name": "js", "labels": labels("team")}
    body = {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": metadata}
    submit(stage, job("one", 1), body | {"spec": {"replicatedJobs": [row]}})
    assert stage.get("Job", "js-n-0")["spec"]["suspend"] is True
    assert len(stage.names("Workload")) == 2
    end(stage, "one")
    found = [pod for pod in stage.pods() if _stays(pod)]
    assert len(found) == 2
    assert {pod["spec"]["nodeSelector"]["kind"] for pod in found} == {"p5"}
    stage.change("Workload", workload(stage, "js")["metadata"]["name"], {"spec": {"active": False}})
    stage.wait(40)
    assert [pod for pod in stage.pods() if _stays(pod)] == []
    assert stage.conditions("JobSet", "js")["Suspended"] == ("True", "SuspendedJobs")
    assert status(stage)["flavorsUsage"][0]["resources"][0]["total"] == "0"


def test_a_hyperpodpytorchjob_is_sent_back_and_begins_again() -> None:
    class Silent:
        def ask(self, _: Object) -> None:
            return None

        def order(self, *_: object) -> None:
            raise AssertionError

    with staged(partial(HyperPodJobs, agents=Silent()), Jobs, Kueue) as stage:
        for crd in (*kueue(), hyperpodpytorchjobs()):
            stage.create(copy.deepcopy(crd))
        stage.wait()
        queues(stage, priority_class("high", 100))
        stage.change("ClusterQueue", "all", {"spec": {"preemption": {"withinClusterQueue": "LowerPriority"}}})
        replica = {"name": "n", "replicas": 2, "template": pods(4)}
        metadata = {"name": "hp", "labels": labels("team")}
        body = {"apiVersion": "sagemaker.amazonaws.com/v1", "kind": "HyperPodPyTorchJob", "metadata": metadata}
        submit(stage, body | {"spec": {"replicaSpecs": [replica]}})
        assert [pod["metadata"]["name"] for pod in stage.pods()] == ["hp-n-0", "hp-n-1"]
        submit(stage, job("high", 8, priority="high"))
        stage.wait(40)
        assert (running(stage), stage.conditions("HyperPodPyTorchJob", "hp")["Suspended"][0]) == (["high"], "True")
        assert condition(stage, "hp", "Evicted")[:2] == ("True", "Preempted")
        end(stage, "high")
        stage.wait(5)
        there = [pod["metadata"]["name"] for pod in stage.pods() if _stays(pod)]
        assert (there, stage.conditions("HyperPodPyTorchJob", "hp")["Suspended"][0]) == (["hp-n-0", "hp-n-1"], "False")


def test_topology_is_asked_for_in_the_workload_and_stays_on_the_pods(stage: Stage) -> None:
    queues(stage)
    wish = {"kueue.x-k8s.io/podset-required-topology": "topology.k8s.aws/network-node-layer-3"}
    body = job("near")
    body["spec"]["template"]["metadata"]["annotations"] = wish
    submit(stage, body)
    (row,) = workload(stage, "near")["spec"]["podSets"]
    assert row["topologyRequest"] == {"required": "topology.k8s.aws/network-node-layer-3"}
    assert wish.items() <= stage.pods()[0]["metadata"]["annotations"].items()


def test_the_older_version_says_the_same_in_its_own_words(stage: Stage) -> None:
    old = {**local_queue(), "apiVersion": "kueue.x-k8s.io/v1beta1"}
    older = stage.api.resource("kueue.x-k8s.io/v1beta1", "ClusterQueue")
    body = {**cluster_queue(), "apiVersion": "kueue.x-k8s.io/v1beta1"}
    body["spec"]["cohort"] = "lab"
    stage.create(flavor())
    stage.create(priority_class("high", 100))
    stage.api.create(older, None, body, manager="test")
    stage.api.create(stage.api.resource(old["apiVersion"], "LocalQueue"), "default", old, manager="test")
    submit(stage, job("one", priority="high"))
    assert stage.get("ClusterQueue", "all")["spec"]["cohortName"] == "lab"
    told = stage.api.get(older, None, "all")["spec"]
    assert (told["cohort"], told.get("cohortName")) == ("lab", None)
    local = stage.api.get(stage.api.resource(old["apiVersion"], "LocalQueue"), "default", "team")["status"]
    assert local["flavorUsage"] == [{"name": "p5", "resources": [{"name": GPU, "total": "4"}]}]
    (found,) = stage.api.list(stage.api.resource(old["apiVersion"], "Workload"))
    spec = found["spec"]
    assert (spec["priorityClassName"], spec["priorityClassSource"], spec["priority"]) == (
        "high",
        "kueue.x-k8s.io/workloadpriorityclass",
        100,
    )


def test_what_somebody_left_half_written_stands_in_nobodys_way(stage: Stage) -> None:
    queues(stage)
    for kind in ("ClusterQueue", "LocalQueue", "ResourceFlavor"):
        stage.create({"apiVersion": API, "kind": kind, "metadata": {"name": "bare"}})
    bare = {"metadata": {"name": "bare", "labels": labels("team")}}
    replicas = {"pytorchReplicaSpecs": {"Worker": {"replicas": 1}}}
    pytorch = {**bare, "apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": replicas}
    alone = {"apiVersion": API, "kind": "Workload", "metadata": {"name": "alone"}}
    submit(
        stage,
        pytorch,
        alone | {"spec": {"queueName": "bare", "podSets": [{"name": "main", "template": {}}]}},
        job("bare", queue="bare"),
        job("one"),
    )
    assert running(stage) == ["one"]
    assert condition(stage, "bare", "QuotaReserved")[2] == "ClusterQueue  is terminating or missing"
    assert stage.conditions("ClusterQueue", "bare") == {"Active": ("True", "Ready")}
    assert "ErrWorkloadCompose" in {reason for _, reason, _ in stage.events("PyTorchJob", "bare")}


def test_where_kueue_is_not_installed_a_job_with_a_queue_just_runs() -> None:
    with staged(Jobs, Kueue) as bare:
        bare.create(job("one"))
        bare.wait()
        assert running(bare) == ["one"]
