"""Devices and EFA interfaces for every accelerated type of the catalog, on a whole node, a half, and one device.

Written out by hand, from EC2's figures for interfaces and the vendors' for devices: neither catalog nor code is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hpctl.catalog.instance_types import instance_types
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.facts.jobs import PYTORCH_JOB, ObjectKind
from hpctl.facts.kubernetes import KubernetesNode
from tests.in_turn import in_turn
from tests.unit.builders import a_kubernetes_node
from tests.unit.compile.wishes import a_choice, a_payload, a_wish, some_nodes

EFA = "vpc.amazonaws.com/efa"
# type: accelerator, devices, EFA interfaces of a node; of half a node and of one device, on one node and on two.
ROWS: dict[str, tuple[str, int, int, tuple[int, int], tuple[int, int]]] = {
    "ml.g4dn.xlarge": ("T4", 1, 0, (0, 0), (0, 0)),
    "ml.g4dn.2xlarge": ("T4", 1, 0, (0, 0), (0, 0)),
    "ml.g4dn.4xlarge": ("T4", 1, 0, (0, 0), (0, 0)),
    "ml.g4dn.8xlarge": ("T4", 1, 1, (1, 1), (1, 1)),
    "ml.g4dn.12xlarge": ("T4", 4, 1, (0, 1), (0, 1)),
    "ml.g4dn.16xlarge": ("T4", 1, 1, (1, 1), (1, 1)),
    "ml.g5.xlarge": ("A10G", 1, 0, (0, 0), (0, 0)),
    "ml.g5.2xlarge": ("A10G", 1, 0, (0, 0), (0, 0)),
    "ml.g5.4xlarge": ("A10G", 1, 0, (0, 0), (0, 0)),
    "ml.g5.8xlarge": ("A10G", 1, 1, (1, 1), (1, 1)),
    "ml.g5.12xlarge": ("A10G", 4, 1, (0, 1), (0, 1)),
    "ml.g5.16xlarge": ("A10G", 1, 1, (1, 1), (1, 1)),
    "ml.g5.24xlarge": ("A10G", 4, 1, (0, 1), (0, 1)),
    "ml.g5.48xlarge": ("A10G", 8, 1, (0, 1), (0, 1)),
    "ml.g6.xlarge": ("L4", 1, 0, (0, 0), (0, 0)),
    "ml.g6.2xlarge": ("L4", 1, 0, (0, 0), (0, 0)),
    "ml.g6.4xlarge": ("L4", 1, 0, (0, 0), (0, 0)),
    "ml.g6.8xlarge": ("L4", 1, 1, (1, 1), (1, 1)),
    "ml.g6.12xlarge": ("L4", 4, 1, (0, 1), (0, 1)),
    "ml.g6.16xlarge": ("L4", 1, 1, (1, 1), (1, 1)),
    "ml.g6.24xlarge": ("L4", 4, 1, (0, 1), (0, 1)),
    "ml.g6.48xlarge": ("L4", 8, 1, (0, 1), (0, 1)),
    "ml.gr6.4xlarge": ("L4", 1, 0, (0, 0), (0, 0)),
    "ml.gr6.8xlarge": ("L4", 1, 1, (1, 1), (1, 1)),
    "ml.g6e.xlarge": ("L40S", 1, 0, (0, 0), (0, 0)),
    "ml.g6e.2xlarge": ("L40S", 1, 0, (0, 0), (0, 0)),
    "ml.g6e.4xlarge": ("L40S", 1, 0, (0, 0), (0, 0)),
    "ml.g6e.8xlarge": ("L40S", 1, 1, (1, 1), (1, 1)),
    "ml.g6e.12xlarge": ("L40S", 4, 1, (0, 1), (0, 1)),
    "ml.g6e.16xlarge": ("L40S", 1, 1, (1, 1), (1, 1)),
    "ml.g6e.24xlarge": ("L40S", 4, 2, (1, 1), (0, 1)),
    "ml.g6e.48xlarge": ("L40S", 8, 4, (2, 2), (0, 1)),
    "ml.g7.2xlarge": ("RTX-PRO-4500", 1, 0, (0, 0), (0, 0)),
    "ml.g7.4xlarge": ("RTX-PRO-4500", 1, 0, (0, 0), (0, 0)),
    "ml.g7.8xlarge": ("RTX-PRO-4500", 1, 1, (1, 1), (1, 1)),
    "ml.g7.12xlarge": ("RTX-PRO-4500", 2, 1, (0, 1), (0, 1)),
    "ml.g7.24xlarge": ("RTX-PRO-4500", 4, 1, (0, 1), (0, 1)),
    "ml.g7.48xlarge": ("RTX-PRO-4500", 8, 2, (1, 1), (0, 1)),
    "ml.g7e.2xlarge": ("RTX-PRO-6000", 1, 0, (0, 0), (0, 0)),
    "ml.g7e.4xlarge": ("RTX-PRO-6000", 1, 0, (0, 0), (0, 0)),
    "ml.g7e.8xlarge": ("RTX-PRO-6000", 1, 1, (1, 1), (1, 1)),
    "ml.g7e.12xlarge": ("RTX-PRO-6000", 2, 1, (0, 1), (0, 1)),
    "ml.g7e.24xlarge": ("RTX-PRO-6000", 4, 2, (1, 1), (0, 1)),
    "ml.g7e.48xlarge": ("RTX-PRO-6000", 8, 4, (2, 2), (0, 1)),
    "ml.p4d.24xlarge": ("A100", 8, 4, (2, 2), (0, 1)),
    "ml.p4de.24xlarge": ("A100-80GB", 8, 4, (2, 2), (0, 1)),
    "ml.p5.4xlarge": ("H100", 1, 1, (1, 1), (1, 1)),
    "ml.p5.48xlarge": ("H100", 8, 32, (16, 16), (4, 4)),
    "ml.p5e.48xlarge": ("H200", 8, 32, (16, 16), (4, 4)),
    "ml.p5en.48xlarge": ("H200", 8, 16, (8, 8), (2, 2)),
    "ml.p6-b200.48xlarge": ("B200", 8, 8, (4, 4), (1, 1)),
    "ml.p6-b300.48xlarge": ("B300", 8, 16, (8, 8), (2, 2)),
    # Its count is not published: what its nodes offer counts (here, as AWS's samples say, 4).
    "ml.p6e-gb200.36xlarge": ("GB200", 4, 4, (2, 2), (1, 1)),
    "ml.trn1.32xlarge": ("Trainium", 16, 8, (4, 4), (0, 1)),
    "ml.trn1n.32xlarge": ("Trainium", 16, 16, (8, 8), (1, 1)),
    "ml.trn2.3xlarge": ("Trainium2", 1, 1, (1, 1), (1, 1)),
    "ml.trn2.48xlarge": ("Trainium2", 16, 16, (8, 8), (1, 1)),
}
CORES = {"ml.trn1.32xlarge": 2, "ml.trn1n.32xlarge": 2, "ml.trn2.3xlarge": 4, "ml.trn2.48xlarge": 4}
"""Logical NeuronCores of a chip."""


def nodes_of(instance_type: str) -> list[KubernetesNode]:
    usual = a_kubernetes_node("n", instance_type)
    allocatable = {**usual.allocatable}
    if ROWS[instance_type][2]:
        allocatable[EFA] = str(ROWS[instance_type][2])
    return some_nodes(2, instance_type, allocatable=allocatable)


def test_the_table_has_every_accelerated_type() -> None:
    assert set(ROWS) == {one.name for one in instance_types() if one.accelerator_count}


@pytest.mark.parametrize("nodes", [1, 2])
@in_turn("instance_type", ROWS)
def test_a_whole_node_has_all_devices_and_all_interfaces(instance_type: str, nodes: int) -> None:
    name, devices, efa, _, _ = ROWS[instance_type]
    by_name = place(a_wish(a_choice(name, devices), nodes=nodes), nodes_of(instance_type), {})
    by_type = place(a_wish(a_choice(instance_type=instance_type), nodes=nodes), nodes_of(instance_type), {})
    for found in (by_name, by_type):
        assert (found.instance_type, found.devices, found.efa) == (instance_type, devices, efa)
        assert found.whole_node
        assert found.processes == devices * CORES.get(instance_type, 1)


@pytest.mark.parametrize("nodes", [1, 2])
@in_turn("instance_type", ROWS)
def test_a_part_of_a_node_has_its_share_of_interfaces(instance_type: str, nodes: int) -> None:
    name, devices, _, half, one = ROWS[instance_type]
    for count, shares in (((devices + 1) // 2, half), (1, one)):
        found = place(a_wish(a_choice(name, count), nodes=nodes), nodes_of(instance_type), {})
        assert (count, found.devices, found.efa) == (count, count, shares[nodes - 1])
        assert found.whole_node == (count == devices)


@in_turn("instance_type", [name for name, row in ROWS.items() if row[1] > 1])
def test_jobs_that_divide_a_node_fit_it_together(instance_type: str) -> None:
    name, devices, efa, _, _ = ROWS[instance_type]
    parts = [place(a_wish(a_choice(name, devices // 2)), nodes_of(instance_type), {}) for _ in range(2)]
    assert sum(part.efa for part in parts) <= efa
    facts = next(row for row in instance_types() if row.name == instance_type)
    assert sum(part.cpus for part in parts) <= facts.allocatable_cpu
    assert sum(part.memory_gib for part in parts) <= facts.allocatable_memory_gib


OTHERS = ("ml.g5.48xlarge", "ml.p4d.24xlarge", "ml.trn1.32xlarge", "ml.m5.xlarge")
MIXED = [(name, other) for name, row in ROWS.items() for other in OTHERS if ROWS.get(other, ("",))[0] != row[0]]


@in_turn(("instance_type", "other"), MIXED)
def test_another_type_in_the_cluster_changes_nothing(instance_type: str, other: str) -> None:
    name, devices, efa, _, _ = ROWS[instance_type]
    others = some_nodes(3, other)
    for nodes in ([*others, *nodes_of(instance_type)], [*nodes_of(instance_type), *others]):
        found = place(a_wish(a_choice(name, devices), nodes=2), nodes, {})
        assert (found.instance_type, found.devices, found.efa) == (instance_type, devices, efa)


NAMES = sorted({row[0] for row in ROWS.values()})


def share(instance_type: str, count: int, nodes: int) -> int:
    """The interfaces that go with so many devices of a type: as many as of its devices, rounded down."""
    _, devices, efa, _, _ = ROWS[instance_type]
    return max(efa * count // devices, min(1, efa) if nodes > 1 else 0)


@pytest.mark.parametrize("nodes", [1, 2])
@in_turn("name", NAMES)
def test_among_types_with_the_same_accelerator_the_chosen_one_decides(name: str, nodes: int) -> None:
    """A node's count taken from another type of the same accelerator loses up to 31 of 32 interfaces."""
    alike = [one for one, row in ROWS.items() if row[0] == name]
    for count in sorted({ROWS[one][1] for one in alike} | {1}):
        for order in (alike, alike[::-1]):
            there = [node for one in order for node in nodes_of(one)]
            found = place(a_wish(a_choice(name, count), nodes=nodes), there, {})
            assert found.instance_type in alike
            assert (found.devices, found.efa) == (count, share(found.instance_type, count, nodes))


