"""Nodes follow HyperPod's instances: they come up, fail, are rebooted, replaced under a new name, and go.

A user asks for a reboot or a replacement by the label `sagemaker.amazonaws.com/node-health-status` (AWS documentation,
"Manually replace or reboot a node"). Between two changes of an instance its Node's labels are the user's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.sandbox.kube.controllers.conditions import with_condition
from hpctl.sandbox.kube.controllers.daemonsets import daemon_selects
from hpctl.sandbox.kube.controllers.node_objects import (
    FAULT_DETAILS,
    HEALTH,
    conditions_of,
    fault_details,
    fixed_labels,
    moving_labels,
    new_node,
    node_name,
    status_of,
    taints_of,
)
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hpctl.sandbox.kube.controllers.loop import Key, Loop
    from hpctl.sandbox.kube.ports import Api, Instance, Instances
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "hyperpod"
_WISHES: Final = frozenset({"UnschedulablePendingReboot", "UnschedulablePendingReplacement"})


class Nodes:
    """Keeps one Node for each instance; `version` tells the version of the cluster, and so of its kubelets."""

    def __init__(self, api: Api, instances: Instances, version: Callable[[], str]) -> None:
        """Take the cluster's API and where instances are known."""
        self._api, self._machines, self._version = api, instances, version
        self._nodes, self._daemons = api.resource("v1", "Node"), api.resource("apps/v1", "DaemonSet")
        self._recorder = Recorder(api, MANAGER)
        self._instances: dict[str, Instance] | None = None
        self._shown: dict[str, Instance] = {}
        self._asked: dict[str, tuple[str, str]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self.watches = (self._nodes, self._daemons)

    async def follow(self, eks_arn: str, loop: Loop) -> None:
        """Have what changes of instances reconciled, until cancelled."""
        async for found in self._machines.watch(eks_arn):
            old, new = self._instances, {node_name(each.instance_id): each for each in found}
            self._instances = new
            known = (node["metadata"]["name"] for node in self._api.list(self._nodes)) if old is None else iter(old)
            for name in {*known, *new}:
                if old is None or old.get(name) != new.get(name):
                    loop.wish(self, ("", name))

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the node itself; a DaemonSet may bring the devices of all."""
        if event.resource.kind == "Node":
            yield "", event.object["metadata"]["name"]
        else:
            yield from (("", name) for name in self._instances or ())

    def reconcile(self, key: Key) -> None:
        """Let a node show what its instance is."""
        name = key[1]
        if self._instances is None:
            return
        node, instance = self._found(name), self._instances.get(name)
        if instance is None:
            self._shown.pop(name, None)
            if node is not None and name.startswith("hyperpod-"):
                self._api.delete(self._nodes, None, name)
                self._recorder.normal(
                    node, "DeletingNode", f"Deleting node {name} because it does not exist in HyperPod"
                )
        elif node is None:
            made = self._api.create(self._nodes, None, new_node(instance), manager=MANAGER)
            self._show(made, instance)
            self._recorder.normal(made, "Starting", "Starting kubelet.")
        else:
            self._follow_label(node, instance)
            self._show(node, instance)

    def _found(self, name: str) -> Object | None:
        try:
            return self._api.get(self._nodes, None, name)
        except StatusError:
            return None

    def _show(self, node: Object, instance: Instance) -> None:
        patch: Object = {}
        if (taints := taints_of(node, instance, self._api.now)) != (node["spec"].get("taints") or []):
            patch["spec"] = {"taints": taints or None}
        name = node["metadata"]["name"]
        if self._shown.get(name) != instance:
            labels: dict[str, str | None] = {**fixed_labels(instance), **moving_labels(instance)}
            if self._wish(node, instance) is not None:
                del labels[HEALTH]
            told = {"labels": labels, "annotations": {FAULT_DETAILS: fault_details(instance, self._api.now)}}
            patch["metadata"] = told
            self._shown[name] = instance
        if patch:
            node = self._api.patch(self._nodes, None, name, patch, manager=MANAGER, kind=PatchType.MERGE)
        self._tell_status(node, instance)

    def _tell_status(self, node: Object, instance: Instance) -> None:
        rows = (node.get("status") or {}).get("conditions") or ()
        was_ready = any((row["type"], row["status"]) == ("Ready", "True") for row in rows)
        for condition in conditions_of(ready=instance.ready):
            rows = with_condition(rows, condition, self._api.now)
        status = status_of(instance, self._version(), self._devices(node)) | {"conditions": list(rows)}
        old = node.get("status") or {}
        if any(old.get(member) != value for member, value in status.items()):
            changed = {**node, "status": {**old, **status}}
            self._api.update(self._nodes, None, changed, manager=MANAGER, subresource="status")
        if was_ready != instance.ready:
            reason = "NodeReady" if instance.ready else "NodeNotReady"
            self._recorder.normal(node, reason, f"Node {node['metadata']['name']} status is now: {reason}")

    def _devices(self, node: Object) -> dict[str, int]:
        """Return the devices that the plugins which run on a node offer there."""
        facts = _facts(node)
        plugins = [each for each in self._api.list(self._daemons) if daemon_selects(each, node)]
        names = {resource for plugin in plugins for resource in _offered(plugin)}
        return {name: count for name, count in facts.kubernetes_resources.items() if name in names}

    def _follow_label(self, node: Object, instance: Instance) -> None:
        name, wish = node["metadata"]["name"], self._wish(node, instance)
        if wish is None:
            self._asked.pop(name, None)
        elif self._asked.get(name) != (instance.instance_id, wish):
            self._asked[name] = instance.instance_id, wish
            task = asyncio.get_running_loop().create_task(self._ask(node, instance, wish))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    def _wish(self, node: Object, instance: Instance) -> str | None:
        """Return what a user's label wishes, None when it says what HyperPod itself has said."""
        told = (node["metadata"].get("labels") or {}).get(HEALTH)
        shown = self._shown.get(node["metadata"]["name"])
        if told not in _WISHES or shown is None or not instance.ready or told in {instance.health, shown.health}:
            return None
        return str(told)

    async def _ask(self, node: Object, instance: Instance, wish: str) -> None:
        if why := await self._machines.repair(instance, wish):
            self._recorder.warning(node, "NodeRecoveryRefused", why)


def _facts(node: Object) -> InstanceType:
    return instance_type(node["metadata"]["labels"]["node.kubernetes.io/instance-type"])


def _offered(plugin: Object) -> Iterator[str]:
    """Yield the resources that a device plugin offers, by the name of its DaemonSet."""
    name = plugin["metadata"]["name"]
    if "nvidia-device-plugin" in name:
        yield "nvidia.com/gpu"
    if "neuron-device-plugin" in name:
        yield from ("aws.amazon.com/neuron", "aws.amazon.com/neuroncore")
    if "efa-k8s-device-plugin" in name:
        yield "vpc.amazonaws.com/efa"
