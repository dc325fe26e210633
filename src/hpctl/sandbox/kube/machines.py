"""The machines of EKS clusters as the sandbox's HyperPod has them: the port `ports.Instances`.

What they look like is asked when something was changed, and when HyperPod's course comes to its next step; else nothing
is done.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.ports import Instance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from hpctl.sandbox.dispatch import Moto
    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.timeline import NodeState

SCHEDULABLE: Final = "Schedulable"
CHECKING: Final = "Unschedulable"
TO_REBOOT: Final = "UnschedulablePendingReboot"
TO_REPLACE: Final = "UnschedulablePendingReplacement"
_ACTIONS: Final = {"Reboot": TO_REBOOT, "Replace": TO_REPLACE}
_WISHES: Final = {health: action for action, health in _ACTIONS.items()}
_READY: Final = frozenset({"DeepHealthCheckInProgress", "Failure", "Running"})
# Steps of a course lie close together when many nodes come up at once.
_LEAST_WAIT_S: Final = 0.05
_DEFAULT_THREADS: Final = 1


class Machines:
    """All machines of an account; used in the event loop's thread, and asks the gateway in others."""

    def __init__(self, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        """Take the gateway whose requests change machines, and the loop of those who ask."""
        self._gateway, self._loop = gateway, loop
        self._changed = asyncio.Event()
        gateway.listen(self._tell)

    def _tell(self) -> None:
        # A loop that has ended has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._turn)

    def _turn(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def watch(self, eks_arn: str) -> AsyncIterator[tuple[Instance, ...]]:
        """Yield the instances on an EKS cluster, and again whenever anything may be new."""
        while True:
            changed = self._changed
            found, due = await asyncio.to_thread(self._gateway.look, lambda moto: _look(moto, eks_arn))
            yield found
            wait = None if due is None else max((due - self._gateway.clock()).total_seconds(), _LEAST_WAIT_S)
            try:
                async with asyncio.timeout(wait):
                    await changed.wait()
            except TimeoutError:
                continue

    async def repair(self, instance: Instance, health: str) -> str | None:
        """Ask for what a label wishes; returns why HyperPod refuses, if it does."""
        if instance.health == CHECKING:
            return f"{instance.instance_id} is in deep health checks"
        node, arn, action = instance.instance_id, instance.cluster_arn, _WISHES[health]
        region = arn.split(":")[3]
        await asyncio.to_thread(self._gateway.repair_node, region, arn, node, action)
        return None


def _look(moto: Moto, eks_arn: str) -> tuple[tuple[Instance, ...], datetime | None]:
    backend = moto.hyperpod(eks_arn.split(":")[3])
    found: list[Instance] = []
    due: list[datetime] = []
    for cluster, state in backend.living():
        if cluster.request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn") != eks_arn:
            continue
        found.extend(_instances(cluster, state.nodes))
        moment = backend.course(cluster).next_due
        due.extend([] if moment is None else [moment])
    return tuple(found), min(due, default=None)


def _instances(cluster: Cluster, nodes: tuple[NodeState, ...]) -> Iterator[Instance]:
    for node in nodes:
        # Until its scripts have succeeded a machine has not joined the cluster.
        if node.instance_id is None or not (node.counted or node.fault):
            continue
        config: dict[str, Any] = dict(node.spec.get("KubernetesConfig") or {})
        taints = [{name.lower(): value for name, value in taint.items()} for taint in config.get("Taints") or ()]
        yield Instance(
            instance_id=node.instance_id,
            cluster=cluster.name,
            cluster_arn=cluster.arn,
            group=node.seat.group,
            instance_type=node.seat.instance_type,
            subnet=node.seat.subnet_id or "",
            zone=node.seat.zone,
            zone_id=node.seat.zone_id,
            address=node.seat.address,
            ready=node.status in _READY,
            health=_health(node),
            deep_check=_deep_check(node),
            fault=node.fault,
            threads_per_core=node.run.spec.get("ThreadsPerCore", _DEFAULT_THREADS),
            labels=config.get("Labels") or {},
            taints=tuple(taints),
        )


def _health(node: NodeState) -> str:
    if node.fault is not None and node.action is not None:
        return _ACTIONS[node.action]
    match node.status:
        case "DeepHealthCheckInProgress":
            return CHECKING
        case "Pending":
            return TO_REBOOT
        case "ShuttingDown" if not node.closing:
            return TO_REPLACE
        case _:
            return SCHEDULABLE


def _deep_check(node: NodeState) -> str | None:
    if node.status == "DeepHealthCheckInProgress":
        return "InProgress"
    return "Passed" if node.checked else None
