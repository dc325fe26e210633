"""Slurm as a guest of the sandbox's nodes: it comes when the first session to a node of a Slurm cluster does."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.nodes.layout import Outfit
from hpctl.sandbox.slurm import installed, plugin, stand_ins
from hpctl.sandbox.slurm.config import devices
from hpctl.sandbox.slurm.places import Places
from hpctl.sandbox.slurm.seats import look
from hpctl.sandbox.slurm.site import Site

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.nodes.fleet import Fleet
    from hpctl.sandbox.nodes.machine import Machine
    from hpctl.sandbox.nodes.views import ClusterView, NodeView
    from hpctl.sandbox.slurm.seats import SlurmCluster, SlurmSeat

# A session is not kept waiting for ever by a Slurm that does not come up: clients give up after half a minute.
_READY_WITHIN_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.5
_SIGN: Final = b" reason set to: "
_log = logging.getLogger(__name__)


class Slurms:
    """The Slurm of each cluster: a `nodes.fleet.Guest`."""

    def __init__(self, gateway: Gateway, fleet: Fleet, plugins: Path) -> None:
        """Take the gateway that knows the clusters, the machines, and where the plugin of srun is kept."""
        self._gateway, self._fleet = gateway, fleet
        self._why_not = installed.why_not()
        self._plugin = None if self._why_not else plugin.place(plugins)
        self._building: asyncio.Task[bool] | None = None
        self._seats: dict[str, SlurmSeat] = {}
        self._clusters: dict[str, SlurmCluster] = {}
        self._sites: dict[str, Site] = {}
        self._read: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    def outfit(self, node: NodeView) -> Outfit:
        """Return what Slurm wants on a node."""
        seat = self._seats.get(node.instance_id)
        if not node.slurm or seat is None:
            return Outfit()
        gpus = dict.fromkeys(devices(seat), "/dev/null")
        if self._why_not is not None:
            return Outfit(files=stand_ins.instead(self._why_not), devices=gpus)
        places = self._places(node.cluster_id)
        places.prepare()
        if self._plugin is not None:
            plugin.make_room(self._plugin)
        return Outfit(tuple(places.binds(seat, self._plugin)), stand_ins.beside(), gpus)

    async def booted(self, machine: Machine) -> None:
        """Start the node's daemons again, where the cluster's Slurm is up."""
        self._soon(machine.node.cluster_id)

    async def wanted(self, machine: Machine) -> None:
        """Bring the cluster's Slurm up, if it is not."""
        site = self._site(machine.node.cluster_id)
        if site is None:
            return
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                await asyncio.shield(self._started(site.ready()))
        except TimeoutError:
            _log.warning("the Slurm of %s is not up after %s s", site.cluster.name, _READY_WITHIN_S)

    async def changed(self, _: tuple[ClusterView, ...]) -> None:
        """Follow HyperPod."""
        self._clusters = await asyncio.to_thread(self._gateway.look, look)
        # A machine may end before its seat is asked for again: the seats of instances that were are kept.
        seats = (seat for cluster in self._clusters.values() for seat in cluster.seats if seat.instance_id)
        self._seats |= {seat.instance_id: seat for seat in seats if seat.instance_id}
        if self._clusters and self._why_not is None and self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        for gone in self._sites.keys() - self._clusters.keys():
            del self._sites[gone]
        for name in self._sites:
            self._soon(name)

    async def close(self) -> None:
        """Let each slurmctld save its state."""
        for task in (*self._tasks, *([self._watching] if self._watching else ())):
            task.cancel()
        await asyncio.gather(*(site.close() for site in self._sites.values()), return_exceptions=True)

    def _site(self, cluster_id: str) -> Site | None:
        cluster = self._clusters.get(cluster_id)
        if cluster is None or cluster.controller is None or self._why_not is not None:
            return None
        site = self._sites.get(cluster_id)
        if site is None:
            repair = partial(self._repair, cluster.region, cluster.arn)
            places = self._places(cluster_id)
            site = Site(cluster, self._fleet, places, repair, self._with_plugin)
            self._sites[cluster_id] = site
        site.cluster = cluster
        return site

    async def _with_plugin(self) -> bool:
        if self._plugin is None:
            return False
        if self._building is None:
            self._building = asyncio.create_task(asyncio.to_thread(plugin.build, self._plugin))
        return await asyncio.shield(self._building)

    def _places(self, cluster_id: str) -> Places:
        return Places(self._fleet.folder(cluster_id) / "slurm")

    def _soon(self, cluster_id: str) -> None:
        if cluster_id in self._sites and (site := self._site(cluster_id)) is not None:
            self._started(site.tend())

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("Slurm: %r", error)

    async def _repair(self, region: str, arn: str, instance_id: str, action: str) -> None:
        await asyncio.to_thread(self._gateway.repair_node, region, arn, instance_id, action)

    async def _watch(self) -> None:
        """Read what slurmctld says of reasons that are given: asking it each time would cost more than reading."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for name, site in tuple(self._sites.items()):
                if await asyncio.to_thread(self._told_a_reason, name):
                    self._started(site.act())

    def _told_a_reason(self, cluster_id: str) -> bool:
        log = self._places(cluster_id).log / "slurmctld.log"
        with suppress(OSError), log.open("rb") as lines:
            seen = self._read.get(cluster_id, 0)
            end = lines.seek(0, 2)
            lines.seek(min(seen, end))
            fresh = lines.read()
            self._read[cluster_id] = end
            return _SIGN in fresh
        return False
