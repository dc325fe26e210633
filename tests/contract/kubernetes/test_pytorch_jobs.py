"""PyTorchJobs, where an operator serves them: pods that find each other, and whose logs stream."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import ONE, a_pytorch_job
from tests.contract.kubernetes.space import Space, until
from tests.contract.kubernetes.test_pods import log

MASTER, WORKER = f"{ONE}-master-0", f"{ONE}-worker-0"
# All ranks meet at the master, as `torch.distributed` would: the sum of the ranks is told to everybody.
MEET = """
import os, socket, sys, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
print("rank", rank, "of", size, flush=True)
if rank == 0:
    server = socket.create_server(("0.0.0.0", place[1]))
    peers = [server.accept()[0] for _ in range(size - 1)]
    total = sum(int(peer.recv(16)) for peer in peers)
    for peer in peers:
        peer.sendall(str(total).encode())
        peer.close()
else:
    for _ in range(100):
        try:
            peer = socket.create_connection(place, 5)
            break
        except OSError:
            time.sleep(0.2)
    # However late the others are.
    peer.settimeout(None)
    peer.sendall(str(rank).encode())
    total = int(peer.recv(16))
for step in range(3):
    print("step", step, flush=True)
    time.sleep(0.3)
print("sum", total, flush=True)
"""
SCRIPT = f"exec python3 -u - <<'END'\n{MEET}\nEND"


@pytest.fixture(autouse=True)
def _operator(space: Space) -> None:
    needs(space.cluster, "pytorchjobs")


def conditions(job: dict[str, Any]) -> dict[str, str]:
    return {row["type"]: row["status"] for row in job.get("status", {}).get("conditions") or ()}


def over(space: Space) -> dict[str, Any]:
    found: dict[str, Any] = space.becomes(
        "pytorchjobs", ONE, lambda job: "True" in {conditions(job).get(end) for end in ("Succeeded", "Failed")}
    )
    return found


def test_two_pods_find_each_other_and_their_logs_stream(space: Space) -> None:
    space.make("pytorchjobs", a_pytorch_job(SCRIPT, cleanPodPolicy="None"))
    until(
        lambda: space.get("pods", WORKER).body.get("status", {}).get("phase"),
        lambda phase: phase in {"Running", "Succeeded"},
    )
    place = space.path("pods", WORKER, sub="log")
    with space.cluster.opened("GET", place, query={"follow": "true"}) as following:
        heard = following.read().decode().splitlines()
    assert heard == ["rank 1 of 2", "step 0", "step 1", "step 2", "sum 1"]
    job = over(space)
    assert (conditions(job)["Created"], conditions(job)["Succeeded"]) == ("True", "True")
    assert job["status"]["replicaStatuses"]["Master"]["succeeded"] == 1
    assert log(space, MASTER).splitlines()[0] == "rank 0 of 2"
    assert log(space, MASTER).splitlines()[-1] == "sum 1"


def test_pods_and_services_carry_the_jobs_name_and_the_environment_of_torch(space: Space) -> None:
    space.make("pytorchjobs", a_pytorch_job(f"env; {SCRIPT}", workers=2, cleanPodPolicy="None"))
    over(space)
    chosen = space.get("pods", labelSelector=f"training.kubeflow.org/job-name={ONE}").good()["items"]
    labels = {item["metadata"]["name"]: item["metadata"]["labels"] for item in chosen}
    assert {*labels} == {MASTER, WORKER, f"{ONE}-worker-1"}
    assert labels[MASTER]["training.kubeflow.org/replica-type"] == "master"
    assert labels[f"{ONE}-worker-1"]["training.kubeflow.org/replica-index"] == "1"
    assert MASTER in space.get("services").names
    for name in labels:
        # The job is over with its master; the workers go on.
        space.becomes("pods", name, lambda pod: pod["status"].get("phase") == "Succeeded")
    found = {name: dict(line.partition("=")[::2] for line in log(space, name).splitlines()) for name in labels}
    assert {name: (env["RANK"], env["WORLD_SIZE"]) for name, env in found.items()} == {
        MASTER: ("0", "3"),
        WORKER: ("1", "3"),
        f"{ONE}-worker-1": ("2", "3"),
    }
    assert {env["MASTER_PORT"] for env in found.values()} == {"23456"}
    assert found[WORKER]["MASTER_ADDR"] == MASTER


def test_a_job_whose_master_fails_for_good_has_failed(space: Space) -> None:
    body = a_pytorch_job('[ "$RANK" = 0 ] && exit 1; sleep 60')
    for replica in body["spec"]["pytorchReplicaSpecs"].values():
        replica["restartPolicy"] = "Never"
    space.make("pytorchjobs", body)
    job = over(space)
    assert conditions(job)["Failed"] == "True"
    until(
        lambda: space.get("pods", WORKER).body.get("status", {}).get("phase", "gone"), lambda phase: phase != "Running"
    )


def test_a_job_that_succeeded_keeps_or_clears_its_pods(space: Space) -> None:
    space.make("pytorchjobs", a_pytorch_job('[ "$RANK" = 0 ] || sleep 60', cleanPodPolicy="Running"))
    over(space)
    until(lambda: space.get("pods").names, lambda names: names == [MASTER])


def test_a_suspended_job_has_no_pods(space: Space) -> None:
    space.make("pytorchjobs", a_pytorch_job("true", suspend=True))
    space.becomes("pytorchjobs", ONE, lambda job: conditions(job).get("Suspended") == "True")
    assert space.get("pods").names == []
    space.cluster.patch(space.path("pytorchjobs", ONE), {"spec": {"runPolicy": {"suspend": False}}}).good()
    assert conditions(over(space))["Succeeded"] == "True"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pytorchReplicaSpecs": {"Master": {"replicas": "two"}}}, "spec.pytorchReplicaSpecs.Master.replicas"),
        ({"runPolicy": {"backoffLimit": "many"}}, "spec.runPolicy.backoffLimit"),
        ({"pytorchReplicaSpecs": None}, "spec.pytorchReplicaSpecs: Required value"),
    ],
)
def test_a_job_that_breaks_the_schema_is_refused(space: Space, change: dict[str, Any], said: str) -> None:
    body = a_pytorch_job("true")
    body["spec"] = {name: value for name, value in {**body["spec"], **change}.items() if value is not None}
    answer = space.cluster.post(space.path("pytorchjobs"), body)
    assert answer.refusal == (422, "Invalid")
    assert said in answer.message


def test_a_job_goes_with_its_pods(space: Space) -> None:
    space.make("pytorchjobs", a_pytorch_job("sleep 60"))
    until(lambda: space.get("pods").names, lambda names: len(names) == 2)
    space.cluster.delete(space.path("pytorchjobs", ONE)).good()
    space.goes("pytorchjobs", ONE)
    until(lambda: space.get("pods").names, lambda names: not names)
