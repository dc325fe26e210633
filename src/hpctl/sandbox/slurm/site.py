"""One cluster's Slurm: brought up on its nodes' machines, and kept as HyperPod has the nodes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.nodes.fleet import Fleet, NoMachineError
from hpctl.sandbox.slurm import daemons
from hpctl.sandbox.slurm.config import written
from hpctl.sandbox.slurm.marks import Marks
from hpctl.sandbox.slurm.told import Told, told

if TYPE_CHECKING:
    from hpctl.sandbox.nodes.machine import Daemon, Machine
    from hpctl.sandbox.slurm.places import Places
    from hpctl.sandbox.slurm.seats import SlurmCluster, SlurmSeat

Repair = Callable[[str, str], Awaitable[None]]
"""Asks HyperPod to `Reboot` or `Replace` the instance of an id."""
Plugin = Callable[[], Awaitable[bool]]
"""Waits for the plugin of srun, and says whether there is one."""
_REGISTERED_WITHIN_S: Final = 3.0
_ATTEMPTS: Final = 8
_AGAIN_AFTER_S: Final = 0.1
# What scancel can be told to end (scancel(1), --state), one at a time.
_RAN: Final = ("RUNNING", "SUSPENDED")
_log = logging.getLogger(__name__)


class Site:
    """The Slurm of one cluster, from the moment that somebody wants it; used in the nodes' event loop alone."""

    def __init__(self, cluster: SlurmCluster, fleet: Fleet, places: Places, repair: Repair, plugin: Plugin) -> None:
        """Take where its machines are and how HyperPod is asked to repair one; `plugin` says whether there is one."""
        self.cluster = cluster
        self._fleet, self._places, self._plugin = fleet, places, plugin
        self._marks = Marks(repair)
        self._daemons: dict[str, Daemon] = {}
        self._lock = asyncio.Lock()
        self._wanted = False
        self._resumed = False

    async def ready(self) -> None:
        """Bring it up if it is not, and return when its nodes that run have registered."""
        self._wanted = True
        if not self._whole:
            await self.tend()

    async def tend(self) -> None:
        """Make it what HyperPod says of the cluster; nothing before somebody wants it."""
        if not self._wanted or self.cluster.controller is None:
            return
        async with self._lock:
            try:
                await self._tend()
            except (NoMachineError, RuntimeFailure) as gone:
                # The next change of HyperPod's brings the next attempt.
                _log.info("the Slurm of %s waits for a node: %s", self.cluster.name, gone)

    async def act(self) -> None:
        """Look for what administrators have told Slurm to tell HyperPod."""
        if self._up:
            await self.tend()

    async def close(self) -> None:
        """Let slurmctld save what it knows; what runs on nodes ends with their machines."""
        async with self._lock:
            seat = self.cluster.controller
            daemon = self._daemons.pop(seat.instance_id or "", None) if seat else None
            if seat is not None and daemon is not None and not daemon.ended.done():
                with suppress(NoMachineError, RuntimeFailure):
                    machine = await self._fleet.machine(seat.instance_id or "")
                    await daemons.stop_controller(machine, daemon)

    @property
    def _up(self) -> bool:
        seat = self.cluster.controller
        return seat is not None and self._runs(seat)

    @property
    def _whole(self) -> bool:
        return all(self._runs(seat) for seat in self.cluster.seats if seat.up)

    def _runs(self, seat: SlurmSeat) -> bool:
        daemon = self._daemons.get(seat.instance_id or "")
        return daemon is not None and not daemon.ended.done()

    async def _tend(self) -> None:
        cluster, controller = self.cluster, self.cluster.controller
        if controller is None or not controller.up or controller.instance_id is None:
            return
        files = written(cluster, plugin=await self._plugin(), accounting=self._places.accounting)
        changed = await asyncio.to_thread(self._places.write, files)
        machine = await self._fleet.machine(controller.instance_id)
        await self._control(machine, controller, changed=changed)
        started = await asyncio.gather(*(self._work(seat, controller) for seat in cluster.workers if seat.up))
        if any(started):
            await self._registered(machine)
        await self._marks.set(machine, cluster, tuple(await _told(machine)))

    async def _control(self, machine: Machine, seat: SlurmSeat, *, changed: bool) -> None:
        name = seat.instance_id or ""
        if changed and self._runs(seat):
            await daemons.stop_controller(machine, self._daemons.pop(name))
        if not self._runs(seat):
            self._daemons[name] = await daemons.start_controller(machine)
            if changed:
                # Nodes that run on get the new configuration this way.
                await daemons.ask(machine, "scontrol", "reconfigure")
        if not self._resumed:
            # Processes of jobs that ran in an earlier run of the sandbox ended with it.
            for state in _RAN:
                await daemons.ask(machine, "scancel", f"--state={state}")
            self._resumed = True

    async def _work(self, seat: SlurmSeat, controller: SlurmSeat) -> bool:
        """Start a node's slurmd unless it runs; returns whether it was started."""
        if self._runs(seat) or seat.instance_id is None:
            return False
        try:
            machine = await self._fleet.machine(seat.instance_id)
            self._daemons[seat.instance_id] = await daemons.start_worker(machine, controller.address)
        except (NoMachineError, RuntimeFailure) as gone:
            _log.info("%s has no slurmd: %s", seat.name, gone)
            return False
        return True

    async def _registered(self, machine: Machine) -> None:
        for _ in range(_ATTEMPTS):
            with suppress(TimeoutError):
                async with asyncio.timeout(_REGISTERED_WITHIN_S):
                    # Other processes are waited for: nothing tells.
                    while not all(map(self._settled, await _told(machine))):  # noqa: ASYNC110
                        await asyncio.sleep(_AGAIN_AFTER_S)
                    return
            # A question from before a node was up can fail after it has registered: slurmctld would ask again only
            # after many seconds. So it does at once.
            await daemons.ask(machine, "scontrol", "reconfigure")

    def _settled(self, node: Told) -> bool:
        seat = next((seat for seat in self.cluster.workers if seat.name == node.name), None)
        return seat is None or not self._runs(seat) or (node.answers and "UNKNOWN" not in node.words)


async def _told(machine: Machine) -> tuple[Told, ...]:
    ran = await daemons.ask(machine, "scontrol", "--oneliner", "show", "node")
    return tuple(told(ran.output.decode(errors="replace")))
