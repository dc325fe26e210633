"""Send a reboot or a replacement of nodes, and tell what became of it when AWS's answer does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from hpctl.errors import HpctlError, RefusedError, UnavailableError
from hpctl.facts.node_care import IN_USE, NodeRefusal
from hpctl.facts.ports import Ports

_RUNNING: Final = "Running"


def refusals_of_care(
    care: Literal["reboot", "replace"], request: Mapping[str, Any], ports: Ports
) -> tuple[NodeRefusal, ...]:
    """Return the nodes that AWS refused; raises `RefusedError` when that is all of them.

    A lost answer counts as taken when none of the nodes runs any more: until then, asking again does no harm.
    """
    send = ports.node_care.reboot if care == "reboot" else ports.node_care.replace
    ids = (*request.get("NodeIds", ()), *request.get("NodeLogicalIds", ()))
    try:
        refused = send(request)
    except UnavailableError:
        if _none_runs(request["ClusterName"], ids, ports):
            return ()
        raise
    if all(any(one.node_id == node and one.code != IN_USE for one in refused) for node in ids):
        raise RefusedError(f"AWS refused to {care} {told(refused)}", aws_code=refused[0].code)
    return refused


def told(refused: Iterable[NodeRefusal]) -> str:
    """Return what AWS says of nodes that it refused, in one line."""
    return "; ".join(f"`{one.node_id}`: {one.message.rstrip('.') or one.code} (`{one.code}`)" for one in refused)


def _none_runs(cluster: str, ids: Iterable[str], ports: Ports) -> bool:
    wanted = set(ids)
    try:
        nodes = tuple(ports.clusters.nodes(cluster))
    except HpctlError:  # the first error says more
        return False
    running = {name for node in nodes if node.status == _RUNNING for name in (node.node_id, node.logical_id)}
    return wanted.isdisjoint(running)
