"""All nodes' machines: made when somebody wants one, ended when HyperPod has no such node any more, or reboots it."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from hpctl.sandbox.kube.kubelet.cri import Runtime, RuntimeFailure, namespaced
from hpctl.sandbox.nodes.layout import Outfit, prepare_cluster
from hpctl.sandbox.nodes.machine import Machine, name_of_volume
from hpctl.sandbox.nodes.views import look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.nodes.views import ClusterView, NodeView

# Of the bridge that a cluster's nodes share; no node has an address of this range (RFC 3927).
_BRIDGE: Final = "169.254.100.1/16"
_LEAST_WAIT_S: Final = 0.05
_log = logging.getLogger(__name__)


class NoMachineError(Exception):
    """There is no such node, or it does not run."""


class Guest(Protocol):
    """Who lives on nodes: the sandbox's Slurm."""

    def outfit(self, node: NodeView) -> Outfit:
        """Return what a node's machine is to have when it is made."""
        ...

    async def booted(self, machine: Machine) -> None:
        """Hear that a machine has been made, or has come back after a reboot."""
        ...

    async def wanted(self, machine: Machine) -> None:
        """Hear that a session is about to start on a machine; it waits for this."""
        ...

    async def changed(self, clusters: tuple[ClusterView, ...]) -> None:
        """Hear that clusters or their nodes are others than before; no machine is made or ended until it returns."""
        ...

    async def close(self) -> None:
        """End; the machines end after it."""
        ...


