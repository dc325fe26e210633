"""Copy files and folders to nodes and from them, as streams of tar through a session."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from hpctl.errors import ClosedPipeError, HpctlError, NotFoundError, RefusedError, UsageError
from hpctl.facts.copy_ports import LocalCopies, Moved, Unpacked
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Sessions, Target
from hpctl.report.node_copy import NodeCopy, NodeCopyListReport
from hpctl.services.node_conduit import Conduit
from hpctl.services.node_copy_scripts import CHANGED, NOT_THERE, RECEIVE, SEND
from hpctl.services.node_execute import error_part
from hpctl.services.node_fan_out import Beside, on_each, outcome_of
from hpctl.services.node_kept import Kept
from hpctl.services.node_names import Chosen

_BLOCK: Final = 64 * 1024

Passed = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Road:
    """What copies travel on; `passed` is told how many bytes have."""

    local: LocalCopies
    sessions: Sessions
    passed: Passed


def copy_to(chosen: Chosen, source: str, destination: str, road: Road) -> NodeCopyListReport:
    """Copy a file or folder of this machine to nodes; what goes wrong on one stands in the report.

    Raises `UsageError` when it cannot be read here, and what `node_fan_out.on_each` raises.
    """
    name = road.local.name_of(source)

    def send(_name: str, node: Target) -> Moved | HpctlError:
        return outcome_of(lambda: _send(node, source, destination, name, road))

    told = on_each(chosen.targets(), send, road.sessions)
    copies = tuple(_told(node, told[node.node_id]) for node in chosen.nodes)
    return NodeCopyListReport(
        cluster=chosen.cluster.name,
        direction="to",
        source=source,
        destination=destination,
        exit_code=next((copy.error.exit_code for copy in copies if copy.error), 0),
        copies=copies,
    )


def copy_from(chosen: Chosen, source: str, destination: str, road: Road) -> NodeCopyListReport:
    """Copy a file or folder of the only node of `chosen` here.

    Raises:
        NotFoundError: the node has no such file or folder.
        UsageError: it cannot be written here.
    """
    node, name = chosen.nodes[0], PurePosixPath(source).name
    if name in ("", "..", "~"):
        raise UsageError(f"`{source}` names no file or folder that could be copied", hint="give its whole path")

    def fetch(_name: str, node: Target) -> Moved:
        return _fetch(node, source, destination, name, road)

    moved = on_each(chosen.targets(), fetch, road.sessions)[node.node_id]
    return NodeCopyListReport(
        cluster=chosen.cluster.name,
        direction="from",
        source=source,
        destination=destination,
        exit_code=0,
        copies=(_told(node, moved),),
    )


def _send(node: Target, source: str, destination: str, name: str, road: Road) -> Moved:
    conduit, said = Conduit(road.passed), Kept()
    packing = Beside(lambda: _packed(source, conduit, road.local))
    try:
        code = road.sessions.execute(
            node,
            ("sh", "-c", RECEIVE, "hpctl-copy", destination, name),
            stdin=cast("BinaryIO", conduit),
            stdout=cast("BinaryIO", Kept()),
            stderr=cast("BinaryIO", said),
        )
    finally:
        conduit.stop()
        moved = packing.outcome()
    if isinstance(moved, HpctlError):
        raise moved
    if code or moved is None:
        raise _refused(node, f"cannot take `{destination}`", said)
    return moved


def _packed(source: str, conduit: Conduit, local: LocalCopies) -> Moved | None:
    """Pack, and return None when the node wanted no more."""
    try:
        return local.pack(source, cast("BinaryIO", conduit))
    except BrokenPipeError:
        return None
    finally:
        conduit.close()


def _fetch(node: Target, source: str, destination: str, name: str, road: Road) -> Moved:
    conduit, said = Conduit(road.passed), Kept()
    unpacking = Beside(lambda: _unpacked(conduit, destination, name, road.local))
    try:
        code = road.sessions.execute(
            node,
            ("sh", "-c", SEND, "hpctl-copy", source),
            stdout=cast("BinaryIO", conduit),
            stderr=cast("BinaryIO", said),
        )
    except HpctlError as error:
        conduit.stop()
        arrived = unpacking.outcome()
        if isinstance(arrived, HpctlError) and isinstance(error, ClosedPipeError):
            raise arrived from error  # whoever unpacks has stopped, and knows why
        _discard(arrived)
        raise
    conduit.close()
    return _kept(unpacking.outcome(), node, source, code, said)


def _unpacked(conduit: Conduit, destination: str, name: str, local: LocalCopies) -> Unpacked:
    try:
        arrived = local.unpack(cast("BinaryIO", conduit), destination, name)
    except HpctlError:
        conduit.stop()
        raise
    while conduit.read(_BLOCK):  # tar fills its last block up
        pass
    return arrived


def _kept(arrived: Unpacked | HpctlError, node: Target, source: str, code: int, said: Kept) -> Moved:
    """Put what came in its place, unless the node did not send all of it."""
    if code not in (0, CHANGED):
        _discard(arrived)
        raise _missing(node, source) if code == NOT_THERE else _refused(node, f"cannot send `{source}`", said)
    if isinstance(arrived, HpctlError):
        raise arrived
    moved = arrived.keep()
    changed = (f"{source}: it changed while it was read",) if code == CHANGED else ()
    return replace(moved, left_out=(*moved.left_out, *changed))


def _discard(arrived: Unpacked | HpctlError) -> None:
    if not isinstance(arrived, HpctlError):
        arrived.discard()


def _missing(node: Target, source: str) -> NotFoundError:
    return NotFoundError(
        f"node `{node.instance_id}` has no file or folder `{source}`",
        hint=f"hpctl node exec {node.instance_id} -- ls -la {shlex.quote(source)}",
    )


def _refused(node: Target, what: str, said: Kept) -> RefusedError:
    """Return what the node said, in its own words."""
    lines = said.output.text.strip().splitlines() or ["it does not say why"]
    return RefusedError(f"node `{node.instance_id}` {what}: {lines[0]}", aws_code="node")


def _told(node: Node, outcome: Moved | HpctlError) -> NodeCopy:
    if isinstance(outcome, HpctlError):
        error = error_part(outcome)
        return NodeCopy(node=node.node_id, instance_group=node.instance_group, result="failed", error=error)
    return NodeCopy(
        node=node.node_id,
        instance_group=node.instance_group,
        result="copied",
        files=outcome.files,
        total_bytes=outcome.total_bytes,
        left_out=outcome.left_out,
    )
