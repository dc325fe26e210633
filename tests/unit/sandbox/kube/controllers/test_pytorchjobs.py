from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.pytorchjobs import PyTorchJobs
from hpctl.sandbox.kube.crds.definitions import pytorchjobs
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(PyTorchJobs) as made:
        made.create(pytorchjobs())
        yield made


def replica(count: int, policy: str | None = "OnFailure", **pod: Any) -> Object:
    told = {} if policy is None else {"restartPolicy": policy}
    body = template("pytorch", **pod)
    del body["spec"]["restartPolicy"]
    return {"replicas": count, "template": body, **told}


def job(*, workers: int = 1, policy: str | None = "OnFailure", master: bool = True, **spec: Any) -> Object:
    specs = {"Master": replica(1, policy)} if master else {}
    if workers:
        specs["Worker"] = replica(workers, policy)
    body = {"pytorchReplicaSpecs": specs, **spec}
    return {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "metadata": {"name": "j"}, "spec": body}


def status(stage: Stage) -> Object:
    found: Object = stage.get("PyTorchJob", "j")["status"]
    return found


def conditions(stage: Stage) -> dict[str, tuple[str, str]]:
    return stage.conditions("PyTorchJob", "j")


def environment(stage: Stage, pod: str) -> dict[str, str]:
    (container,) = stage.get("Pod", pod)["spec"]["containers"]
    return {row["name"]: row["value"] for row in container["env"]}


def test_each_replica_has_its_pod_and_its_headless_service(stage: Stage) -> None:
    stage.create(job(workers=2))
    stage.wait()
    assert stage.names("Pod") == stage.names("Service") == ["j-master-0", "j-worker-0", "j-worker-1"]
    service = stage.get("Service", "j-master-0")["spec"]
    assert service["clusterIP"] == "None"
    assert [(port["name"], port["port"], port["protocol"]) for port in service["ports"]] == [
        ("pytorchjob-port", 23456, "TCP")
    ]
    labels = stage.get("Pod", "j-master-0")["metadata"]["labels"]
    assert labels == {
        "app": "x",
        "training.kubeflow.org/operator-name": "pytorchjob-controller",
        "training.kubeflow.org/job-name": "j",
        "training.kubeflow.org/replica-type": "master",
        "training.kubeflow.org/replica-index": "0",
        "training.kubeflow.org/job-role": "master",
    }
    assert service["selector"].items() < labels.items()
    assert stage.events("PyTorchJob", "j")[:2] == [
        ("Normal", "SuccessfulCreateService", "Created service: j-master-0"),
        ("Normal", "SuccessfulCreatePod", "Created pod: j-master-0"),
    ]


def test_the_environment_is_the_operators(stage: Stage) -> None:
    stage.create(job(workers=2, nprocPerNode="8"))
    stage.wait()
    shared = {
        "PYTHONUNBUFFERED": "1",
        "MASTER_ADDR": "j-master-0",
        "MASTER_PORT": "23456",
        "PET_MASTER_ADDR": "j-master-0",
        "PET_MASTER_PORT": "23456",
        "WORLD_SIZE": "24",
        "PET_NNODES": "3",
        "PET_NPROC_PER_NODE": "8",
    }
    assert environment(stage, "j-master-0") == {**shared, "RANK": "0", "PET_NODE_RANK": "0"}
    assert environment(stage, "j-worker-1") == {**shared, "RANK": "2", "PET_NODE_RANK": "2"}


