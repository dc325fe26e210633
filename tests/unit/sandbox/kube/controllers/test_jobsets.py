from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.jobs import Jobs
from hpctl.sandbox.kube.controllers.jobsets import JobSets
from hpctl.sandbox.kube.crds.jobset import jobsets
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(JobSets, Jobs) as made:
        made.create(copy.deepcopy(jobsets()))
        made.wait()
        yield made


def replicated(name: str = "n", nodes: int = 2, **members: Any) -> Object:
    spec = {"parallelism": nodes, "completions": nodes, "completionMode": "Indexed", "backoffLimit": 0}
    return {"name": name, "template": {"spec": {**spec, "template": template()}}, **members}


def jobset(*jobs: Object, **spec: Any) -> Object:
    body = {"replicatedJobs": list(jobs or (replicated(),)), **spec}
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": {"name": "js"}, "spec": body}


def names(stage: Stage) -> list[str]:
    return [pod["spec"]["hostname"] for pod in stage.pods()]


def status(stage: Stage) -> Object:
    found: Object = stage.get("JobSet", "js")["status"]
    return found


def run(stage: Stage) -> None:
    """Let all pods that wait run."""
    for pod in stage.pods():
        if pod.get("status", {}).get("phase") in (None, "Pending"):
            stage.run(pod["metadata"]["name"])
    stage.wait()


def end(stage: Stage, hostname: str, code: int = 0) -> None:
    pod = next(pod for pod in reversed(stage.pods()) if pod["spec"]["hostname"] == hostname)
    stage.end(pod["metadata"]["name"], code)
    stage.wait(30)


