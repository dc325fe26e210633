from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet import states
from hpctl.sandbox.kube.kubelet.states import Record, Running, State, Terminated, Waiting

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WAITS = Waiting("ContainerCreating")
RUNS = Running(NOON)
GOOD, BAD = Terminated(0, "Completed", NOON, NOON), Terminated(1, "Error", NOON, NOON)
CRASHED = ("crashed", Waiting("CrashLoopBackOff"), BAD)


def record(state: State | tuple[str, State, Terminated], **members: Any) -> Record:
    if isinstance(state, tuple):
        return Record({"name": state[0], "image": "x"}, state[1], state[2], **members)
    return Record({"name": type(state).__name__.lower(), "image": "x"}, state, **members)


@pytest.mark.parametrize(
    ("policy", "inits", "mains", "phase"),
    [
        ("Always", [], [WAITS], "Pending"),
        ("Always", [], [RUNS, WAITS], "Pending"),
        ("Always", [], [RUNS], "Running"),
        ("Always", [], [RUNS, CRASHED], "Running"),
        ("Always", [], [CRASHED], "Running"),
        ("Always", [], [GOOD], "Running"),
        ("Never", [], [GOOD], "Succeeded"),
        ("Never", [], [GOOD, RUNS], "Running"),
        ("Never", [], [GOOD, BAD], "Failed"),
        ("OnFailure", [], [GOOD, BAD], "Running"),
        ("OnFailure", [], [GOOD, GOOD], "Succeeded"),
        ("OnFailure", [], [GOOD, CRASHED], "Running"),
        ("Never", [RUNS], [WAITS], "Pending"),
        ("Never", [BAD], [WAITS], "Failed"),
        ("Always", [BAD], [WAITS], "Pending"),
        ("Always", [GOOD], [RUNS], "Running"),
    ],
)
def test_the_phase_follows_from_the_containers(policy: str, inits: list[Any], mains: list[Any], phase: str) -> None:
    assert states.phase(policy, list(map(record, inits)), list(map(record, mains))) == phase


def test_a_sidecar_lets_the_others_begin_when_it_has_started() -> None:
    beside = record(RUNS, sidecar=True)
    assert states.phase("Never", [beside], [record(WAITS)]) == "Pending"
    beside.started = True
    assert states.phase("Never", [beside], [record(RUNS)]) == "Running"


def held(rows: list[tuple[str, bool, str, str]]) -> dict[str, tuple[bool, str, str]]:
    return {kind: (holds, reason, message) for kind, holds, reason, message in rows}


def test_conditions_name_who_is_not_ready() -> None:
    mains = [record(RUNS, ready=True), record(WAITS)]
    found = held(states.conditions([], mains, "Running", sandbox=True))
    told = (False, "ContainersNotReady", "containers with unready status: [waiting]")
    assert found["Ready"] == found["ContainersReady"] == told
    assert found["Initialized"] == (True, "", "")
    assert found["PodReadyToStartContainers"] == (True, "", "")


def test_conditions_name_who_has_to_come_first() -> None:
    found = held(states.conditions([record(GOOD), record(RUNS)], [record(WAITS)], "Pending", sandbox=True))
    told = (False, "ContainersNotInitialized", "containers with incomplete status: [running]")
    assert found["Initialized"] == told


@pytest.mark.parametrize(("phase", "reason"), [("Succeeded", "PodCompleted"), ("Failed", "PodFailed")])
def test_conditions_of_a_pod_that_has_ended(phase: str, reason: str) -> None:
    found = held(states.conditions([], [record(GOOD)], phase, sandbox=False))
    assert found["Ready"] == (False, reason, "")
    assert found["PodReadyToStartContainers"][0] is False


def test_a_condition_keeps_its_moment_while_it_holds_and_others_stay() -> None:
    old = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T00:00:00Z"},
        {"type": "Initialized", "status": "False", "lastTransitionTime": "2026-01-03T00:00:00Z"},
    ]
    rows = [("Initialized", True, "", ""), ("Ready", False, "Why", "because")]
    found = {each["type"]: each for each in states.merged_conditions(old, rows, NOON)}
    assert found["Ready"]["lastTransitionTime"] == "2026-01-02T00:00:00Z"
    assert (found["Ready"]["reason"], found["Ready"]["message"]) == ("Why", "because")
    assert found["Initialized"]["lastTransitionTime"] == "2026-03-04T12:00:00Z"
    assert found["PodScheduled"] == old[0]


def test_what_ran_when_its_machine_went_down_has_ended() -> None:
    running = Record({"name": "main", "image": "x"}, RUNS, restarts=2, container_id="hpctl://1")
    old = states.container_status(running)
    found = states.remembered(running.spec, old, NOON + timedelta(minutes=1))
    assert found.state == Terminated(255, "Unknown", NOON, NOON + timedelta(minutes=1), container_id="hpctl://1")
    assert (found.restarts, found.container_id) == (2, "hpctl://1")


def test_what_had_ended_has_ended_as_it_did() -> None:
    ended = Terminated(3, "Error", NOON, NOON + timedelta(seconds=5), "why", "hpctl://1")
    told = states.container_status(Record({"name": "main", "image": "x"}, ended, GOOD, 1, "hpctl://1"))
    found = states.remembered({"name": "main"}, told, NOON)
    assert (found.state, found.last) == (ended, GOOD)


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ([{}], "BestEffort"),
        ([{"limits": {"nvidia.com/gpu": "8"}}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
    ],
)
def test_quality_of_service(resources: list[dict[str, Any]], quality: str) -> None:
    assert states.quality_of_service({"containers": [{"resources": each} for each in resources]}) == quality
