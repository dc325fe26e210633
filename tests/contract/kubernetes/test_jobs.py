"""Jobs: pods until enough of them have ended well."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import ONE, a_job
from tests.contract.kubernetes.space import Space, until
from tests.contract.kubernetes.test_pods import log


def condition(job: dict[str, Any], kind: str) -> dict[str, Any]:
    rows = job.get("status", {}).get("conditions") or ()
    return next((row for row in rows if row["type"] == kind and row["status"] == "True"), {})


def over(space: Space, name: str = ONE) -> dict[str, Any]:
    found: dict[str, Any] = space.becomes(
        "jobs", name, lambda job: condition(job, "Complete") or condition(job, "Failed")
    )
    return found


def pods(space: Space) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = space.get("pods", labelSelector=f"job-name={ONE}").good()["items"]
    return found


def test_a_job_gets_a_selector_and_pods_that_are_its_own(space: Space) -> None:
    job = space.make("jobs", a_job("echo done"))
    uid = job["metadata"]["uid"]
    assert job["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": uid}
    assert (job["spec"]["parallelism"], job["spec"]["completions"], job["spec"]["backoffLimit"]) == (1, 1, 6)
    done = over(space)
    status = done["status"]
    assert (status["succeeded"], status.get("active", 0), status.get("failed", 0)) == (1, 0, 0)
    assert condition(done, "Complete")
    assert status["startTime"] <= status["completionTime"]
    (pod,) = pods(space)
    owner = pod["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Job", uid, True)
    assert pod["metadata"]["name"].startswith("one-")
    assert pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == ONE
    assert log(space, pod["metadata"]["name"]) == "done\n"


def test_a_job_runs_as_many_as_it_should_at_once(space: Space) -> None:
    space.make("jobs", a_job("sleep 1", parallelism=2, completions=3))
    space.becomes("jobs", ONE, lambda job: job.get("status", {}).get("active") == 2)
    assert over(space)["status"]["succeeded"] == 3
    assert len(pods(space)) == 3


def test_pods_of_an_indexed_job_know_their_number(space: Space) -> None:
    script = 'echo "$JOB_COMPLETION_INDEX $(hostname)"'
    space.make("jobs", a_job(script, completionMode="Indexed", completions=2, parallelism=2))
    done = over(space)
    assert done["status"]["completedIndexes"] == "0,1"
    said = sorted(log(space, pod["metadata"]["name"]) for pod in pods(space))
    assert said == ["0 one-0\n", "1 one-1\n"]
    numbers = {pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] for pod in pods(space)}
    assert numbers == {"0", "1"}


def test_a_job_that_fails_is_tried_again_and_given_up(space: Space) -> None:
    space.make("jobs", a_job("exit 1", backoffLimit=0))
    failed = over(space)
    assert condition(failed, "Failed")["reason"] == "BackoffLimitExceeded"
    assert (failed["status"]["failed"], failed["status"].get("succeeded", 0)) == (1, 0)


def test_a_job_has_its_time(space: Space) -> None:
    space.make("jobs", a_job("sleep 60", activeDeadlineSeconds=1))
    assert condition(over(space), "Failed")["reason"] == "DeadlineExceeded"
    until(lambda: [pod for pod in pods(space) if pod["status"]["phase"] == "Running"], lambda left: not left)


def test_a_suspended_job_waits(space: Space) -> None:
    space.make("jobs", a_job("true", suspend=True))
    space.becomes("jobs", ONE, lambda job: condition(job, "Suspended"))
    assert pods(space) == []
    space.cluster.patch(space.path("jobs", ONE), {"spec": {"suspend": False}}).good()
    assert over(space)["status"]["succeeded"] == 1


def test_a_job_goes_some_time_after_its_end(space: Space) -> None:
    space.make("jobs", a_job("true", ttlSecondsAfterFinished=0))
    space.goes("jobs", ONE)
    until(lambda: pods(space), lambda left: not left)


def test_an_index_that_fails_leaves_the_others_alone_and_all_pods_stay(space: Space) -> None:
    script = '[ "$JOB_COMPLETION_INDEX" != 1 ] || exit 3; sleep 1; echo done'
    spec: dict[str, Any] = {"completionMode": "Indexed", "completions": 3, "parallelism": 3, "backoffLimitPerIndex": 0}
    made = space.make("jobs", a_job(script, **spec))
    assert made["spec"]["backoffLimit"] == 2147483647
    ended = over(space)
    assert condition(ended, "Failed")["reason"] == "FailedIndexes"
    assert (ended["status"]["completedIndexes"], ended["status"]["failedIndexes"]) == ("0,2", "1")
    assert sorted(pod["status"]["phase"] for pod in pods(space)) == ["Failed", "Succeeded", "Succeeded"]
