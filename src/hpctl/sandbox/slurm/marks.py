"""The states and reasons that HyperPod gives to Slurm's nodes, and those that tell HyperPod what to do.

The reason `Action:Reboot` or `Action:Replace` of a node in state `fail` is HyperPod's sign in both directions (AWS
documentation). A node that somebody has drained stays so, whatever becomes of its instance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.slurm import daemons

if TYPE_CHECKING:
    from hpctl.sandbox.nodes.machine import Machine
    from hpctl.sandbox.slurm.seats import SlurmCluster, SlurmSeat
    from hpctl.sandbox.slurm.told import Told

# What slurmctld itself says of a node that it hears nothing of, after SlurmdTimeout.
SILENT: Final = "Not responding"
_OURS: Final = ("Action:Reboot", "Action:Replace", SILENT)


class Marks:
    """What was set and what was acted upon, of one cluster."""

    def __init__(self, repair: Callable[[str, str], Awaitable[None]]) -> None:
        """Take how HyperPod is asked to `Reboot` or `Replace` an instance."""
        self._repair = repair
        self._up: dict[str, str] = {}
        self._down: set[str] = set()

    async def set(self, machine: Machine, cluster: SlurmCluster, nodes: tuple[Told, ...]) -> None:
        """Bring the states of nodes in line with HyperPod's, in both directions."""
        by_name = {node.name: node for node in nodes}
        for seat in cluster.workers:
            node = by_name.get(seat.name)
            if node is None:
                continue
            if not seat.up:
                await self._lose(machine, seat, node)
            elif seat.name in self._down or self._up.get(seat.name, seat.instance_id) != seat.instance_id:
                await self._regain(machine, seat, node)
            elif seat.action is not None and seat.fault is not None:
                await self._warn(machine, seat, node)
            elif cluster.recovers and node.wish is not None and seat.instance_id is not None:
                await self._repair(seat.instance_id, node.wish)

    async def _lose(self, machine: Machine, seat: SlurmSeat, node: Told) -> None:
        if seat.name in self._down or "DRAIN" in node.words:
            return
        self._down.add(seat.name)
        reason = f"Action:{seat.action}" if seat.action else node.reason or SILENT
        # Jobs on it need not wait until slurmctld misses it.
        await _update(machine, seat, "down", reason)

    async def _regain(self, machine: Machine, seat: SlurmSeat, node: Told) -> None:
        self._down.discard(seat.name)
        if seat.instance_id is not None:
            self._up[seat.name] = seat.instance_id
        if node.reason in _OURS:
            await daemons.ask(machine, "scontrol", "update", f"NodeName={seat.name}", "State=RESUME")

    async def _warn(self, machine: Machine, seat: SlurmSeat, node: Told) -> None:
        reason = f"Action:{seat.action}"
        if node.reason != reason:
            await _update(machine, seat, "fail", reason)


async def _update(machine: Machine, seat: SlurmSeat, state: str, reason: str) -> None:
    await daemons.ask(machine, "scontrol", "update", f"NodeName={seat.name}", f"State={state}", f"Reason={reason}")
