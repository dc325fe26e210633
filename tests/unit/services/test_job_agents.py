"""A job of HyperPod's operator that waits for the agents of its pods."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hpctl.facts.jobs import HYPERPOD_PYTORCH_JOB, PYTORCH_JOB, ContainerState, JobState, ObjectKind, Pod
from hpctl.services.job.why import why_not_running
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod

RAW = {"spec": {"replicaSpecs": [{"name": "nodes", "replicas": 2}]}}


def running(rank: int, seconds: float) -> Pod:
    return a_pod(rank, "Running", ContainerState("pytorch", running=True, started=NOW - timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    ("kind", "state", "ages_s", "told"),
    [
        (HYPERPOD_PYTORCH_JOB, JobState.PENDING, (90, 60), True),
        (HYPERPOD_PYTORCH_JOB, JobState.RESTARTING, (90, 60), True),
        (HYPERPOD_PYTORCH_JOB, JobState.RUNNING, (90, 60), False),
        (HYPERPOD_PYTORCH_JOB, JobState.PENDING, (90, 5), False),
        (HYPERPOD_PYTORCH_JOB, JobState.PENDING, (90,), False),
        (PYTORCH_JOB, JobState.PENDING, (90, 60), False),
    ],
)
def test_pods_that_run_for_long_without_a_beginning_have_no_agents(
    kind: ObjectKind, state: JobState, ages_s: tuple[float, ...], told: bool
) -> None:
    pods = [running(rank, age) for rank, age in enumerate(ages_s)]
    found = list(why_not_running(a_job(kind=kind, state=state, raw=RAW), pods, (), AT, FakeAccount().ports))
    assert [one.message for one in found] == ["all pods run, and the job has not begun"] * told
    assert all("hyperpodrun" in f"{one.cause}{one.remedy}" for one in found)


def test_pods_that_have_not_started_yet_say_nothing_of_agents() -> None:
    job = a_job(kind=HYPERPOD_PYTORCH_JOB, state=JobState.PENDING, raw=RAW)
    pods = [running(0, 90), a_pod(1, "Pending")]
    assert [
        one.message for one in why_not_running(job, pods, (), AT, FakeAccount().ports) if "begun" in one.message
    ] == []
