"""What is done to nodes that run: reboots, replacements, deep health checks, and what the service repairs itself.

A hardware fault is seen by HyperPod's health monitoring agent (HMA). With NodeRecovery Automatic the service reboots
the node, and replaces it when the fault comes back on the same instance; otherwise the node waits for somebody.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hpctl.sandbox.sagemaker import life, wordings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.sagemaker.cluster import Replaced
    from hpctl.sandbox.sagemaker.faults import Injected
    from hpctl.sandbox.sagemaker.nodes import Node
    from hpctl.sandbox.sagemaker.operations import Operation
    from hpctl.sandbox.sagemaker.play import Play

# AWS guides for HyperPod: creation 15 to 25 minutes, a reboot 1 to 3, the agent sees a fault after 5 to 30 seconds.
REBOOTED = 0.10
DETECTED = 0.02
TERMINATED = 0.10
CHECKED = 0.30


def watch(play: Play, node: Node) -> None:
    """Look for hardware faults of a node that has just begun to run."""
    if not node.closing and any(play.spend(injected, node) for injected in play.hardware_faults()):
        life.soon(play, node, DETECTED, _break_down)


def watch_from(play: Play, injected: Injected) -> None:
    """Let a hardware fault strike the nodes that run when it is put in."""
    for node in list(play.nodes()):
        if node.status == "Running" and not node.closing and play.spend(injected, node):
            life.soon(play, node, DETECTED, _break_down)


def _break_down(play: Play, node: Node) -> None:
    action = "Replace" if node.repairs else "Reboot"
    text = wordings.UNHEALTHY.format(instance=node.instance_id, action=action)
    metadata = {"Instance": {"NodeLogicalId": node.seat.logical_id, "FailureMessage": text}}
    play.tell(text, node=node, level="Warn", metadata=metadata)
    node.operation, node.fault, node.action = None, wordings.FAULT_TYPE, action
    if play.request.get("NodeRecovery") == "None":
        node.status, node.message, node.counted, node.busy = "Failure", text, False, False
    elif node.repairs:
        replace(play, node)
    else:
        node.repairs += 1
        reboot(play, node)


def reboot_all(play: Play, nodes: Iterable[Node]) -> None:
    """Reboot nodes because somebody asked for it."""
    for node in nodes:
        node.operation = None
        reboot(play, node)


def reboot(play: Play, node: Node) -> None:
    """Reboot a node: its instance, address and volumes stay, its scripts do not run again (AWS guides)."""
    node.turn += 1
    node.boots += 1
    node.status, node.busy = "Pending", True
    where = f"on Cluster {play.cluster.name} and IG {node.seat.group}"
    text = f"Reboot of EC2 Instance {node.instance_id} is currently in progress {where}"
    play.tell(text, node=node, metadata={"Instance": {"NodeLogicalId": node.seat.logical_id}})
    life.soon(play, node, REBOOTED, _reboot_done)


def _reboot_done(play: Play, node: Node) -> None:
    where = f"in Cluster {play.cluster.name} and IG {node.seat.group}"
    play.tell(f"Instance reboot {node.instance_id} {where} completed successfully", node=node)
    node.fault = node.action = None
    life.run_on(play, node)


def replace_all(play: Play, change: Replaced) -> None:
    """Replace nodes because somebody asked for it; what the new instances run is the request's."""
    for run in change.groups:
        for node in play.seated(seat.logical_id for seat in run.seats):
            node.run, node.pace, node.operation = run, change.at.pace, None
            replace(play, node)


def replace(play: Play, node: Node) -> None:
    """Replace the instance of a node: its seat and its address stay, its volumes are lost (AWS guides)."""
    node.turn += 1
    node.verb, node.busy, node.retries = "replacement", True, 0
    if node.instance_id is None:
        life.rise(play, node)
        return
    node.status = "ShuttingDown"
    where = f"in Cluster {play.cluster.name} and IG {node.seat.group}"
    text = f"Termination of EC2 Instance {node.instance_id} is currently in progress {where}"
    play.tell(text, node=node, metadata={"Instance": {"NodeLogicalId": node.seat.logical_id}})
    life.soon(play, node, TERMINATED, life.rise)


def check_all(play: Play, nodes: list[Node], pace: float, operation: Operation) -> None:
    """Run deep health checks on nodes; those that fail are repaired."""
    for node in nodes:
        node.turn += 1
        node.pace, node.status, node.busy, node.operation = pace, "DeepHealthCheckInProgress", True, operation.id
        life.soon(play, node, CHECKED, _end_check)
    play.after(CHECKED, pace, partial(_end_operation, operation))


def _end_check(play: Play, node: Node) -> None:
    # A fault that is there shows at once: `run_on` watches for it.
    node.checked = True
    life.run_on(play, node)


def _end_operation(operation: Operation) -> None:
    operation.checked = True
