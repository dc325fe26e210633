"""Whatever the cluster and the wish: a placement that its nodes can hold, or a refusal with advice."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hpctl.catalog.instance_types import instance_types
from hpctl.compile.fleet import Machine
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.compile.resources import demand_of, shortage
from hpctl.errors import DoesNotFitError
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB
from hpctl.facts.kubernetes import KubernetesNode, Taint
from hpctl.spec.accelerators import accelerator_names
from hpctl.spec.job import Choice, Contract, JobSpec
from tests.unit.builders import a_kubernetes_node
from tests.unit.compile.wishes import a_choice, a_payload, a_wish

TYPES = [one.name for one in instance_types() if one.accelerator_count] + ["ml.m5.xlarge", "ml.c5n.18xlarge"]
HEALTH = "sagemaker.amazonaws.com/node-health-status"
TYPE = "node.kubernetes.io/instance-type"
COUNTS = st.sampled_from([0, 1, 4, 8, 16, 32])
RESOURCES = st.sampled_from(["nvidia.com/gpu", "vpc.amazonaws.com/efa", "aws.amazon.com/neuroncore", "cpu", "pods"])


@st.composite
def clusters(draw: st.DrawFn) -> list[KubernetesNode]:
    return [draw(nodes(number)) for number in range(draw(st.integers(0, 6)))]


@st.composite
def nodes(draw: st.DrawFn, number: int) -> KubernetesNode:
    name = draw(st.sampled_from(TYPES))
    usual = a_kubernetes_node("usual", name)
    told = draw(st.dictionaries(RESOURCES, COUNTS.map(str), max_size=3))
    labels = {TYPE: draw(st.sampled_from([name, "ml.p9.huge"]))}
    labels |= draw(st.sampled_from([{}, {HEALTH: "Schedulable"}, {HEALTH: "UnschedulablePendingReboot"}]))
    return a_kubernetes_node(
        f"node-{number}",
        name,
        labels=labels if draw(st.booleans()) else {},
        allocatable={**usual.allocatable, **told} if draw(st.booleans()) else told,
        ready=draw(st.booleans()),
        unschedulable=draw(st.booleans()),
        taints=draw(st.sampled_from([(), (Taint("team", "NoSchedule", "red"),)])),
    )


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    amounts = st.none() | st.floats(0.01, 3000)
    return a_choice(
        draw(st.none() | st.sampled_from(sorted(accelerator_names()))),
        draw(st.sampled_from([0.5, 1, 2, 8, 16, 64])),
        instance_type=draw(st.none() | st.sampled_from([*TYPES, "ml.p9.huge"])),
        cpus=draw(amounts),
        memory_gib=draw(amounts),
        efa=draw(st.none() | COUNTS),
        ephemeral_storage_gib=draw(st.none() | st.integers(1, 2000)),
    )


CONFIGS = st.none() | st.sampled_from(
    [
        json.dumps({"spec": spec})
        for spec in (
            {"nodeSelector": {TYPE: "ml.p5.48xlarge"}},
            {"tolerations": [{"operator": "Exists"}]},
            {"containers": [{"resources": {"limits": {"nvidia.com/gpu": 4, "vpc.amazonaws.com/efa": 2}}}]},
            {"containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
        )
    ]
)
WISHES = st.builds(
    a_wish,
    st.just(a_choice()) | choices(),
    choices(),
    nodes=st.integers(1, 3),
    contract=st.sampled_from(Contract),
    pod_config=CONFIGS,
)
IN_USE = st.dictionaries(
    st.integers(0, 5).map("node-{}".format), st.dictionaries(RESOURCES, st.floats(0, 40), max_size=3), max_size=4
)


@given(clusters(), WISHES, IN_USE)
def test_a_job_is_placed_where_it_fits_or_refused(
    cluster: list[KubernetesNode], wish: JobSpec, in_use: dict[str, dict[str, float]]
) -> None:
    try:
        found = place(wish, cluster, in_use)
    except DoesNotFitError as refusal:
        assert refusal.message.startswith("`train` does not fit: ")  # noqa: PT017
        assert refusal.hint  # noqa: PT017
        return
    there = {one.name: one for one in cluster}
    fitting = [name for name in found.candidates if shortage(demand_of(found), Machine(there[name]).offered) is None]
    assert len(fitting) >= wish.nodes
    assert found.accelerators >= found.devices >= 0
    assert (found.accelerator_resource is None) == (found.devices == 0)
    limits = resources_of(wish, found)
    assert all(str(count).isdigit() for name, count in limits.items() if "/" in name)


def resources_of(wish: JobSpec, placement: Any) -> dict[str, Any]:
    bundle = compile_job(wish, placement, (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET), a_payload(), kind=BATCH_JOB)
    container = bundle.job.body["spec"]["template"]["spec"]["containers"][0]
    resources: dict[str, Any] = container["resources"]
    limits: dict[str, Any] = resources.get("limits", {})
    assert {name: resources["requests"][name] for name in limits if "/" in name} == {
        name: count for name, count in limits.items() if "/" in name
    }
    return limits
