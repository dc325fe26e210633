from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hpctl.catalog.instance_types import instance_type
from hpctl.sandbox.kube.controllers import chart_objects
from hpctl.sandbox.kube.controllers.auto_resume import AutoResume
from hpctl.sandbox.kube.controllers.daemonsets import DaemonSets
from hpctl.sandbox.kube.controllers.lifecycle import Lifecycle
from hpctl.sandbox.kube.controllers.loop import Controller, Loop
from hpctl.sandbox.kube.controllers.nodes import Nodes
from hpctl.sandbox.kube.controllers.pytorchjobs import PyTorchJobs
from hpctl.sandbox.kube.controllers.quantities import amount
from hpctl.sandbox.kube.controllers.scheduler import Scheduler
from hpctl.sandbox.kube.crds.definitions import pytorchjobs
from hpctl.sandbox.kube.ports import Instance
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage
from tests.unit.sandbox.kube.controllers.test_pytorchjobs import job

ARN = "arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl"
HEALTH = "sagemaker.amazonaws.com/node-health-status"


def machine(name: str = "i-1", kind: str = "ml.p5.48xlarge", **told: Any) -> Instance:
    given: dict[str, Any] = {"ready": True, "health": "Schedulable", "threads_per_core": 2, **told}
    place: dict[str, Any] = {"subnet": "subnet-1", "zone": "us-west-2a", "zone_id": "usw2-az1", "address": "10.1.0.4"}
    return Instance(name, "c", ARN, "workers", kind, **place, **given)


class FakeInstances:
    """Machines that a test changes, and what was asked of them."""

    def __init__(self) -> None:
        self.found: tuple[Instance, ...] = ()
        self.asked: list[tuple[str, str]] = []
        self.refusal: str | None = None
        self._changed = asyncio.Event()

    def are(self, *found: Instance) -> None:
        self.found = found
        self._changed.set()

    async def watch(self, eks_arn: str) -> AsyncIterator[tuple[Instance, ...]]:
        while True:
            self._changed.clear()
            yield self.found
            await self._changed.wait()

    async def repair(self, instance: Instance, health: str) -> str | None:
        self.asked.append((instance.instance_id, health))
        return self.refusal