class Fleet:
    """The machines of an account's nodes, in one event loop."""

    def __init__(self, gateway: Gateway, folder: Path, home: Path) -> None:
        """Take the gateway that knows the nodes, where clusters' files are kept, and the home that no node may see."""
        self._gateway, self._folder = gateway, folder
        people = {Path.home(), Path(f"~{os.environ.get('SUDO_USER', '')}").expanduser(), home}
        self._hidden = tuple(str(each) for each in sorted(people) if len(each.parts) > 1)
        self.guests: list[Guest] = []
        self._apart = namespaced()
        self._runtimes: dict[str, Runtime] = {}
        self._machines: dict[str, asyncio.Task[Machine]] = {}
        self._boots: dict[str, int] = {}
        # What everybody has been told of, and what guests are being told of: newer, for as long as that takes.
        self._known: tuple[ClusterView, ...] = ()
        self._newest: tuple[ClusterView, ...] = ()
        self._looked = False
        self._settling = asyncio.Lock()
        self._preparing = asyncio.Lock()
        self._guest: ContextVar[bool] = ContextVar("guest", default=False)
        self._changed = asyncio.Event()

    async def clusters(self) -> tuple[ClusterView, ...]:
        """Return the clusters as HyperPod has them now."""
        await self._settle()
        return self._known

    def folder(self, cluster_id: str) -> Path:
        """Return where a cluster's files are."""
        return self._folder / cluster_id

    async def machine(self, instance_id: str) -> Machine:
        """Return a node's machine, made if nobody wanted it before; raises NoMachineError, RuntimeFailure."""
        node = self._node(instance_id)
        # A guest hears of every change; one that asks would wait here for guests that wait for it.
        if not self._guest.get() and (node is None or not node.up):
            await self._settle()
            node = self._node(instance_id)
        if node is None or not node.up:
            raise NoMachineError(instance_id)
        made = self._machines.get(instance_id)
        if made is None or (made.done() and (made.cancelled() or made.exception() or not made.result().running)):
            made = self._machines[instance_id] = asyncio.create_task(self._made(node))
            self._boots[instance_id] = node.boots
        return await asyncio.shield(made)

    async def ready(self, instance_id: str) -> Machine:
        """Return a node's machine once all who live on it are up; raises as `machine` does."""
        machine = await self.machine(instance_id)
        with self._among_guests():
            for guest in self.guests:
                await guest.wanted(machine)
        return machine

    async def follow(self) -> None:
        """Follow HyperPod until cancelled; then no machine runs any more."""
        loop = asyncio.get_running_loop()

        def tell() -> None:
            # A loop that has ended has nobody left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._changed.set)

        self._gateway.listen(tell)
        try:
            while True:
                self._changed.clear()
                due = await self._settle()
                wait = None if due is None else max(due, _LEAST_WAIT_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
        finally:
            await self._close()

    async def _settle(self) -> float | None:
        """Look at HyperPod and end what is no more; returns in how many seconds something may be new."""
        async with self._settling:
            known, due = await asyncio.to_thread(self._gateway.look, look)
            if known != self._known or not self._looked:
                # Guests first: what they say of a machine they know by then.
                # They may ask for its machine at once, while everybody else waits for them.
                self._newest = known
                with self._among_guests():
                    for guest in self.guests:
                        await guest.changed(known)
                self._known, self._looked = known, True
                await self._end_others()
                async with self._preparing:
                    await asyncio.to_thread(self._write_down)
        return None if due is None else (due - self._gateway.clock()).total_seconds()

    @contextmanager
    def _among_guests(self) -> Iterator[None]:
        """Take what is asked within, and in tasks begun within, as asked by guests."""
        token = self._guest.set(True)
        try:
            yield
        finally:
            self._guest.reset(token)

    async def _end_others(self) -> None:
        up = {node.instance_id: node.boots for cluster in self._known for node in cluster.nodes if node.up}
        for instance_id, boots in tuple(self._boots.items()):
            if up.get(instance_id) != boots:
                await self._end(instance_id)
        for cluster in self._runtimes.keys() - {cluster.id for cluster in self._known}:
            await self._runtimes.pop(cluster).close()

    async def _end(self, instance_id: str) -> None:
        made = self._machines.pop(instance_id)
        del self._boots[instance_id]
        with suppress(RuntimeFailure, OSError):
            await (await made).end()

    def _write_down(self) -> None:
        for cluster in self._known:
            if self.folder(cluster.id).exists():
                prepare_cluster(self.folder(cluster.id), cluster)
                volumes = {name_of_volume(node) for node in cluster.nodes}
                for own in _children(self.folder(cluster.id) / "nodes"):
                    if own.name not in volumes:
                        shutil.rmtree(own, ignore_errors=True)
        self._sweep()

    def _sweep(self) -> None:
        """Remove what clusters that are gone have left; nothing while nobody has looked."""
        kept = {cluster.id for cluster in self._known}
        for each in _children(self._folder) if self._looked else ():
            if each.name not in kept:
                shutil.rmtree(each, ignore_errors=True)

    async def _made(self, node: NodeView) -> Machine:
        folder = self.folder(node.cluster_id)
        async with self._preparing:
            # Looked for only now: a change while it waited would be written over with what was before.
            cluster = next((each for each in self._newest if each.id == node.cluster_id), None)
            if cluster is None:
                raise NoMachineError(node.instance_id)
            await asyncio.to_thread(prepare_cluster, folder, cluster)
        machine = Machine(node, self._runtime(node.cluster_id), folder, self._hidden)
        outfits = [guest.outfit(node) for guest in self.guests]
        await machine.boot(_together(outfits))
        for guest in self.guests:
            await guest.booted(machine)
        return machine

    def _runtime(self, cluster_id: str) -> Runtime:
        if cluster_id not in self._runtimes:
            self._runtimes[cluster_id] = Runtime(apart=self._apart, gateway=_BRIDGE, services="")
        return self._runtimes[cluster_id]

    def _node(self, instance_id: str) -> NodeView | None:
        nodes = (node for cluster in self._newest for node in cluster.nodes)
        return next((node for node in nodes if node.instance_id == instance_id), None)

    async def _close(self) -> None:
        for guest in self.guests:
            with suppress(Exception):
                await guest.close()
        for made in self._machines.values():
            made.cancel()
        await asyncio.gather(*(each.close() for each in self._runtimes.values()), return_exceptions=True)


def _together(outfits: list[Outfit]) -> Outfit:
    binds = tuple(bind for each in outfits for bind in each.binds)
    files = {path: text for each in outfits for path, text in each.files.items()}
    devices = {path: source for each in outfits for path, source in each.devices.items()}
    return Outfit(binds, files, devices)


def _children(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(folder.iterdir())
    except FileNotFoundError:
        return ()