def test_each_replica_is_a_job_whose_pods_have_names_of_their_own(stage: Stage) -> None:
    stage.create(jobset(replicated(replicas=2), network={"subdomain": "mesh"}))
    stage.wait()
    assert sorted(stage.names("Job")) == ["js-n-0", "js-n-1"]
    assert sorted(names(stage)) == ["js-n-0-0", "js-n-0-1", "js-n-1-0", "js-n-1-1"]
    pod = stage.pods()[-1]
    assert pod["spec"]["subdomain"] == "mesh"
    told = {key.partition("/")[2]: value for key, value in pod["metadata"]["labels"].items() if "jobset.sigs" in key}
    assert told["jobset-name"] == "js"
    assert {told[key] for key in ("job-index", "job-global-index")} == {told["job-index"]}
    assert (told["global-replicas"], told["restart-attempt"], len(told["job-key"])) == ("2", "0", 40)
    service = stage.get("Service", "mesh")["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    assert service["selector"] == {"jobset.sigs.k8s.io/jobset-name": "js"}


def test_it_is_completed_when_all_jobs_are(stage: Stage) -> None:
    stage.create(jobset(replicated("a", 1), replicated("b", 1)))
    stage.wait()
    run(stage)
    rows = {row["name"]: (row["active"], row["ready"]) for row in status(stage)["replicatedJobsStatus"]}
    assert rows == {"a": (1, 1), "b": (1, 1)}
    end(stage, "js-a-0-0")
    assert "terminalState" not in status(stage)
    end(stage, "js-b-0-0")
    assert status(stage)["terminalState"] == "Completed"
    assert stage.conditions("JobSet", "js") == {"Completed": ("True", "AllJobsCompleted")}


def test_one_that_counts_is_enough_and_the_others_are_ended(stage: Stage) -> None:
    policy = {"operator": "Any", "targetReplicatedJobs": ["driver"]}
    stage.create(jobset(replicated("driver", 1), replicated("workers", 2), successPolicy=policy))
    stage.wait()
    run(stage)
    end(stage, "js-driver-0-0")
    assert status(stage)["terminalState"] == "Completed"
    assert stage.names("Job") == ["js-driver-0"]


def test_without_a_failure_policy_the_first_failure_is_the_end(stage: Stage) -> None:
    stage.create(jobset())
    stage.wait()
    run(stage)
    end(stage, "js-n-0-1", 3)
    assert stage.conditions("JobSet", "js") == {"Failed": ("True", "FailedJobs")}
    assert status(stage)["conditions"][0]["message"].endswith("(first failed job: js-n-0)")


def test_all_ranks_are_made_again_as_often_as_is_allowed(stage: Stage) -> None:
    stage.create(jobset(failurePolicy={"maxRestarts": 1}))
    stage.wait()
    run(stage)
    end(stage, "js-n-0-0", 1)
    again = stage.pods()
    assert (status(stage)["restarts"], len(again)) == (1, 2)
    assert {pod["metadata"]["labels"]["jobset.sigs.k8s.io/restart-attempt"] for pod in again} == {"1"}
    run(stage)
    end(stage, "js-n-0-1", 1)
    assert stage.conditions("JobSet", "js") == {"Failed": ("True", "ReachedMaxRestarts")}
    assert status(stage)["restarts"] == 1


@pytest.mark.parametrize(
    ("action", "reason"),
    [("FailJobSet", "FailJobSetFailurePolicyAction"), ("RestartJobSetAndIgnoreMaxRestarts", None)],
)
def test_a_rule_of_the_failure_policy_decides(stage: Stage, action: str, reason: str | None) -> None:
    rule = {"name": "r", "action": action, "onJobFailureReasons": ["BackoffLimitExceeded"]}
    stage.create(jobset(failurePolicy={"maxRestarts": 0, "rules": [rule]}))
    stage.wait()
    run(stage)
    end(stage, "js-n-0-0", 1)
    if reason:
        assert stage.conditions("JobSet", "js") == {"Failed": ("True", reason)}
    else:
        assert (status(stage)["restarts"], status(stage)["restartsCountTowardsMax"]) == (1, 0)


def test_one_that_is_suspended_has_no_pods_until_it_is_resumed(stage: Stage) -> None:
    stage.create(jobset(suspend=True))
    stage.wait()
    assert (stage.pods(), stage.names("Job")) == ([], ["js-n-0"])
    assert stage.conditions("JobSet", "js") == {"Suspended": ("True", "SuspendedJobs")}
    assert status(stage)["replicatedJobsStatus"][0]["suspended"] == 1
    stage.change("JobSet", "js", {"spec": {"suspend": False}})
    stage.wait()
    assert len(stage.pods()) == 2
    assert stage.conditions("JobSet", "js") == {"Suspended": ("False", "ResumeJobs")}
    stage.change("JobSet", "js", {"spec": {"suspend": True}})
    stage.wait(30)
    assert [pod for pod in stage.pods() if pod["status"].get("phase") == "Running"] == []


@pytest.mark.parametrize(
    ("first", "second", "spec"),
    [
        ({}, {}, {"startupPolicy": {"startupPolicyOrder": "InOrder"}}),
        ({}, {"dependsOn": [{"name": "a", "status": "Ready"}]}, {}),
    ],
)
def test_who_waits_for_others_starts_when_these_are_ready(
    stage: Stage, first: Object, second: Object, spec: Object
) -> None:
    stage.create(jobset(replicated("a", 1, **first), replicated("b", 1, **second), **spec))
    stage.wait()
    assert stage.names("Job") == ["js-a-0"]
    run(stage)
    assert sorted(stage.names("Job")) == ["js-a-0", "js-b-0"]


def test_it_goes_when_its_time_after_the_end_is_over(stage: Stage) -> None:
    stage.create(jobset(replicated("a", 1), ttlSecondsAfterFinished=60))
    stage.wait()
    run(stage)
    end(stage, "js-a-0-0")
    assert stage.names("JobSet") == ["js"]
    stage.wait(60)
    assert (stage.names("JobSet"), stage.names("Job"), stage.pods()) == ([], [], [])


def test_one_that_somebody_else_manages_is_left_alone(stage: Stage) -> None:
    stage.create(jobset(managedBy="kueue.x-k8s.io/multikueue"))
    stage.wait()
    assert stage.names("Job") == []
