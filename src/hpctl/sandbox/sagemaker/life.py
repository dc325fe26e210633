"""The life of a node: instance, EFA health check, lifecycle scripts, deep health checks, Running (AWS documentation).

A failed provisioning gives two error events within a second (seen at AWS). Descriptions follow the HyperPod events
reference of the AWS documentation; where that shortens a sentence by `…` the rest of it is the sandbox's.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hpctl.sandbox.sagemaker.cluster import Stage
from hpctl.sandbox.sagemaker.nodes import ScriptLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hpctl.sandbox.sagemaker.cluster import Fault
    from hpctl.sandbox.sagemaker.nodes import Node
    from hpctl.sandbox.sagemaker.play import Play
    from hpctl.sandbox.scripts import Outcome

STARTED = 0.08
RESERVED = 0.10
CONNECTED = 0.12
LAUNCHED = 0.15
EFA_CHECKED = 0.35
SCRIPTS_STARTED = 0.40
SCRIPTS_DONE = 0.75
DEEP_CHECKED_AFTER = 0.15
# Nodes leave the list before the group's count falls (seen at AWS).
NODES_GONE = 0.30
COUNT_FALLEN = 0.40
# The last node of a request trails the first by this much, so that counts change step by step.
STAGGER = 0.08
_MOST_STREAMS = 64
_PAIR_DISTANCE = timedelta(seconds=0.4)


def due(play: Play, node: Node, when: datetime, step: Callable[[Play, Node], None]) -> None:
    """Take a step of a node's life at a moment, unless its life takes another turn before."""
    turn = node.turn

    def act() -> None:
        if node.turn == turn:
            step(play, node)

    play.at(when, act)


def soon(play: Play, node: Node, share: float, step: Callable[[Play, Node], None]) -> None:
    """Take a step of a node's life after a share of its pace."""
    due(play, node, play.now + timedelta(seconds=share * node.pace), step)


def _own(play: Play, node: Node, share: float, step: Callable[[Play, Node], None]) -> None:
    due(play, node, node.began + timedelta(seconds=share * node.pace), step)


def rise(play: Play, node: Node, delay: float = 0.0) -> None:
    """Begin to bring up a new instance in the seat of a node."""
    node.turn += 1
    node.attempt += 1
    node.repairs = 0
    node.began = play.now + timedelta(seconds=delay * node.pace)
    node.status, node.message, node.instance_id, node.launched_at = "Pending", None, None, None
    node.doom, node.counted, node.listed = None, False, True
    node.fault, node.action, node.checked = None, None, False
    _own(play, node, STARTED, _start)


def _start(play: Play, node: Node) -> None:
    if node.verb == "replacement":
        _tell(
            play, node, f"Instance {_id(play, node)} is starting as part of instance replacement {_where(play, node)}"
        )
    else:
        _tell(play, node, f"Instance creation started successfully {_where(play, node)}")
    node.doom = play.fault(node, Stage.CAPACITY)
    _own(play, node, LAUNCHED if node.doom else RESERVED, _meet_doom if node.doom else _reserve)


def _reserve(play: Play, node: Node) -> None:
    _tell(play, node, f"No CapacityReservation found for instance {_where(play, node)}, using on-demand pool")
    node.doom = play.fault(node, Stage.INTERFACE)
    _own(play, node, LAUNCHED if node.doom else CONNECTED, _meet_doom if node.doom else _connect)


def _connect(play: Play, node: Node) -> None:
    text = f"Successfully created Customer ENI for instance {_where(play, node)}"
    _tell(play, node, text, CustomerEni=interface_id(play.cluster.instance_id(node.seat, 0), 0))
    _own(play, node, LAUNCHED, _launch)


def _meet_doom(play: Play, node: Node) -> None:
    if node.doom is not None:
        fail(play, node, node.doom)


def _launch(play: Play, node: Node) -> None:
    node.instance_id = play.cluster.instance_id(node.seat, node.attempt)
    node.launched_at = node.updated_at = play.now
    # New nodes always get the desired software (botocore's words on TargetStateCount).
    node.image = play.groups[node.seat.group].desired
    log(play, node)
    _own(play, node, EFA_CHECKED, _check_efa)


def _check_efa(play: Play, node: Node) -> None:
    if (fault := play.fault(node, Stage.EFA)) is not None:
        fail(play, node, fault)
        return
    _tell(play, node, f"EC2 Instance {node.instance_id} successfully provisioned {_where(play, node)}")
    _own(play, node, SCRIPTS_STARTED, _start_scripts)


def _start_scripts(play: Play, node: Node) -> None:
    if (fault := play.fault(node, Stage.BOOTSTRAP)) is not None:
        fail(play, node, fault)
        return
    _tell_of_scripts(play, node, "InProgress")
    _own(play, node, SCRIPTS_DONE, end_scripts(_pass_scripts, fail))


def end_scripts(
    passed: Callable[[Play, Node], None], failed: Callable[[Play, Node, Fault], None]
) -> Callable[[Play, Node], None]:
    """Return the step that ends a node's scripts, as soon as their real run has come to its end."""

    def step(play: Play, node: Node) -> None:
        run = node.run
        if run.script is not None and (run.ended is None or run.ended.at > play.now):
            if run.ended is not None:
                due(play, node, run.ended.at, step)
            return
        if run.ended is not None:
            log(play, node, run.ended.outcome)
        fault = play.fault(node, Stage.SCRIPTS)
        if fault is None:
            passed(play, node)
        else:
            failed(play, node, fault)

    return step


