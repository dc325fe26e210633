"""Why a job does not run, in one sentence each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hpctl.errors import AccessError
from hpctl.facts.jobs import BATCH_JOB, CLAIM, WORKLOAD, ContainerState, Job, JobState, KubernetesEvent, Pod, Queue
from hpctl.report.cluster import Diagnosis
from hpctl.services.job.why import why_not_running
from tests.unit.builders import NOW, a_kubernetes_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod, a_pod_template, an_event, unscheduled, waiting

PENDING = a_job(state=JobState.PENDING)
HEALTH = "sagemaker.amazonaws.com/node-health-status"
TYPE = "node.kubernetes.io/instance-type"
SAID = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."
TOLD = f"{SAID} preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."


def why(
    account: FakeAccount, job: Job, pods: tuple[Pod, ...] = (), events: tuple[KubernetesEvent, ...] = ()
) -> list[Diagnosis]:
    return list(why_not_running(job, pods, events, AT, account.ports))


def only(found: list[Diagnosis]) -> Diagnosis:
    assert len(found) == 1, found
    return found[0]


# ---- queue ---------------------------------------------------------------------------------------


def queued(**members: Any) -> Job:
    raw = {"spec": {"runPolicy": {"suspend": True}}}
    usual = {"state": JobState.QUEUED, "labels": {"kueue.x-k8s.io/queue-name": "team-queue"}, "raw": raw}
    return a_job(**(usual | members))


def a_queue(name: str = "team-queue", *, active: bool = True, waiting_for: str = "") -> Queue:
    return Queue("team", name, "cq", active, pending=3, admitted=1, waiting=waiting_for)


def held_by_kueue(account: FakeAccount, *conditions: dict[str, str], **spec: Any) -> FakeAccount:
    account.jobs.kinds.append(WORKLOAD)
    account.jobs.known_queues = [a_queue()]
    owner = [{"uid": "uid-train"}]
    account.jobs.held[WORKLOAD.qualified, "team", "pytorchjob-train-a1b2c"] = {
        "metadata": {"name": "pytorchjob-train-a1b2c", "namespace": "team", "ownerReferences": owner},
        "spec": spec,
        "status": {"conditions": list(conditions)},
    }
    return account


def reserved(message: str) -> dict[str, str]:
    return {"type": "QuotaReserved", "status": "False", "reason": "Pending", "message": message}


@pytest.mark.scorecard(45)
@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            "couldn't assign flavors to pod set master: insufficient unused quota for nvidia.com/gpu in flavor p5",
            "the quota of cluster queue `cq` is used up, what it may borrow included",
        ),
        (
            "couldn't assign flavors to pod set worker: insufficient quota for x, request > maximum capacity (16 > 8)",
            "the job asks for more than cluster queue `cq` can ever give: it will not start",
        ),
        (
            'couldn\'t assign flavors to pod set worker: topology "hyperpod" allows to fit only 1 out of 2 pod(s)',
            "no group of nodes that are near enough to each other has room for all ranks at once",
        ),
        (
            "couldn't assign flavors to pod set main: flavor ml.p5 doesn't match node affinity, selector",
            "no resource flavor of cluster queue `cq` has nodes such as the job asks for",
        ),
        ("", "2 others wait in the queue"),
    ],
)
def test_a_queue_that_has_no_room_says_what_is_missing(message: str, cause: str) -> None:
    found = only(why(held_by_kueue(FakeAccount(), reserved(message)), queued()))
    assert found.message == f"the job waits in queue `team-queue`{f': {message}' if message else ''}"
    assert found.cause == cause


def test_a_preemption_is_told_before_what_is_waited_for() -> None:
    evicted = {"type": "Evicted", "status": "True", "reason": "Preempted", "message": "Preempted to accommodate x"}
    first, second = why(held_by_kueue(FakeAccount(), reserved("no quota"), evicted), queued())
    assert first.message == "the job was put back into queue `team-queue`: Preempted to accommodate x"
    assert "higher priority" in (first.cause or "")
    assert second.message == "the job waits in queue `team-queue`: no quota"


def test_a_deactivated_workload_is_no_waiting() -> None:
    found = only(why(held_by_kueue(FakeAccount(), reserved("x"), active=False), queued()))
    assert found.message == "the job's Workload is deactivated: Kueue leaves it out"


def test_quota_that_is_reserved_leaves_an_admission_check() -> None:
    yes = {"type": "QuotaReserved", "status": "True"}
    assert "an admission check is still open" in only(why(held_by_kueue(FakeAccount(), yes), queued())).message


def test_a_queue_that_is_not_there_is_said_with_those_that_are() -> None:
    account = FakeAccount()
    account.jobs.known_queues = [a_queue("other")]
    found = only(why(account, queued()))
    assert (found.message, found.cause) == ("namespace `team` has no queue `team-queue`", "the queues there: `other`")
    account.jobs.known_queues = []
    assert (only(why(account, queued())).cause or "").startswith("there is no queue in the namespace")


def test_a_queue_that_is_stopped_says_so() -> None:
    account = FakeAccount()
    account.jobs.known_queues = [a_queue(active=False, waiting_for="Can't submit new workloads to clusterQueue")]
    found = only(why(account, queued()))
    assert found.message == "queue `team-queue` admits nothing: Can't submit new workloads to clusterQueue"


def test_a_job_that_kueue_does_not_see_is_said() -> None:
    account = FakeAccount()
    account.jobs.known_queues = [a_queue()]
    assert only(why(account, queued())).message == "Kueue has not taken the job in queue `team-queue` into account"


def test_a_queue_that_may_not_be_looked_at_is_said_with_the_permission() -> None:
    account = FakeAccount()
    account.calls.fail("jobs.queues", AccessError("Kubernetes denied to list localqueues", hint="kubectl create role"))
    found = only(why(account, queued()))
    assert found.message.endswith("why cannot be seen: Kubernetes denied to list localqueues")
    assert found.remedy == "kubectl create role"


def test_a_job_that_is_suspended_outside_of_any_queue_is_said() -> None:
    found = only(why(FakeAccount(), queued(labels={}, state=JobState.PENDING)))
    assert found.message == "the job is suspended, and no queue is named that would let it go on"


# ---- nodes ---------------------------------------------------------------------------------------


def nodes(account: FakeAccount, *rows: Any) -> FakeAccount:
    account.kubernetes.joined = list(rows)
    return account


def a_gpu_node(name: str, status: str = "Schedulable", **members: Any) -> Any:
    labels = {TYPE: "ml.p5.48xlarge", HEALTH: status}
    allocatable = {"nvidia.com/gpu": "8", "cpu": "190", "memory": "2000Gi"}
    return a_kubernetes_node(name, **({"labels": labels, "allocatable": allocatable} | members))


@pytest.mark.scorecard(45)
def test_nodes_that_are_unhealthy_busy_or_too_small_are_counted_and_named() -> None:
    account = nodes(
        FakeAccount(),
        a_gpu_node("n-1", "UnschedulablePendingReplacement"),
        a_gpu_node("n-2"),
        a_gpu_node("n-3", allocatable={"nvidia.com/gpu": "4"}),
        a_gpu_node("n-4", ready=False),
        a_gpu_node("n-5", unschedulable=True),
    )
    account.jobs.known_pods = [a_pod(7, node="n-2", requests={"nvidia.com/gpu": "8"}, labels={"hpctl/job": "sft"})]
    account.jobs.known_pods[0] = replace(account.jobs.known_pods[0], owner_uid="uid-other")
    pods = (unscheduled(0, TOLD, **{"nvidia.com/gpu": "8"}), unscheduled(1, TOLD, **{"nvidia.com/gpu": "8"}))
    found = only(why(account, PENDING, pods))
    assert found.message == f"2 of 2 pods wait for a node: {SAID}"
    assert set((found.cause or "").split("; ")) == {
        "1 of 5 nodes is `UnschedulablePendingReplacement`: HyperPod replaces it (n-1)",
        "1 of 5 nodes is busy: other pods hold `nvidia.com/gpu` (n-2, there run `sft` of namespace `team`)",
        "1 of 5 nodes is too small: the pod asks for 8 of `nvidia.com/gpu`, the node has 4 (n-3)",
        "1 of 5 nodes is not ready (n-4)",
        "1 of 5 nodes is cordoned (n-5)",
    }


def test_memory_is_compared_in_gib() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1", allocatable={"memory": "64Gi"}))
    found = only(why(account, PENDING, (unscheduled(0, SAID, memory="128Gi"),)))
    assert found.message == f"rank 0 waits for a node: {SAID}"
    assert found.cause == (
        "the only node is too small: the pod asks for 128.0 GiB of `memory`, the node has 64.0 (n-1)"
    )


def test_a_type_that_the_cluster_does_not_have_is_said_with_those_that_it_has() -> None:
    account = nodes(FakeAccount(), a_kubernetes_node("n-1", "ml.g5.8xlarge"), a_kubernetes_node("n-2", "ml.g5.8xlarge"))
    found = only(why(account, PENDING, (unscheduled(0, SAID),)))
    assert found.cause == "no node is an `ml.p5.48xlarge`; the nodes: 2 x ml.g5.8xlarge"


def claiming(*names: str) -> Job:
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    template = a_pod_template(volumes=[*volumes, {"name": "shm", "emptyDir": {}}])
    return a_job(state=JobState.PENDING, raw={"spec": {"pytorchReplicaSpecs": {"Master": {"template": template}}}})


@pytest.mark.scorecard(45)
def test_claims_without_a_volume_are_named_instead_of_nodes() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1"))
    for name, phase, spec in (
        ("data", "Pending", {"storageClassName": "fsx-sc"}),
        ("bare", "Pending", {}),
        ("well", "Bound", {}),
    ):
        account.jobs.held[CLAIM.qualified, "team", name] = {"spec": spec, "status": {"phase": phase}}
    said = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    found = only(why(account, claiming("data", "bare", "well", "gone"), (unscheduled(0, said),)))
    assert found.message == f"its pods wait for a volume: {said}"
    assert (found.cause or "").split("; ") == [
        "claim `data` has no volume yet: it is Pending, with storage class `fsx-sc`",
        "claim `bare` has no volume yet: it is Pending, with no storage class",
        "claim `gone` is not in namespace `team`",
    ]
    assert "kubectl describe pvc data --namespace team" in (found.remedy or "")


def test_a_volume_in_another_zone_is_told() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1"))
    account.jobs.held[CLAIM.qualified, "team", "data"] = {"spec": {}, "status": {"phase": "Bound"}}
    said = "0/1 nodes are available: 1 node(s) had volume node affinity conflict."
    assert "in another zone" in (only(why(account, claiming("data"), (unscheduled(0, said),))).cause or "")
    account.calls.fail("jobs.read", AccessError("Kubernetes denied to get `persistentvolumeclaims`: forbidden"))
    cause = only(why(account, claiming("data"), (unscheduled(0, said),))).cause
    assert cause == "claim `data` cannot be looked at (Kubernetes denied to get `persistentvolumeclaims`)"


def test_a_deep_health_check_that_runs_is_said_and_how_long_it_takes() -> None:
    template = a_pod_template(nodeSelector={TYPE: "ml.p5.48xlarge", HEALTH: "Schedulable"})
    job = a_job(state=JobState.PENDING, raw={"spec": {"pytorchReplicaSpecs": {"Master": {"template": template}}}})
    account = nodes(
        FakeAccount(), a_gpu_node("n-1", "Unschedulable"), a_gpu_node("n-2", labels={TYPE: "ml.p5.48xlarge"})
    )
    causes = (only(why(account, job, (unscheduled(0, SAID),))).cause or "").split("; ")
    assert any("takes about two hours" in cause for cause in causes)
    assert f"1 of 2 nodes is without the label `{HEALTH}`, which the job asks for (n-2)" in causes


def test_room_for_some_ranks_only_is_said() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1"))
    pods = tuple(unscheduled(rank, SAID, **{"nvidia.com/gpu": "8"}) for rank in (0, 1))
    assert only(why(account, PENDING, pods)).cause == "the only node would have room, 2 are needed"


def test_a_node_that_has_a_rank_of_the_job_takes_no_second_one() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1"))
    account.jobs.known_pods = [a_pod(0, node="n-1")]
    found = why(account, PENDING, (account.jobs.known_pods[0], unscheduled(1, SAID)))
    assert only(found).cause == "the only node is taken by a rank of this job already (n-1)"


def test_pods_that_the_scheduler_has_not_looked_at_yet_are_no_trouble() -> None:
    assert why(FakeAccount(), PENDING, (a_pod(0, "Pending", waiting(""), node=None),)) == []


def test_what_may_not_be_listed_elsewhere_is_taken_from_the_namespace() -> None:
    account = nodes(FakeAccount(), a_gpu_node("n-1"))
    account.calls.fail("jobs.pods", AccessError("not in all namespaces"))
    assert only(why(account, PENDING, (unscheduled(0, SAID),))).cause == "the only node would have room"


# ---- containers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("failed to pull and unpack image: no basic auth credentials", "the registry wants credentials"),
        ("failed to resolve reference: x: not found", "the registry has no such image or tag"),
        ("no match for platform in manifest", "not built for the node's processor"),
        ("dial tcp 1.2.3.4:443: i/o timeout", "does not reach the registry"),
        ("something else", "the image cannot be pulled"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_told_by_the_event_that_knows_why(said: str, cause: str) -> None:
    pods = tuple(a_pod(rank, "Pending", waiting("ImagePullBackOff", "Back-off pulling image")) for rank in (0, 1))
    events = tuple(
        an_event(pod.uid, "Failed", words)
        for pod in pods
        for words in (f'Failed to pull image "x": {said}', "Error: ErrImagePull")
    )
    found = only(why(FakeAccount(), PENDING, pods, events))
    assert found.message == f'rank 0 and 1 more is in `ImagePullBackOff`: Failed to pull image "x": {said}'
    assert cause in (found.cause or "")
    assert found.remedy == "kubectl describe pod train-0 --namespace team"


def test_a_secret_that_is_missing_is_told() -> None:
    pod = a_pod(0, "Pending", waiting("CreateContainerConfigError", 'secret "train-secrets" not found'))
    found = only(why(FakeAccount(), PENDING, (pod,)))
    assert found.cause == "a ConfigMap, a Secret or a key that the container names does not exist"


def test_a_volume_that_cannot_be_mounted_is_told_and_a_container_that_is_only_being_made_is_not() -> None:
    pod = a_pod(0, "Pending", waiting("ContainerCreating"))
    assert why(FakeAccount(), PENDING, (pod,)) == []
    mount = an_event(pod.uid, "FailedMount", "MountVolume.SetUp failed for volume fsx")
    found = only(why(FakeAccount(), PENDING, (pod,), (mount,)))
    assert found.message.endswith("MountVolume.SetUp failed for volume fsx")
    assert "a volume cannot be mounted" in (found.cause or "")
    sandbox = an_event(pod.uid, "FailedCreatePodSandBox", "failed to assign an IP address to container")
    assert "no address" in (only(why(FakeAccount(), PENDING, (pod,), (sandbox,))).cause or "")


def test_an_init_container_counts_too() -> None:
    pod = replace(
        a_pod(0, "Pending", waiting("PodInitializing")), init_containers=(waiting("ErrImagePull", "not found"),)
    )
    assert only(why(FakeAccount(), PENDING, (pod,))).message == "rank 0 is in `ErrImagePull`: not found"


def test_a_crash_loop_is_told() -> None:
    pod = a_pod(0, "Running", waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container"))
    assert "waits longer each time" in (only(why(FakeAccount(), a_job(), (pod,))).cause or "")


# ---- no pods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("pods is forbidden: exceeded quota: team, requested: pods=2", "a ResourceQuota of the namespace is used up"),
        ('violates PodSecurity "restricted:latest"', "Pod Security level"),
        ('admission webhook "v.example" denied the request', "a policy of the cluster"),
        ('error looking up service account team/x: serviceaccount "x" not found', "does not exist"),
    ],
)
def test_pods_that_are_refused_are_told_by_the_jobs_event(words: str, cause: str) -> None:
    found = only(why(FakeAccount(), PENDING, (), (an_event("uid-train", "FailedCreate", words),)))
    assert found.message == f"no pods were made: {words}"
    assert cause in (found.cause or "")


def test_an_operator_that_makes_no_pods_is_suspected_after_a_while() -> None:
    young = a_job(state=JobState.PENDING, created=NOW)
    assert why(FakeAccount(), young) == []
    assert "the operator of PyTorchJobs does not run" in (only(why(FakeAccount(), PENDING)).cause or "")
    batch = a_job(state=JobState.PENDING, kind=BATCH_JOB, raw={})
    assert "Kubernetes' job controller" in (only(why(FakeAccount(), batch)).cause or "")


@pytest.mark.parametrize(
    "status",
    [
        {"active": 2},
        {"replicaStatuses": {"Master": {"active": 1}}},
        {"replicatedJobsStatus": [{"name": "n", "ready": 1}]},
    ],
)
def test_pods_that_only_the_status_tells_of_are_not_missed(status: dict[str, Any]) -> None:
    assert why(FakeAccount(), a_job(state=JobState.PENDING, raw={"status": status})) == []


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_waits_for_nothing(state: JobState) -> None:
    assert (
        why(FakeAccount(), a_job(state=state), (a_pod(0, "Pending", ContainerState("c", False, "ErrImagePull")),)) == []
    )
