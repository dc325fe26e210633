"""`hpctl queue` and jobs in a queue, as people type it: a team's quota is one node of two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.cli.account import Account
from tests.functional.job.cli.conftest import Jobs
from tests.functional.sandbox.running import until

pytestmark = [pytest.mark.functional, pytest.mark.slow]

TEAM = "hyperpod-ns-vision"
QUEUE, CLUSTER_QUEUE = f"{TEAM}-localqueue", f"{TEAM}-clusterqueue"
WORDS = ("--namespace", TEAM, "--queue", QUEUE, "--accelerators", "H100:8")
ADDON = "amazon-sagemaker-hyperpod-taskgovernance"

UNBOUND = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteMany], storageClassName: nowhere, resources: { requests: { storage: 1Gi } } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: mounts }
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: python:3.12
          command: [sleep, "600"]
          resources: { requests: { cpu: 1 }, limits: { cpu: 1 } }
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
"""


def reason(jobs: Jobs, name: str) -> str:
    """Why a job waits, once Kueue has said it."""
    found = until(
        lambda: jobs.hpctl("job", "describe", name, "-n", TEAM, "-o", "json").json(),
        lambda one: "waits in queue" in str(one["diagnoses"]) and " more " in str(one["diagnoses"]),
    )
    assert found["state"] == "Queued"
    return str(found["diagnoses"])


@pytest.fixture
def team(jobs: Jobs) -> Iterator[Jobs]:
    """A team that has half of the cluster, and may not borrow the other."""
    hpctl = jobs.hpctl
    account = Account(hpctl.env["AWS_ENDPOINT_URL"], hpctl.env["AWS_REGION"], hpctl.env)
    eks, sagemaker = account.client("eks"), account.client("sagemaker")
    arn = sagemaker.list_clusters()["ClusterSummaries"][0]["ClusterArn"]
    on = sagemaker.describe_cluster(ClusterName=arn)["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
    eks.create_addon(clusterName=on, addonName=ADDON)
    quota = {
        "ComputeQuotaResources": [{"InstanceType": "ml.p5.48xlarge", "Count": 1}],
        "ResourceSharingConfig": {"Strategy": "DontLend"},
        "PreemptTeamTasks": "LowerPriority",
    }
    sagemaker.create_compute_quota(
        Name="vision", ClusterArn=arn, ComputeQuotaTarget={"TeamName": "vision"}, ComputeQuotaConfig=quota
    )
    classes = {"PriorityClasses": [{"Name": "urgent", "Weight": 90}]}
    sagemaker.create_cluster_scheduler_config(Name="policy", ClusterArn=arn, SchedulerConfig=classes)
    until(lambda: hpctl("queue", "list", "-o", "name", ends=None), lambda ended: ended.out == f"{CLUSTER_QUEUE}\n")
    yield jobs
    for name in ("first", "second", "urgent"):
        hpctl("job", "delete", name, "-n", TEAM, "--yes", ends=None)
    eks.delete_addon(clusterName=on, addonName=ADDON)


@pytest.mark.scorecard(45)
def test_jobs_of_a_team_wait_for_its_quota_and_for_the_more_important(team: Jobs) -> None:
    hpctl = team.hpctl
    hpctl("job", "submit", "--name", "first", *WORDS, "--", "sleep 600")
    hpctl("job", "submit", "--name", "second", *WORDS, "--", "sleep 600")
    assert "needs 8 more nvidia.com/gpu" in reason(team, "second")
    never = hpctl("job", "submit", "--name", "wide", "--nodes", "2", *WORDS, "--", "true", ends=20)
    assert "nvidia.com/gpu: 16 asked for, 8 at most" in never.err
    hpctl("job", "submit", "--name", "urgent", *WORDS, "--priority", "urgent-priority", "--", "sleep 600")
    assert "a job of higher priority" in reason(team, "first")
    report = hpctl("queue", "describe", f"{TEAM}/{QUEUE}", "-o", "json").json()
    assert sorted(row["job"] for row in report["waiting"]) == ["pytorchjob/first", "pytorchjob/second"]
    [gpus] = [row for row in report["queue"]["amounts"] if row["resource"] == "nvidia.com/gpu"]
    assert (gpus["quota"], gpus["used"], gpus["borrowed"]) == (8, 8, 0)
    hpctl("job", "cancel", "urgent", "-n", TEAM, "--yes")
    until(lambda: _states(team), lambda states: "Running" in (states["pytorchjob/first"], states["pytorchjob/second"]))


def _states(jobs: Jobs) -> dict[str, str]:
    rows = jobs.hpctl("job", "list", "-n", TEAM, "-o", "json").json()["jobs"]
    return {row["job"]: row["state"] for row in rows}


@pytest.mark.scorecard(45)
def test_a_job_whose_claim_has_no_volume_says_so(jobs: Jobs) -> None:
    jobs.hpctl("job", "submit", jobs.write("mounts.yaml", UNBOUND))
    found = until(
        lambda: jobs.hpctl("job", "describe", "mounts", "-o", "json").json(), lambda one: "volume" in str(one)
    )
    assert (found["state"], found["diagnoses"][0]["cause"]) == (
        "Pending",
        "claim `data` has no volume yet: it is Pending, with storage class `nowhere`",
    )
    jobs.hpctl("job", "delete", "mounts", "--yes")
