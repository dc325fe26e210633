"""The pods of a job are read out of every kind of job object."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.checks.job_pods import templates
from tests.unit.checks.job_rows import a_target

ONE = {"template": {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}}}]}}}
TWO = {"template": {"spec": {"containers": [{"name": "b", "resources": {"requests": {"cpu": "500m"}}}]}}}

BODIES: dict[str, tuple[dict[str, Any], list[tuple[str, int, float]]]] = {
    "PyTorchJob": (
        {"spec": {"pytorchReplicaSpecs": {"Master": ONE, "Worker": {**TWO, "replicas": 3}}}},
        [("Master", 1, 1.0), ("Worker", 3, 0.5)],
    ),
    "PyTorchJob of pods that are alike": (
        {"spec": {"pytorchReplicaSpecs": {"Master": ONE, "Worker": {**ONE, "replicas": 3}}}},
        [("pods", 4, 1.0)],
    ),
    "HyperPodPyTorchJob": ({"spec": {"replicaSpecs": [{"name": "nodes", "replicas": 2, **ONE}]}}, [("pods", 2, 1.0)]),
    "MPIJob": (
        {"spec": {"mpiReplicaSpecs": {"Launcher": ONE, "Worker": {**TWO, "replicas": 2}}}},
        [("Launcher", 1, 1.0), ("Worker", 2, 0.5)],
    ),
    "JobSet": (
        {"spec": {"replicatedJobs": [{"name": "n", "replicas": 2, "template": {"spec": {"parallelism": 4, **ONE}}}]}},
        [("pods", 8, 1.0)],
    ),
    "Job": ({"spec": {"parallelism": 3, **ONE}}, [("pods", 3, 1.0)]),
    "Deployment": ({"spec": {"replicas": 2, **ONE}}, [("pods", 2, 1.0)]),
    "Pod": ({"metadata": {}, "spec": ONE["template"]["spec"]}, [("pods", 1, 1.0)]),
    "something else": ({"spec": {"color": "blue"}}, []),
    "nothing": ({}, []),
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_pods_of_a_kind_are_found_with_how_many_there_are(kind: str) -> None:
    body, expected = BODIES[kind]
    found = templates(a_target(job=body))
    assert [(one.role, one.replicas, one.requests.get("cpu")) for one in found] == expected


def test_where_nothing_fits_there_are_no_pods() -> None:
    assert templates(a_target(job=None)) == ()
