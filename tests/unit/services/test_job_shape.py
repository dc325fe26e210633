"""What a job object of any kind says of its pods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_KINDS, JOB_SET, MPI_JOB, PYTORCH_JOB, ObjectKind
from hpctl.services.job.shape import image, main_container, pod_spec, pods_wanted, queue, suspended
from tests.unit.services.jobs import a_job

POD = {"spec": {"containers": [{"name": "main", "image": "img:1"}, {"name": "side", "image": "img:2"}]}}
SIDE = {"spec": {"containers": [{"name": "w", "image": "img:3"}]}}
INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 4, "template": POD}

SPECS: list[tuple[ObjectKind, dict[str, Any], int]] = [
    (
        PYTORCH_JOB,
        {"pytorchReplicaSpecs": {"Worker": {"replicas": 3, "template": SIDE}, "Master": {"template": POD}}},
        4,
    ),
    (MPI_JOB, {"mpiReplicaSpecs": {"Worker": {"replicas": 2, "template": SIDE}, "Launcher": {"template": POD}}}, 3),
    (HYPERPOD_PYTORCH_JOB, {"replicaSpecs": [{"name": "n", "replicas": 5, "template": POD}]}, 5),
    (JOB_SET, {"replicatedJobs": [{"name": "n", "replicas": 2, "template": {"spec": INDEXED}}]}, 8),
    (BATCH_JOB, INDEXED, 4),
    (BATCH_JOB, {"parallelism": 3, "completions": 9, "template": POD}, 3),
    (BATCH_JOB, {"template": POD}, 1),
]


@pytest.mark.parametrize(("kind", "spec", "count"), SPECS)
def test_pods_are_counted_and_rank_0_is_found_in_every_kind(kind: ObjectKind, spec: dict[str, Any], count: int) -> None:
    job = a_job(kind=kind, raw={"spec": spec})
    assert pods_wanted(kind, job.raw) == count
    assert (image(kind, job.raw), main_container(job)) == ("img:1", "main")
    assert pod_spec(job) == POD["spec"]


@pytest.mark.parametrize(
    ("kind", "spec", "held"),
    [
        (BATCH_JOB, {"suspend": True}, True),
        (JOB_SET, {"suspend": True}, True),
        (PYTORCH_JOB, {"runPolicy": {"suspend": True}}, True),
        (MPI_JOB, {"runPolicy": {"suspend": True}}, True),
        (PYTORCH_JOB, {"suspend": True}, False),
        (PYTORCH_JOB, {}, False),
        (BATCH_JOB, {"suspend": False}, False),
    ],
)
def test_a_job_that_is_held_back_is_known_by_its_kinds_own_field(kind: ObjectKind, spec: Any, held: bool) -> None:
    assert suspended(a_job(kind=kind, raw={"spec": spec})) is held


def test_the_queue_is_the_label() -> None:
    assert queue(a_job(labels={"kueue.x-k8s.io/queue-name": "q"})) == "q"
    assert queue(a_job()) is None


KEYS = (
    *("spec", "template", "containers", "replicas", "pytorchReplicaSpecs", "Master", "replicaSpecs", "name"),
    *("replicatedJobs", "completions", "parallelism", "metadata", "annotations", "runPolicy", "image"),
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(kind=st.sampled_from(JOB_KINDS), spec=TREES)
def test_whatever_a_manifest_says_nothing_breaks(kind: ObjectKind, spec: Any) -> None:
    job = a_job(kind=kind, raw={"spec": spec})
    assert isinstance(pods_wanted(kind, job.raw), int)
    assert isinstance(suspended(job), bool)
    assert isinstance(pod_spec(job), dict)
    image(kind, job.raw)
    main_container(job)