class NodeStage(Stage):
    """A stage with machines, and all that looks after nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.create(pytorchjobs())
        self.create({"kind": "Namespace", "metadata": {"name": "aws-hyperpod"}})
        self.machines = FakeInstances()
        nodes = Nodes(self.api, self.machines, lambda: "v1.33.1-eks-sandbox")
        makers = (Lifecycle, DaemonSets, Scheduler, AutoResume, PyTorchJobs)
        controllers: list[Controller] = [nodes, *(make(self.api) for make in makers)]
        self.start(self._all(Loop(self.api, controllers), nodes))

    async def _all(self, loop: Loop, nodes: Nodes) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(loop.run())
            group.create_task(nodes.follow("arn:aws:eks:us-west-2:123456789012:cluster/e", loop))

    def are(self, *found: Instance) -> None:
        self.machines.are(*found)
        self.wait()

    def install(self) -> None:
        """Install what the chart has of DaemonSets."""
        for body in chart_objects.chart():
            if body["kind"] == "DaemonSet":
                self.create(body, body["metadata"]["namespace"])
        self.wait()


@pytest.fixture
def stage() -> Iterator[NodeStage]:
    made = NodeStage()
    try:
        yield made
    finally:
        made.close()


def labels(stage: NodeStage, name: str = "hyperpod-i-1") -> dict[str, str]:
    found: dict[str, str] = stage.get("Node", name)["metadata"]["labels"]
    return found


def allocatable(stage: NodeStage, name: str = "hyperpod-i-1") -> dict[str, str]:
    found: dict[str, str] = stage.get("Node", name)["status"]["allocatable"]
    return found


def taints(stage: NodeStage, name: str = "hyperpod-i-1") -> list[tuple[str, str]]:
    return [(taint["key"], taint["effect"]) for taint in stage.get("Node", name)["spec"].get("taints") or ()]


def running_pod(stage: NodeStage, name: str, node: str = "hyperpod-i-1", **spec: Any) -> None:
    body = {"containers": [{"name": "c", "image": "i"}], **spec}
    stage.create({"kind": "Pod", "metadata": {"name": name}, "spec": body, "status": {"phase": "Pending"}})
    stage.api.bind("default", name, node)
    stage.run(name)
    stage.wait()


def test_an_instance_is_a_node_with_hyperpods_labels(stage: NodeStage) -> None:
    stage.are(machine(labels={"team": "x"}, taints=({"key": "a", "value": "b", "effect": "NoSchedule"},)))
    assert stage.names("Node") == ["hyperpod-i-1"]
    found = labels(stage)
    assert {
        key.removeprefix("sagemaker.amazonaws.com/"): value for key, value in found.items() if "sagemaker" in key
    } == {
        "node-health-status": "Schedulable",
        "compute-type": "hyperpod",
        "cluster-name": "c",
        "instance-group-name": "workers",
    }
    assert found["node.kubernetes.io/instance-type"] == "ml.p5.48xlarge"
    assert found["topology.kubernetes.io/zone"] == "us-west-2a"
    assert found["kubernetes.io/arch"] == "amd64"
    assert found["team"] == "x"
    assert {key for key in found if key.startswith("topology.k8s.aws/network")} == {
        f"topology.k8s.aws/network-node-layer-{layer}" for layer in (1, 2, 3)
    }
    node = stage.get("Node", "hyperpod-i-1")
    assert node["spec"]["providerID"].endswith("i-1")
    assert taints(stage) == [("a", "NoSchedule")]
    assert {"type": "InternalIP", "address": "10.1.0.4"} in node["status"]["addresses"]
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.33.1-eks-sandbox"
    assert stage.conditions("Node", "hyperpod-i-1")["Ready"] == ("True", "KubeletReady")


@pytest.mark.parametrize(
    ("kind", "threads", "cpu", "allocated", "pods"),
    [
        ("ml.p5.48xlarge", 2, "192", "179970m", "49"),
        ("ml.p5.48xlarge", 1, "96", "89985m", "49"),
        ("ml.g5.8xlarge", 2, "32", "29570m", "29"),
        ("ml.t3.medium", 2, "2", "1450m", "5"),
    ],
)
def test_a_node_offers_what_its_type_leaves(
    stage: NodeStage, kind: str, threads: int, cpu: str, allocated: str, pods: str
) -> None:
    stage.are(machine(kind=kind, threads_per_core=threads))
    offered = allocatable(stage)
    assert stage.get("Node", "hyperpod-i-1")["status"]["capacity"]["cpu"] == cpu
    assert (offered["cpu"], offered["pods"]) == (allocated, pods)
    assert float(amount(offered["memory"])) == int(instance_type(kind).allocatable_memory_gib * 2**20) * 2**10


@pytest.mark.parametrize(
    ("kind", "devices"),
    [
        ("ml.p5.48xlarge", {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "32"}),
        (
            "ml.trn1.32xlarge",
            {"aws.amazon.com/neuron": "16", "aws.amazon.com/neuroncore": "32", "vpc.amazonaws.com/efa": "8"},
        ),
        ("ml.g5.xlarge", {"nvidia.com/gpu": "1"}),
        ("ml.trn2.3xlarge", {"vpc.amazonaws.com/efa": "1"}),
        ("ml.c6i.32xlarge", {}),
        ("ml.t3.medium", {}),
    ],
)
def test_devices_are_there_with_their_plugin(stage: NodeStage, kind: str, devices: dict[str, str]) -> None:
    stage.are(machine(kind=kind))
    assert not any("/" in name for name in allocatable(stage))
    stage.install()
    assert {name: count for name, count in allocatable(stage).items() if "/" in name} == devices


def test_devices_go_with_their_plugin(stage: NodeStage) -> None:
    stage.are(machine())
    stage.install()
    daemon = stage.api.resource("apps/v1", "DaemonSet")
    stage.api.delete(daemon, "kube-system", "hyperpod-dependencies-nvidia-device-plugin")
    stage.wait()
    assert "nvidia.com/gpu" not in allocatable(stage)
    assert allocatable(stage)["vpc.amazonaws.com/efa"] == "32"


def test_stand_ins_count_the_nodes_that_they_are_for(stage: NodeStage) -> None:
    stage.are(machine(), machine("i-2", "ml.t3.medium"), machine("i-3", ready=False))
    stage.install()
    found = {
        each["metadata"]["name"]: (each["status"]["desiredNumberScheduled"], each["status"]["numberReady"])
        for each in stage.api.list(stage.kind("DaemonSet"))
    }
    assert found["health-monitoring-agent"] == (2, 1)
    assert found["health-monitoring-agent-non-nvidia"] == (0, 0)
    assert stage.pods() == []


@pytest.mark.parametrize(
    ("told", "label", "tainted"),
    [
        ({"health": "Unschedulable", "deep_check": "InProgress"}, "InProgress", True),
        ({"deep_check": "Passed"}, "Passed", False),
        ({}, None, False),
    ],
)
def test_deep_checks_show(stage: NodeStage, told: dict[str, Any], label: str | None, tainted: bool) -> None:
    stage.are(machine(**told))
    assert labels(stage).get("sagemaker.amazonaws.com/deep-health-check-status") == label
    assert ((HEALTH, "NoSchedule") in taints(stage)) is tainted


def test_a_fault_shows_and_goes(stage: NodeStage) -> None:
    stage.are(machine(fault="NvidiaGPUUnhealthy", health="UnschedulablePendingReboot"))
    assert labels(stage)["sagemaker.amazonaws.com/fault-types"] == "NvidiaGPUUnhealthy"
    assert (
        '"NvidiaGPUUnhealthy"'
        in (stage.get("Node", "hyperpod-i-1")["metadata"]["annotations"]["sagemaker.amazonaws.com/fault-details"])
    )
    assert taints(stage) == [(HEALTH, "NoSchedule")]
    assert stage.machines.asked == []
    stage.are(machine())
    assert not [key for key in labels(stage) if "fault" in key]
    assert "sagemaker.amazonaws.com/fault-details" not in stage.get("Node", "hyperpod-i-1")["metadata"]["annotations"]
    assert taints(stage) == []


def test_a_reboot_makes_a_node_silent_for_a_while(stage: NodeStage) -> None:
    stage.are(machine())
    stage.are(machine(ready=False, health="UnschedulablePendingReboot"))
    assert stage.conditions("Node", "hyperpod-i-1")["Ready"] == ("Unknown", "NodeStatusUnknown")
    assert ("node.kubernetes.io/unreachable", "NoExecute") in taints(stage)
    stage.are(machine())
    assert stage.conditions("Node", "hyperpod-i-1")["Ready"] == ("True", "KubeletReady")
    assert taints(stage) == []
    reasons = [reason for _, reason, _ in stage.events("Node", "hyperpod-i-1")]
    assert [each for each in reasons if each in {"NodeReady", "NodeNotReady"}] == ["NodeReady", "NodeNotReady"]


def test_a_replaced_instance_is_another_node(stage: NodeStage) -> None:
    stage.are(machine())
    stage.are(machine("i-2"))
    assert stage.names("Node") == ["hyperpod-i-2"]


def test_nodes_of_instances_that_went_while_nobody_looked_are_gone(stage: NodeStage) -> None:
    stage.create({"kind": "Node", "metadata": {"name": "hyperpod-i-0"}, "spec": {}, "status": {}})
    stage.create({"kind": "Node", "metadata": {"name": "somebody-elses"}, "spec": {}, "status": {}})
    stage.are(machine())
    assert stage.names("Node") == ["hyperpod-i-1", "somebody-elses"]


@pytest.mark.parametrize("wish", ["UnschedulablePendingReboot", "UnschedulablePendingReplacement"])
def test_a_label_asks_for_a_repair_once(stage: NodeStage, wish: str) -> None:
    stage.are(machine())
    stage.change("Node", "hyperpod-i-1", {"metadata": {"labels": {HEALTH: wish}}})
    stage.wait()
    stage.change("Node", "hyperpod-i-1", {"metadata": {"labels": {"other": "label"}}})
    stage.wait()
    assert stage.machines.asked == [("i-1", wish)]
    stage.are(machine(ready=False, health=wish))
    stage.are(machine())
    assert labels(stage)[HEALTH] == "Schedulable"
    assert stage.machines.asked == [("i-1", wish)]


def test_a_wish_outlives_other_news_of_the_machine(stage: NodeStage) -> None:
    stage.are(machine())
    wish = "UnschedulablePendingReboot"
    stage.change("Node", "hyperpod-i-1", {"metadata": {"labels": {HEALTH: wish}}})
    stage.are(machine(deep_check="Passed"))
    assert labels(stage)[HEALTH] == wish
    assert stage.machines.asked == [("i-1", wish)]


def test_a_repair_that_is_refused_is_told(stage: NodeStage) -> None:
    stage.machines.refusal = "no"
    stage.are(machine())
    stage.change("Node", "hyperpod-i-1", {"metadata": {"labels": {HEALTH: "UnschedulablePendingReboot"}}})
    stage.wait()
    assert ("Warning", "NodeRecoveryRefused", "no") in stage.events("Node", "hyperpod-i-1")


def test_a_cordoned_node_is_tainted(stage: NodeStage) -> None:
    stage.are(machine())
    stage.change("Node", "hyperpod-i-1", {"spec": {"unschedulable": True}})
    stage.wait()
    assert taints(stage) == [("node.kubernetes.io/unschedulable", "NoSchedule")]
    stage.change("Node", "hyperpod-i-1", {"spec": {"unschedulable": None}})
    stage.wait()
    assert taints(stage) == []


def test_pods_of_a_node_that_is_gone_are_lost(stage: NodeStage) -> None:
    stage.are(machine(), machine("i-2"))
    running_pod(stage, "p")
    running_pod(stage, "q", "hyperpod-i-2")
    stage.are(machine("i-2"))
    assert stage.names("Pod") == ["q"]


def test_pods_of_a_silent_node_are_not_ready_and_leave_after_five_minutes(stage: NodeStage) -> None:
    stage.are(machine())
    running_pod(stage, "p")
    running_pod(stage, "patient", tolerations=[{"operator": "Exists"}])
    running_pod(stage, "hasty", tolerations=[{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}])
    stage.are(machine(ready=False))
    assert stage.conditions("Pod", "p")["Ready"][0] == "False"
    stage.wait(57)
    assert "deletionTimestamp" not in stage.get("Pod", "hasty")["metadata"]
    stage.wait(5)
    assert "deletionTimestamp" in stage.get("Pod", "hasty")["metadata"]
    stage.wait(235)
    assert "deletionTimestamp" not in stage.get("Pod", "p")["metadata"]
    stage.wait(10)
    assert "deletionTimestamp" in stage.get("Pod", "p")["metadata"]
    assert stage.conditions("Pod", "p")["DisruptionTarget"] == ("True", "DeletionByTaintManager")
    assert "deletionTimestamp" not in stage.get("Pod", "patient")["metadata"]


def test_a_node_that_comes_back_keeps_its_pods(stage: NodeStage) -> None:
    stage.are(machine())
    running_pod(stage, "p")
    stage.are(machine(ready=False))
    stage.wait(200)
    stage.are(machine())
    stage.wait(400)
    assert "deletionTimestamp" not in stage.get("Pod", "p")["metadata"]


def test_a_daemon_set_of_a_users_own_runs_on_each_node(stage: NodeStage) -> None:
    stage.are(machine(), machine("i-2"), machine("i-3", taints=({"key": "a", "value": "b", "effect": "NoSchedule"},)))
    absent = [{"matchExpressions": [{"key": "without", "operator": "DoesNotExist"}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": absent}}
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "affinity": {"nodeAffinity": required}},
    }
    spec = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
    stage.create({"kind": "DaemonSet", "metadata": {"name": "d"}, "spec": spec})
    stage.wait()
    placed = sorted(pod["spec"]["nodeName"] for pod in stage.pods())
    assert placed == ["hyperpod-i-1", "hyperpod-i-2"]
    for pod in stage.pods():
        stage.run(pod["metadata"]["name"])
    stage.wait()
    assert stage.get("DaemonSet", "d")["status"]["numberReady"] == 2
    stage.are(machine("i-2"), machine("i-4"))
    assert sorted(pod["spec"]["nodeName"] for pod in stage.pods()) == ["hyperpod-i-2", "hyperpod-i-4"]

    stage.change("Node", "hyperpod-i-4", {"metadata": {"labels": {"without": "d"}}})
    stage.wait()
    (left,) = (pod for pod in stage.pods() if pod["spec"]["nodeName"] == "hyperpod-i-4")
    assert "deletionTimestamp" in left["metadata"]
    changed = {"containers": [{"name": "c", "image": "new"}]}
    stage.change("DaemonSet", "d", {"spec": {"template": {"spec": changed}}})
    for _ in range(6):
        stage.wait()
        for pod in stage.pods():
            if "deletionTimestamp" in pod["metadata"]:
                stage.delete("Pod", pod["metadata"]["name"], grace_s=0)
            else:
                stage.run(pod["metadata"]["name"])
    assert [(pod["spec"]["containers"][0]["image"], pod["spec"]["nodeName"]) for pod in stage.pods()] == [
        ("new", "hyperpod-i-2")
    ]


def test_a_job_that_asks_for_it_begins_anew_when_a_node_turns_bad(stage: NodeStage) -> None:
    stage.are(machine(), machine("i-2"), machine("i-3"))
    body = job()
    body["metadata"]["annotations"] = {
        "sagemaker.amazonaws.com/enable-job-auto-resume": "true",
        "sagemaker.amazonaws.com/job-max-retry-count": "1",
    }
    stage.create(body)
    stage.wait()
    for pod in stage.pods():
        stage.run(pod["metadata"]["name"])
    stage.wait()
    old = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in stage.pods()}
    lost = stage.get("Pod", "j-worker-0")["spec"]["nodeName"].removeprefix("hyperpod-")
    kept = [name for name in ("i-1", "i-2", "i-3") if name != lost]
    bad = machine(lost, ready=False, health="UnschedulablePendingReplacement")
    stage.are(bad, *map(machine, kept))
    stage.delete("Pod", "j-master-0", grace_s=0)
    stage.wait()
    new = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in stage.pods()}
    assert set(new) == set(old)
    assert not set(new.values()) & set(old.values())
    assert stage.get("PyTorchJob", "j")["metadata"]["annotations"]["sandbox.hpctl/auto-resume-count"] == "1"

    other = stage.get("Pod", "j-worker-0")["spec"]["nodeName"].removeprefix("hyperpod-")
    stage.are(
        *(
            replace(machine(name), health="UnschedulablePendingReboot") if name == other else machine(name)
            for name in kept
        )
    )
    again = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in stage.pods()}
    assert again == new


def test_a_job_that_does_not_ask_for_it_goes_on(stage: NodeStage) -> None:
    stage.are(machine(), machine("i-2"))
    stage.create(job())
    stage.wait()
    old = [pod["metadata"]["uid"] for pod in stage.pods()]
    stage.are(machine(health="UnschedulablePendingReboot"), machine("i-2"))
    assert [pod["metadata"]["uid"] for pod in stage.pods()] == old


def status_of(stage: NodeStage) -> Object:
    found: Object = stage.get("Node", "hyperpod-i-1")["status"]
    return found


def test_nothing_is_written_when_nothing_changes(stage: NodeStage) -> None:
    stage.are(machine())
    stage.install()
    version = stage.get("Node", "hyperpod-i-1")["metadata"]["resourceVersion"]
    stage.are(machine())
    stage.wait(1000)
    assert stage.get("Node", "hyperpod-i-1")["metadata"]["resourceVersion"] == version