@pytest.mark.parametrize("served", [(), (PYTORCH_JOB,)], ids=["a Job", "a PyTorchJob"])
@in_turn("instance_type", ROWS)
def test_the_pods_ask_for_just_that_in_requests_and_limits(instance_type: str, served: tuple[ObjectKind, ...]) -> None:
    name, devices, efa, _, _ = ROWS[instance_type]
    spec = a_wish(a_choice(name, devices), nodes=2, namespace="team")
    bundle = compile_job(spec, place(spec, nodes_of(instance_type), {}), served, a_payload())
    (container,) = {json.dumps(one["resources"], sort_keys=True) for one in containers(bundle.job.body)}
    resources = json.loads(container)
    key = "aws.amazon.com/neuron" if name.startswith("Trainium") else "nvidia.com/gpu"
    wanted = {key: str(devices), **({EFA: str(efa)} if efa else {})}
    assert {asked: amount for asked, amount in resources["limits"].items() if "/" in asked} == wanted
    assert {asked: amount for asked, amount in resources["requests"].items() if "/" in asked} == wanted


def containers(value: object) -> Iterator[dict[str, Any]]:
    match value:
        case {"containers": [*found]}:
            yield from found
        case dict():
            for below in value.values():
                yield from containers(below)
        case list():
            for below in value:
                yield from containers(below)