def _pass_scripts(play: Play, node: Node) -> None:
    _tell_of_scripts(play, node, "Succeeded")
    node.counted = True
    if node.run.deep_checked:
        node.status = "DeepHealthCheckInProgress"
        soon(play, node, DEEP_CHECKED_AFTER, _come_up)
    else:
        _come_up(play, node)


def _come_up(play: Play, node: Node) -> None:
    suffix = " as part of instance replacement" if node.verb == "replacement" else ""
    text = f"Instance creation {node.instance_id} {_where(play, node)} completed successfully"
    _tell(play, node, f"Instance {node.instance_id} creation completed successfully{suffix}" if suffix else text)
    run_on(play, node)


def run_on(play: Play, node: Node) -> None:
    """Let a node run: nothing is done to it any more."""
    node.status, node.message, node.busy, node.counted = "Running", None, False, True
    play.settle()
    play.conduct.rose(node)


def fail(play: Play, node: Node, fault: Fault) -> None:
    """Let a node fail to come up."""
    node.status, node.message, node.counted, node.busy, node.doom = "Failure", fault.message, False, False, fault
    where = f"in Cluster {play.cluster.name} and InstanceGroup {node.seat.group}"
    metadata = {"Instance": {"NodeLogicalId": node.seat.logical_id, "FailureMessage": fault.message}}
    text = _first_failure(play, node, fault, where)
    play.tell(text, node=node, level="Error", metadata=metadata, operation=node.operation)
    first = play.events[-1]

    def second() -> None:
        play.events.append(replace(first, at=play.now, description=f"Instance creation {where} failed"))

    play.at(play.now + _PAIR_DISTANCE, second)
    play.conduct.failed(node)


def _first_failure(play: Play, node: Node, fault: Fault, where: str) -> str:
    match fault.stage:
        case Stage.INTERFACE:
            return f"Failed to create Customer ENI for instance {_where(play, node)}"
        case Stage.SCRIPTS:
            return (
                f"Instance lifecycle script execution for EC2 Instance {node.instance_id} has Failed. To view "
                f"lifecycle script logs, visit log group '{play.cluster.log_group}' and log stream "
                f"'{stream_name(node)}'."
            )
        case _:
            return f"Failed to provision EC2 Instance {where}"


def close(play: Play, node: Node, operation: str | None, delay: float = 0.0) -> None:
    """Let a node go, and its seat with it: what has no instance goes at once."""
    node.closing, node.operation = True, operation
    if node.leaving is not None:
        node.leaving(node)
    if node.instance_id is None:
        node.turn += 1
        _leave_list(play, node)
        _leave(play, node)
        return
    node.turn += 1
    node.status = "ShuttingDown"
    text = f"Termination of EC2 Instance {node.instance_id} is currently in progress {_where(play, node)}"
    _tell(play, node, text)
    soon(play, node, NODES_GONE + delay, _leave_list)
    soon(play, node, COUNT_FALLEN + delay, _leave)


def close_all(play: Play, nodes: list[Node], operation: str) -> None:
    """Let nodes go, one a little after the other."""
    for place, node in enumerate(nodes):
        close(play, node, operation, STAGGER * place / len(nodes))


def _leave_list(play: Play, node: Node) -> None:
    node.listed = node.holds = False
    if node.instance_id is not None:
        text = f"Customer ENI successfully deleted for EC2 Instance {node.instance_id} {_where(play, node)}"
        _tell(play, node, text)


def _leave(play: Play, node: Node) -> None:
    node.counted = False
    group = play.groups.get(node.seat.group)
    if group is not None and node in group.nodes:
        group.nodes.remove(node)
    play.settle()


def _tell(play: Play, node: Node, description: str, level: str = "Info", **metadata: object) -> None:
    extra = {"Instance": {"NodeLogicalId": node.seat.logical_id, **metadata}}
    play.tell(description, node=node, level=level, metadata=extra, operation=node.operation)


def _tell_of_scripts(play: Play, node: Node, status: str) -> None:
    text = f"Instance lifecycle script execution for EC2 Instance {node.instance_id} has {status}"
    _tell(play, node, text, LcsExecutionState=status)


def _id(play: Play, node: Node) -> str:
    return play.cluster.instance_id(node.seat, node.attempt)


def _where(play: Play, node: Node) -> str:
    return f"in Cluster {play.cluster.name} and IG {node.seat.group}"


def log(play: Play, node: Node, outcome: Outcome | None = None) -> None:
    """Give CloudWatch the stream of a node, or what its scripts said; it takes so many nodes of a group."""
    run = node.run
    if run.logs and run.spec.get("LifeCycleConfig") and node.seat.index < _MOST_STREAMS:
        play.logs.append(ScriptLog(play.now, stream_name(node), outcome))


def interface_id(seat: str, card: int) -> str:
    """Return the id of the network interface of a seat's card; a seat is named by the first instance in it."""
    return f"eni-{uuid.uuid5(uuid.NAMESPACE_URL, f'{seat} {card}').hex[:17]}"


def stream_name(node: Node) -> str:
    """Return the name of the log stream of a node's lifecycle scripts."""
    return f"LifecycleConfig/{node.seat.group}/{node.instance_id}"
