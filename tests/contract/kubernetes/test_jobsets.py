"""JobSets, where a controller serves them: jobs whose pods know each other by name, and that end together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import ONE, a_container, an_object
from tests.contract.kubernetes.space import Space
from tests.contract.kubernetes.test_pods import log

VERSION = "jobset.x-k8s.io/v1alpha2"
# Each calls the other by the name that JobSet promises, is called by it, and says what it is. Neither leaves before:
# a pod's name goes with it, however late the other begins.
MEET = f"""
exec python3 - <<'END'
import os, socket, time
server = socket.create_server(("0.0.0.0", 18083))
index = int(os.environ["JOB_COMPLETION_INDEX"])
while True:
    try:
        socket.create_connection((f"{ONE}-n-0-{{1 - index}}.{ONE}", 18083), 5).close()
        break
    except OSError:
        time.sleep(0.2)
server.accept()
print(index, "on", socket.gethostname())
END
"""


@pytest.fixture(autouse=True)
def _controller(space: Space) -> None:
    needs(space.cluster, "jobsets")


def replicated(name: str, script: str, pods: int = 1, **members: Any) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [a_container(script)]}
    sizes = {"parallelism": pods, "completions": pods, "backoffLimit": 0}
    return {"name": name, "template": {"spec": {**sizes, "template": {"spec": pod}}}, **members}


def a_jobset(*jobs: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return an_object("JobSet", ONE, VERSION, spec={"replicatedJobs": list(jobs), **spec})


def over(space: Space) -> dict[str, Any]:
    found: dict[str, Any] = space.becomes("jobsets", ONE, lambda one: one.get("status", {}).get("terminalState"))
    status: dict[str, Any] = found["status"]
    return status


def reasons(status: dict[str, Any]) -> dict[str, str]:
    return {row["type"]: row["reason"] for row in status["conditions"] if row["status"] == "True"}


def test_pods_find_each_other_by_the_names_that_jobset_promises(space: Space) -> None:
    space.make("jobsets", a_jobset(replicated("n", MEET, pods=2)))
    status = over(space)
    assert (status["terminalState"], reasons(status)) == ("Completed", {"Completed": "AllJobsCompleted"})
    (row,) = status["replicatedJobsStatus"]
    assert (row["name"], row["succeeded"], row["failed"]) == ("n", 1, 0)
    pods = space.get("pods", labelSelector=f"jobset.sigs.k8s.io/jobset-name={ONE}").good()["items"]
    said = {log(space, pod["metadata"]["name"]).strip() for pod in pods}
    assert said == {f"{index} on {ONE}-n-0-{index}" for index in range(2)}
    assert {pod["metadata"]["labels"]["jobset.sigs.k8s.io/job-global-index"] for pod in pods} == {"0"}
    assert {pod["spec"]["subdomain"] for pod in pods} == {ONE}


def test_one_target_of_the_success_policy_is_enough_and_the_rest_is_ended(space: Space) -> None:
    policy = {"operator": "All", "targetReplicatedJobs": ["driver"]}
    space.make("jobsets", a_jobset(replicated("driver", "true"), replicated("rest", "sleep 300"), successPolicy=policy))
    assert over(space)["terminalState"] == "Completed"
    space.goes("jobs", f"{ONE}-rest-0")


def test_a_failure_makes_all_jobs_again_as_often_as_is_allowed(space: Space) -> None:
    jobs = (replicated("good", "sleep 300"), replicated("bad", "exit 3"))
    space.make("jobsets", a_jobset(*jobs, failurePolicy={"maxRestarts": 1}))
    status = over(space)
    assert (status["terminalState"], reasons(status)) == ("Failed", {"Failed": "ReachedMaxRestarts"})
    assert (status["restarts"], status["restartsCountTowardsMax"]) == (1, 1)


def test_who_depends_on_another_is_made_when_that_one_is_complete(space: Space) -> None:
    after = replicated("b", "true", dependsOn=[{"name": "a", "status": "Complete"}])
    space.make("jobsets", a_jobset(replicated("a", "sleep 1"), after))
    assert space.get("jobs", f"{ONE}-b-0").code == 404
    assert over(space)["terminalState"] == "Completed"
    first, second = (space.get("jobs", f"{ONE}-{name}-0").good() for name in ("a", "b"))
    assert second["metadata"]["creationTimestamp"] >= first["status"]["completionTime"]


def test_one_that_is_suspended_has_jobs_and_no_pods_until_it_is_resumed(space: Space) -> None:
    space.make("jobsets", a_jobset(replicated("n", "true"), suspend=True))
    found = space.becomes("jobsets", ONE, lambda one: one.get("status", {}).get("conditions"))
    assert reasons(found["status"]) == {"Suspended": "SuspendedJobs"}
    space.becomes("jobs", f"{ONE}-n-0", lambda job: job["spec"]["suspend"])
    assert space.get("pods").good()["items"] == []
    space.cluster.patch(space.path("jobsets", ONE), {"spec": {"suspend": False}}).good()
    assert over(space)["terminalState"] == "Completed"


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"replicas": "two"}, "replicas"), ({"dependsOn": [{"name": "a", "status": "Soon"}]}, "status")],
)
def test_what_the_definition_does_not_take_is_refused(space: Space, fault: dict[str, Any], said: str) -> None:
    answer = space.cluster.post(space.path("jobsets"), a_jobset(replicated("n", "true", **fault)))
    # JobSet's own webhook comes before the API's judgement, and cannot read what is no number.
    assert answer.code in (400, 422)
    assert said in answer.message


def test_a_field_that_nobody_knows_is_refused_when_asked_to(space: Space) -> None:
    body = a_jobset(replicated("n", "true", replicass=2))
    answer = space.cluster.post(space.path("jobsets"), body, fieldValidation="Strict")
    assert answer.code == 400
    assert "replicass" in answer.message