def test_without_processes_a_node_counts_as_one_and_torchrun_decides(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    found = environment(stage, "j-worker-0")
    assert (found["WORLD_SIZE"], found["PET_NPROC_PER_NODE"]) == ("2", "auto")


def test_an_elastic_job_meets_at_its_first_worker(stage: Stage) -> None:
    policy = {
        "minReplicas": 1,
        "maxReplicas": 4,
        "maxRestarts": 3,
        "rdzvId": "x",
        "rdzvConf": [{"key": "timeout", "value": "1800"}, {"key": "a", "value": "b"}],
    }
    stage.create(job(workers=2, master=False, elasticPolicy=policy))
    stage.wait()
    assert environment(stage, "j-worker-1") == {
        "PYTHONUNBUFFERED": "1",
        "PET_RDZV_ENDPOINT": "j-worker-0:23456",
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ID": "x",
        "PET_RDZV_CONF": "timeout=1800,a=b",
        "PET_NNODES": "1:4",
        "PET_NPROC_PER_NODE": "auto",
        "PET_MAX_RESTARTS": "3",
    }
    assert "initContainers" not in stage.get("Pod", "j-worker-1")["spec"]


def test_workers_wait_for_the_masters_name(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    assert "initContainers" not in stage.get("Pod", "j-master-0")["spec"]
    (first,) = stage.get("Pod", "j-worker-0")["spec"]["initContainers"]
    assert first["name"] == "init-pytorch"
    assert first["env"] == [{"name": "MASTER_ADDR", "value": "j-master-0"}]


def test_a_port_of_the_users_own_is_the_meeting_point(stage: Stage) -> None:
    body = job()
    for spec in body["spec"]["pytorchReplicaSpecs"].values():
        spec["template"]["spec"]["containers"][0]["ports"] = [{"name": "pytorchjob-port", "containerPort": 29500}]
    stage.create(body)
    stage.wait()
    assert environment(stage, "j-worker-0")["MASTER_PORT"] == "29500"
    assert stage.get("Service", "j-worker-0")["spec"]["ports"][0]["port"] == 29500


def test_a_job_is_created_then_running_then_succeeded_with_its_master(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    assert conditions(stage) == {"Created": ("True", "PyTorchJobCreated")}
    for name in stage.names("Pod"):
        stage.run(name)
    stage.wait()
    assert conditions(stage)["Running"] == ("True", "PyTorchJobRunning")
    assert {kind: row["active"] for kind, row in status(stage)["replicaStatuses"].items()} == {"Master": 1, "Worker": 1}
    stage.end("j-master-0")
    stage.wait()
    assert conditions(stage) == {
        "Created": ("True", "PyTorchJobCreated"),
        "Running": ("False", "PyTorchJobRunning"),
        "Succeeded": ("True", "PyTorchJobSucceeded"),
    }
    assert status(stage)["completionTime"] == "2026-08-01T12:00:02Z"
    assert status(stage)["replicaStatuses"]["Worker"]["succeeded"] == 1
    assert stage.names("Pod") == ["j-master-0", "j-worker-0"]
    told = ("Normal", "PyTorchJobSucceeded", "PyTorchJob j is successfully completed.")
    assert told in stage.events("PyTorchJob", "j")


def test_without_a_master_all_workers_must_succeed(stage: Stage) -> None:
    stage.create(job(workers=2, master=False))
    stage.wait()
    stage.end("j-worker-0")
    stage.run("j-worker-1")
    stage.wait()
    assert "Succeeded" not in conditions(stage)
    stage.end("j-worker-1")
    stage.wait()
    assert conditions(stage)["Succeeded"] == ("True", "PyTorchJobSucceeded")


@pytest.mark.parametrize(
    ("policy", "code", "ended", "reason"),
    [
        ("Never", 1, True, "PyTorchJobFailed"),
        ("Never", 137, True, "PyTorchJobFailed"),
        ("ExitCode", 1, True, "PyTorchJobFailed"),
        ("ExitCode", 139, True, "PyTorchJobFailed"),
        ("ExitCode", 137, False, "PyTorchJobRestarting"),
        ("ExitCode", 143, False, "PyTorchJobRestarting"),
        ("OnFailure", 1, False, "PyTorchJobRestarting"),
        (None, 1, False, "PyTorchJobRestarting"),
    ],
)
def test_what_a_failed_replica_means_is_its_policys(
    stage: Stage, policy: str | None, code: int, ended: bool, reason: str
) -> None:
    stage.create(job(policy=policy))
    stage.wait()
    before = stage.get("Pod", "j-worker-0")["metadata"]["uid"]
    stage.end("j-worker-0", code)
    stage.wait()
    found = conditions(stage)
    assert found["Failed" if ended else "Restarting"] == ("True", reason)
    assert ("Failed" in found) is ended
    assert (stage.get("Pod", "j-worker-0")["metadata"]["uid"] == before) is ended
    assert stage.get("Pod", "j-master-0")["spec"]["restartPolicy"] == (
        {"Never": "Never", "ExitCode": "Never"}.get(policy or "", "OnFailure")
    )
    if ended:
        assert "completionTime" in status(stage)


def test_a_job_that_runs_again_is_restarting_no_more(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    stage.end("j-master-0", 1)
    stage.wait()
    assert conditions(stage)["Restarting"] == ("True", "PyTorchJobRestarting")
    stage.run("j-master-0")
    stage.wait()
    assert "Restarting" not in conditions(stage)
    assert conditions(stage)["Running"] == ("True", "PyTorchJobRunning")


def test_a_pod_that_goes_and_does_not_end_is_no_longer_active(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    stage.api.bind("default", "j-worker-0", "n")
    stage.run("j-worker-0")
    stage.wait()
    assert status(stage)["replicaStatuses"]["Worker"]["active"] == 1
    stage.delete("Pod", "j-worker-0")
    stage.wait()
    row = status(stage)["replicaStatuses"]["Worker"]
    assert (row.get("active"), row.get("failed")) == (None, 1)


def test_a_lost_pod_comes_again(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    before = stage.get("Pod", "j-worker-0")["metadata"]["uid"]
    stage.delete("Pod", "j-worker-0")
    stage.wait()
    assert stage.get("Pod", "j-worker-0")["metadata"]["uid"] != before


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (None, ["j-master-0", "j-worker-0"]),
        ("Running", ["j-master-0"]),
        ("All", []),
        ("None", ["j-master-0", "j-worker-0"]),
    ],
)
def test_what_is_left_of_a_job_is_its_policys(stage: Stage, policy: str | None, left: list[str]) -> None:
    told: dict[str, Any] = {} if policy is None else {"runPolicy": {"cleanPodPolicy": policy}}
    stage.create(job(**told))
    stage.wait()
    for name in stage.names("Pod"):
        stage.run(name)
    stage.end("j-master-0")
    stage.wait()
    assert stage.names("Pod") == stage.names("Service") == left


def test_a_job_goes_some_time_after_its_end(stage: Stage) -> None:
    stage.create(job(runPolicy={"ttlSecondsAfterFinished": 60}))
    stage.wait()
    stage.end("j-master-0")
    stage.wait(59)
    assert stage.names("PyTorchJob") == ["j"]
    stage.wait(3)
    assert stage.names("PyTorchJob") == stage.names("Pod") == stage.names("Service") == []


def test_a_job_that_takes_too_long_fails(stage: Stage) -> None:
    stage.create(job(runPolicy={"activeDeadlineSeconds": 60}))
    stage.wait(59)
    assert "Failed" not in conditions(stage)
    stage.wait(3)
    assert conditions(stage)["Failed"] == ("True", "PyTorchJobFailed")
    (row,) = (each for each in status(stage)["conditions"] if each["type"] == "Failed")
    assert row["message"] == "Job j has failed because it was active longer than specified deadline"
    assert stage.names("Pod") == []


def test_containers_that_restart_too_often_fail_a_job(stage: Stage) -> None:
    stage.create(job(runPolicy={"backoffLimit": 3}))
    stage.wait()
    for count, failed in ((2, False), (3, True)):
        rows = [{"name": "pytorch", "restartCount": count, "state": {"running": {}}}]
        stage.change("Pod", "j-worker-0", {"status": {"phase": "Running", "containerStatuses": rows}}, "status")
        stage.wait()
        assert ("Failed" in conditions(stage)) is failed


def test_a_suspended_job_has_no_pods_until_it_is_resumed(stage: Stage) -> None:
    stage.create(job())
    stage.wait()
    for name in stage.names("Pod"):
        stage.run(name)
    stage.wait()
    stage.change("PyTorchJob", "j", {"spec": {"runPolicy": {"suspend": True}}})
    stage.wait()
    assert stage.names("Pod") == []
    assert conditions(stage)["Suspended"] == ("True", "PyTorchJobSuspended")
    assert conditions(stage)["Running"] == ("False", "PyTorchJobSuspended")
    assert "startTime" not in status(stage)
    stage.change("PyTorchJob", "j", {"spec": {"runPolicy": {"suspend": False}}})
    stage.wait()
    assert len(stage.names("Pod")) == 2
    assert conditions(stage)["Suspended"] == ("False", "PyTorchJobResumed")


def test_workers_follow_their_number(stage: Stage) -> None:
    stage.create(job(workers=1))
    stage.wait()
    for count in (3, 2):
        stage.change("PyTorchJob", "j", {"spec": {"pytorchReplicaSpecs": {"Worker": {"replicas": count}}}})
        stage.wait()
        assert stage.names("Pod") == ["j-master-0", *(f"j-worker-{index}" for index in range(count))]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"Master": {"template": {"spec": {"containers": [{"name": "other", "image": "i"}]}}}},
            "There is no container named pytorch in Master",
        ),
        ({"Master": {"replicas": 2}}, "There must be only 1 master replica"),
        (
            {"Worker": {"template": {"spec": {"containers": [{"name": "pytorch"}]}}}},
            "Image is undefined in the container of Worker",
        ),
        (
            {"Chief": {"template": template("pytorch")}},
            "PyTorchReplicaType is Chief but must be one of [Master Worker]",
        ),
    ],
)
def test_a_job_that_the_operator_does_not_understand_stands_still_and_says_why(
    stage: Stage, change: Object, words: str
) -> None:
    body = job()
    for kind, spec in change.items():
        body["spec"]["pytorchReplicaSpecs"].setdefault(kind, {}).update(spec)
    stage.create(body)
    stage.wait()
    assert stage.names("Pod") == []
    ((kind, reason, message),) = stage.events("PyTorchJob", "j")
    assert (kind, reason) == ("Warning", "PyTorchJobFailedValidation")
    assert words in message
