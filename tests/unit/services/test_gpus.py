"""Accelerators: what a cluster has, what of it is free, and why some of it is not."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.report.gpus import AcceleratorListReport
from hpctl.services.gpus import list_accelerators, rows_of
from tests.unit.builders import a_kubernetes_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT

HEALTH = "sagemaker.amazonaws.com/node-health-status"
DEEP = "sagemaker.amazonaws.com/deep-health-check-status"
TYPE = "node.kubernetes.io/instance-type"
P5, TRN1 = "ml.p5.48xlarge", "ml.trn1.32xlarge"


@pytest.fixture
def account() -> FakeAccount:
    return FakeAccount()


def a_node(name: str, instance_type: str = P5, health: str = "Schedulable", **members: Any) -> KubernetesNode:
    labels = {TYPE: instance_type, HEALTH: health, **members.pop("labels", {})}
    return a_kubernetes_node(name, instance_type, labels=labels, **members)


def counted(account: FakeAccount, *nodes: KubernetesNode, **asked: dict[str, float]) -> AcceleratorListReport:
    account.kubernetes.joined = list(nodes)
    account.kubernetes.asked = dict(asked)
    return list_accelerators(AT, account.ports)


def test_what_pods_ask_for_is_not_free(account: FakeAccount) -> None:
    found = counted(account, a_node("a"), a_node("b"), a={"nvidia.com/gpu": 3, "vpc.amazonaws.com/efa": 12})
    [row] = found.accelerators
    assert (row.accelerator, row.requestable, row.total, row.used, row.free) == ("H100", (1, 2, 4, 8), 16, 3, 13)
    assert [(one.node, one.free, one.efa_free, one.efa) for one in found.nodes] == [("a", 5, 20, 32), ("b", 8, 32, 32)]


@pytest.mark.parametrize(
    ("node", "trouble"),
    [
        (a_node("a", unschedulable=True), "cordoned"),
        (a_node("a", ready=False), "not ready"),
        (a_node("a", health="UnschedulablePendingReplacement"), "pending replacement"),
        (a_node("a", health="UnschedulablePendingReboot", ready=False), "not ready, pending reboot"),
        (a_node("a", health="Unschedulable", labels={DEEP: "InProgress"}), "deep health check runs"),
        (a_node("a", health="Unschedulable"), "HyperPod says Unschedulable"),
    ],
)
def test_on_a_node_that_takes_no_pods_nothing_is_free(account: FakeAccount, node: KubernetesNode, trouble: str) -> None:
    found = counted(account, node, a_node("b"))
    assert (found.accelerators[0].total, found.accelerators[0].free) == (16, 8)
    first, second = found.nodes
    assert (first.free, first.efa_free, first.total, first.trouble) == (0, 0, 8, trouble)
    assert (second.free, second.trouble) == (8, "")


def test_a_node_without_labels_is_counted_by_what_it_offers() -> None:
    bare = a_kubernetes_node("a", labels={}, allocatable={"nvidia.com/gpu": "4"})
    named = a_kubernetes_node(
        "b", labels={"nvidia.com/gpu.product": "NVIDIA-H200"}, allocatable={"nvidia.com/gpu": "8"}
    )
    assert [(one.accelerator, one.free) for one in rows_of(bare, {})] == [("GPU", 4)]
    assert [(one.accelerator, one.free) for one in rows_of(named, {})] == [("NVIDIA-H200", 8)]


def test_devices_that_a_node_lacks_are_said() -> None:
    assert [one.trouble for one in rows_of(a_node("a", allocatable={"nvidia.com/gpu": "7"}), {})] == ["1 of 8 missing"]
    [nothing] = rows_of(a_node("a", allocatable={"cpu": "192"}), {})
    assert (nothing.total, nothing.free, nothing.trouble) == (0, 0, "no device plugin offers its 8")


@pytest.mark.parametrize(
    ("allocatable", "asked", "free"),
    [
        ({"aws.amazon.com/neuron": "16"}, {"aws.amazon.com/neuron": 4}, 12),
        ({"aws.amazon.com/neuron": "16", "aws.amazon.com/neuroncore": "32"}, {"aws.amazon.com/neuroncore": 3}, 14),
        ({"aws.amazon.com/neuroncore": "32"}, {"aws.amazon.com/neuroncore": 32}, 0),
        ({"aws.amazon.com/neurondevice": "16"}, {"aws.amazon.com/neurondevice": 16}, 0),
    ],
)
def test_a_chip_is_one_by_whichever_key_pods_ask(
    allocatable: dict[str, str], asked: dict[str, float], free: int
) -> None:
    [row] = rows_of(a_node("a", TRN1, allocatable=allocatable), asked)
    assert (row.accelerator, row.total, row.free) == ("Trainium", 16, free)


def test_slices_of_a_gpu_are_kinds_of_their_own() -> None:
    node = a_node("a", allocatable={"nvidia.com/mig-1g.10gb": "7", "nvidia.com/gpu": "7"})
    found = {one.accelerator: (one.resource, one.free) for one in rows_of(node, {"nvidia.com/mig-1g.10gb": 2})}
    assert found == {"H100": ("nvidia.com/gpu", 7), "H100 1g.10gb": ("nvidia.com/mig-1g.10gb", 5)}


def test_nodes_without_accelerators_are_no_rows(account: FakeAccount) -> None:
    found = counted(account, a_node("a", "ml.c5.4xlarge", allocatable={"cpu": "16"}))
    assert (found.accelerators, found.nodes) == ((), ())


def test_who_may_not_see_all_pods_is_told_that_it_is_at_most_this(account: FakeAccount) -> None:
    account.calls.fail("kubernetes.requested", AccessError("not in all namespaces"))
    found = counted(account, a_node("a"), a={"nvidia.com/gpu": 8})
    assert found.notices == ("the pods of other namespaces cannot be seen: what is free is at most this",)
    assert found.accelerators[0].free == 0
