from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.agents import AgentState, Order, Told
from hpctl.sandbox.kube.controllers.hyperpod_jobs import HyperPodJobs
from hpctl.sandbox.kube.crds.hyperpod import hyperpodpytorchjobs
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged, template

NAMES = ["job-n-0", "job-n-1"]
NEXT = {Order.START: AgentState.RUNNING, Order.STOP: AgentState.READY, Order.SHUTDOWN: AgentState.SHUTDOWN}


class FakeAgents:
    """Agents that do at once what they are told; a pod without one is silent."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}
        self.orders: list[tuple[str, str, Any]] = []
        self.asked = 0

    def ask(self, pod: Object) -> Told | None:
        self.asked += 1
        return self.told.get(pod["metadata"]["name"])

    def order(self, pod: Object, order: Order, body: Object) -> None:
        name = pod["metadata"]["name"]
        self.orders.append((name, order.value, body))
        self.told[name] = Told(NEXT[order])

    def are(self, state: AgentState, *names: str, why: str = "") -> None:
        self.told |= dict.fromkeys(names or NAMES, Told(state, why))

    def words(self) -> list[tuple[str, str]]:
        said, self.orders = self.orders, []
        return [(name, order) for name, order, _ in said]


@pytest.fixture
def agents() -> FakeAgents:
    return FakeAgents()


@pytest.fixture
def stage(agents: FakeAgents) -> Iterator[Stage]:
    with staged(partial(HyperPodJobs, agents=agents)) as made:
        made.create(copy.deepcopy(hyperpodpytorchjobs()))
        made.wait()
        yield made


def submit(stage: Stage, nodes: int = 2, **policy: Any) -> None:
    replica = {"name": "n", "replicas": nodes, "template": template(restartPolicy="Always")}
    spec = {"replicaSpecs": [replica], "runPolicy": {"cleanPodPolicy": "None", **policy}}
    kind = {"apiVersion": "sagemaker.amazonaws.com/v1", "kind": "HyperPodPyTorchJob"}
    stage.create({**kind, "metadata": {"name": "job"}, "spec": spec})
    stage.wait()


def run(stage: Stage, agents: FakeAgents) -> None:
    """Let all pods that wait run, and their agents be ready."""
    for number, pod in enumerate(stage.pods()):
        name = pod["metadata"]["name"]
        if pod.get("status", {}).get("phase") in (None, "Pending"):
            stage.run(name)
            stage.change("Pod", name, {"status": {"podIP": f"10.0.0.{number}"}}, "status")
            agents.are(AgentState.READY, name)
    stage.wait()


def status(stage: Stage) -> Object:
    found: Object = stage.get("HyperPodPyTorchJob", "job")["status"]
    return found


def true(stage: Stage) -> set[str]:
    return {row["type"] for row in status(stage)["conditions"] if row["status"] == "True"}


def test_pods_are_named_by_replica_and_labelled_by_job_and_never_come_back_by_themselves(stage: Stage) -> None:
    submit(stage)
    pods = stage.pods()
    assert [pod["metadata"]["name"] for pod in pods] == NAMES
    assert {pod["metadata"]["labels"]["HPJob"] for pod in pods} == {"job"}
    assert {pod["spec"]["restartPolicy"] for pod in pods} == {"Never"}
    stage.wait()
    assert [row["name"] for row in status(stage)["jobPods"]] == NAMES
    assert true(stage) == {"Created"}


def test_all_agents_are_started_with_their_ranks_once_all_are_ready(stage: Stage, agents: FakeAgents) -> None:
    rules = [{"name": "slow", "logPattern": "step"}]
    submit(stage, logMonitoringConfiguration=rules)
    stage.run("job-n-0")
    agents.are(AgentState.READY, "job-n-0")
    stage.wait(5)
    assert agents.orders == []
    run(stage, agents)
    first, second = (body for _, _, body in agents.orders)
    assert [(name, order) for name, order, _ in agents.orders] == [(name, "start") for name in NAMES]
    assert (first["rank"], second["rank"], first["nnodes"], first["faultCount"]) == (0, 1, 2, 0)
    assert second["master_addr"] == first["rankIps"][0]["ip"] == status(stage)["masterAddr"]
    assert second["log_monitoring_configuration"] == rules
    assert true(stage) == {"Created", "Running"}


def test_it_has_completed_when_all_agents_have_and_these_are_let_go(stage: Stage, agents: FakeAgents) -> None:
    submit(stage)
    run(stage, agents)
    agents.words()
    agents.are(AgentState.COMPLETED, "job-n-0")
    stage.wait()
    assert "Completed" not in true(stage)
    agents.are(AgentState.COMPLETED)
    stage.wait(2)
    assert true(stage) == {"Created", "Completed"}
    assert agents.words() == [(name, "shutdown") for name in NAMES]
    assert len(stage.pods()) == 2


def test_a_fault_stops_all_and_starts_them_again_as_often_as_is_allowed(stage: Stage, agents: FakeAgents) -> None:
    submit(stage, jobMaxRetryCount=1)
    run(stage, agents)
    uids = [pod["metadata"]["uid"] for pod in stage.pods()]
    agents.words()
    agents.are(AgentState.FAULTED, "job-n-1", why="LogStateHanging_slow")
    stage.wait(3)
    assert agents.words() == [("job-n-0", "stop"), ("job-n-1", "stop"), ("job-n-0", "start"), ("job-n-1", "start")]
    assert [pod["metadata"]["uid"] for pod in stage.pods()] == uids
    told = status(stage)
    assert (told["restartCount"], true(stage)) == (1, {"Created", "Running"})
    assert told["latestFaultyPodInstanceList"]["faultyRankList"] == ["1"]
    agents.are(AgentState.FAULTED, "job-n-1", why="LogStateHanging_slow")
    stage.wait(3)
    assert true(stage) == {"Created", "Failed"}
    assert "rank 1: LogStateHanging_slow" in status(stage)["conditions"][-1]["message"]
    assert agents.words()[-1] == ("job-n-1", "shutdown")


def test_a_pod_that_is_lost_is_made_anew_and_the_others_stay(stage: Stage, agents: FakeAgents) -> None:
    submit(stage, jobMaxRetryCount=3)
    run(stage, agents)
    kept = stage.get("Pod", "job-n-1")["metadata"]["uid"]
    stage.delete("Pod", "job-n-0", grace_s=0)
    agents.told.pop("job-n-0")
    stage.wait(3)
    assert "Running" not in true(stage)
    run(stage, agents)
    assert (status(stage)["restartCount"], true(stage)) == (1, {"Created", "Running"})
    assert stage.get("Pod", "job-n-1")["metadata"]["uid"] == kept
    assert [body["faultCount"] for _, order, body in agents.orders if order == "start"] == [0, 0, 1, 1]


def test_pods_are_made_anew_after_as_many_restarts_as_the_policy_says(stage: Stage, agents: FakeAgents) -> None:
    rules = {"evalPeriodSeconds": 3600, "numRestartBeforeFullJobRestart": 1, "maxFullJobRestarts": 1}
    submit(stage, restartPolicy=rules)
    run(stage, agents)
    uids = {pod["metadata"]["uid"] for pod in stage.pods()}
    for again in ("StandardRestart", "FullJobRestart"):
        agents.are(AgentState.FAULTED, "job-n-0")
        stage.wait(1)
        assert status(stage)["latestFaultyPodInstanceList"]["restartType"] == again
        stage.wait(40)
        run(stage, agents)
    assert uids.isdisjoint(pod["metadata"]["uid"] for pod in stage.pods())
    assert status(stage)["restartStatus"] == {"restartCount": 0, "fullJobRestartCount": 1, "currentEvalPeriod": 0}
    agents.are(AgentState.FAULTED, "job-n-0")
    stage.wait(3)
    agents.are(AgentState.FAULTED, "job-n-0")
    stage.wait(3)
    assert "maxFullJobRestarts" in status(stage)["conditions"][-1]["message"]


def test_limits_begin_anew_with_each_period_of_evaluation(stage: Stage, agents: FakeAgents) -> None:
    submit(
        stage, restartPolicy={"evalPeriodSeconds": 100, "numRestartBeforeFullJobRestart": 1, "maxFullJobRestarts": 0}
    )
    run(stage, agents)
    for _ in range(3):
        agents.are(AgentState.FAULTED, "job-n-0")
        stage.wait(100)
    assert true(stage) == {"Created", "Running"}
    assert status(stage)["restartCount"] == 3


@pytest.mark.parametrize(
    ("policy", "limit"),
    [
        ({"startupDeadlineSeconds": 30}, "startupDeadlineSeconds"),
        ({"activeDeadlineSeconds": 30}, "activeDeadlineSeconds"),
    ],
)
def test_pods_without_an_agent_never_start_until_a_deadline(stage: Stage, policy: Object, limit: str) -> None:
    submit(stage, **policy)
    for name in NAMES:
        stage.run(name)
    stage.wait(20)
    assert true(stage) == {"Created"}
    stage.wait(15)
    assert true(stage) == {"Created", "Failed"}
    assert limit in status(stage)["conditions"][-1]["message"]


def test_a_fault_that_lasts_too_long_is_the_end(stage: Stage, agents: FakeAgents) -> None:
    submit(stage, faultDeadlineSeconds=60, startupDeadlineSeconds=5)
    run(stage, agents)
    agents.are(AgentState.FAULTED, "job-n-0")
    stage.wait(0.4)
    agents.are(AgentState.STOPPING)
    stage.wait(50)
    assert true(stage) == {"Created", "Fault"}
    stage.wait(20)
    assert true(stage) == {"Created", "Fault", "Failed"}
    assert "faultDeadlineSeconds" in status(stage)["conditions"][-1]["message"]


@pytest.mark.parametrize(("codes", "end"), [((0, 0), "Completed"), ((0, 3), "Failed")])
def test_pods_that_end_by_themselves_have_ended_as_their_codes_say(
    stage: Stage, codes: tuple[int, int], end: str
) -> None:
    submit(stage, jobMaxRetryCount=0)
    for name, code in zip(NAMES, codes, strict=True):
        stage.run(name)
        stage.end(name, code)
    stage.wait(3)
    assert true(stage) == {"Created", end}
    assert len(stage.pods()) == 2


def test_one_that_is_suspended_has_no_pods_until_it_is_resumed(stage: Stage, agents: FakeAgents) -> None:
    submit(stage)
    run(stage, agents)
    stage.change("HyperPodPyTorchJob", "job", {"spec": {"runPolicy": {"suspend": True}}})
    stage.wait(40)
    assert (stage.pods(), true(stage)) == ([], {"Created", "Suspended"})
    stage.change("HyperPodPyTorchJob", "job", {"spec": {"runPolicy": {"suspend": False}}})
    stage.wait()
    run(stage, agents)
    assert true(stage) == {"Created", "Running"}


@pytest.mark.parametrize(("policy", "left"), [("All", []), ("Running", ["job-n-0"]), ("None", NAMES)])
def test_pods_of_a_job_that_has_ended_are_cleaned_up_as_it_says(
    stage: Stage, agents: FakeAgents, policy: str, left: list[str]
) -> None:
    submit(stage, cleanPodPolicy=policy, jobMaxRetryCount=0)
    run(stage, agents)
    stage.end("job-n-0", 1)
    agents.told.pop("job-n-0")
    stage.wait(40)
    assert true(stage) == {"Created", "Failed"}
    assert [pod["metadata"]["name"] for pod in stage.pods() if "deletionTimestamp" not in pod["metadata"]] == left


def test_it_goes_when_its_time_after_the_end_is_over(stage: Stage, agents: FakeAgents) -> None:
    submit(stage, nodes=1, ttlSecondsAfterFinished=60)
    stage.run("job-n-0")
    stage.end("job-n-0")
    stage.wait(50)
    assert stage.names("HyperPodPyTorchJob") == ["job"]
    stage.wait(20)
    assert (stage.names("HyperPodPyTorchJob"), stage.pods()) == ([], [])


def test_pods_without_an_agent_are_asked_less_often_after_a_while(stage: Stage, agents: FakeAgents) -> None:
    submit(stage)
    for name in NAMES:
        stage.run(name)
    asked = []
    for _ in range(3):
        agents.asked = 0
        stage.wait(30)
        asked.append(agents.asked)
    assert asked[0] > 100
    assert asked[2] < 20
    agents.are(AgentState.READY)
    stage.wait(6)
    assert true(stage) == {"Created", "Running"}