@pytest.mark.parametrize(
    ("instance_type", "offered", "resource", "count", "processes"),
    [
        ("ml.trn1.32xlarge", {"aws.amazon.com/neuron": "16"}, "aws.amazon.com/neuron", 8, 16),
        ("ml.trn1.32xlarge", {"aws.amazon.com/neurondevice": "16"}, "aws.amazon.com/neurondevice", 8, 16),
        ("ml.trn1.32xlarge", {"aws.amazon.com/neuroncore": "32"}, "aws.amazon.com/neuroncore", 16, 16),
        ("ml.trn2.48xlarge", {"aws.amazon.com/neuroncore": "64"}, "aws.amazon.com/neuroncore", 32, 32),
        # Physical cores, where logical ones are switched off.
        ("ml.trn2.48xlarge", {"aws.amazon.com/neuroncore": "128"}, "aws.amazon.com/neuroncore", 64, 64),
    ],
)
def test_neuron_chips_are_asked_for_by_the_key_that_the_nodes_offer(
    instance_type: str, offered: dict[str, str], resource: str, count: int, processes: int
) -> None:
    name = ROWS[instance_type][0]
    found = place(a_wish(a_choice(name, 8)), some_nodes(1, instance_type, allocatable=offered), {})
    assert (found.accelerator_resource, found.accelerators) == (resource, count)
    assert (found.devices, found.processes) == (8, processes)
