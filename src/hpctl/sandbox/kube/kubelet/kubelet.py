"""The kubelet: it follows the pods that are bound to the cluster's nodes, and has each one run.

It is one for all nodes of a cluster, since all of them are this machine. A node that is not ready, or has gone, is a
machine that is down: its pods' processes end, and are told of when the node is back, as after a reboot.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.kubelet import names
from hpctl.sandbox.kube.kubelet.clock import Clock
from hpctl.sandbox.kube.kubelet.containers import Tools
from hpctl.sandbox.kube.kubelet.cri import Runtime, namespaced
from hpctl.sandbox.kube.kubelet.environment import Surroundings
from hpctl.sandbox.kube.kubelet.images import name_of, stand_ins
from hpctl.sandbox.kube.kubelet.name_server import NameServer
from hpctl.sandbox.kube.kubelet.pods import MANAGER, Cluster, PodRun, remove
from hpctl.sandbox.kube.kubelet.proxies import Proxies
from hpctl.sandbox.kube.kubelet.states import ENDED
from hpctl.sandbox.kube.kubelet.streams import Streams
from hpctl.sandbox.kube.resources import Change
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from hpctl.sandbox.kube.kubelet.containers import Container
    from hpctl.sandbox.kube.ports import Api, LogOptions
    from hpctl.sandbox.kube.ports import Running as RunningCommand
    from hpctl.sandbox.kube.resources import Event, Object

# The pods' network is a namespace of its own, so it is the same for every cluster of every sandbox. EKS's networks for
# pods are cut from this range too (AWS documentation, "Custom networking").
POD_NETWORK: Final = ipaddress.ip_network("100.64.0.0/16")
# The addresses of Services on EKS, and of the name server among them.
SERVICE_NETWORK: Final = ipaddress.ip_network("172.20.0.0/16")
_LOOPBACK: Final = "127.0.0.1"
# Changes of Services, and of what volumes are made of, come in groups; the pods follow them this much later.
_REFRESH_S: Final = 0.02
# What an object that nobody has foreseen does.
_UNFORESEEN: Final = (StatusError, LookupError, TypeError, ValueError, AttributeError, OSError)
_log = logging.getLogger(__name__)


class Kubelet:
    """Runs a cluster's pods, and serves their streams (`ports.PodStreams`)."""

    def __init__(
        self,
        api: Api,
        folder: Path,
        *,
        hidden: Sequence[Path] = (),
        images: Path | None = None,
        apart: bool | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Keep what pods need in a folder; `hidden` are folders that no pod may see, beside people's homes.

        A folder of `images` that is named as an image is laid over the machine's files for containers of that image.
        `apart` is whether pods get namespaces of their own: where that is possible unless it says otherwise.
        """
        self._api, self._folder = api, folder
        self._pods = api.resource("v1", "Pod")
        self._nodes = api.resource("v1", "Node")
        self._services = api.resource("v1", "Service")
        self._configs = {kind: api.resource("v1", kind) for kind in ("ConfigMap", "Secret")}
        self._claims = api.resource("v1", "PersistentVolumeClaim")
        gateway = f"{POD_NETWORK[1]}/{POD_NETWORK.prefixlen}"
        apart = namespaced() if apart is None else apart
        self._runtime = Runtime(apart=apart, gateway=gateway, services=str(SERVICE_NETWORK), lost=self._lost)
        self._names = NameServer(self._runtime, str(SERVICE_NETWORK[10]), self._addresses)
        self._tools = Tools(api, self._runtime, clock or Clock(), Recorder(api, MANAGER))
        homes = {Path.home(), Path(f"~{os.environ.get('SUDO_USER', '')}").expanduser()}
        self._cluster = Cluster(
            self._tools,
            self._pods,
            folder,
            str(SERVICE_NETWORK),
            self._names,
            tuple(str(each) for each in sorted({*homes, *hidden, folder}) if len(each.parts) > 1),
            self._surroundings,
            self._claimed,
            self._layers,
        )
        self._images = images
        self._runs: dict[str, PodRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._free = iter(POD_NETWORK.hosts())
        next(self._free)
        self._returned: list[str] = []
        self._closing = False
        self._stand_ins: tuple[str, ...] = ()
        self._proxies = Proxies(self._runtime, lambda: api.list(self._pods))
        self._following: asyncio.Task[None] | None = None
        self._refreshing: asyncio.TimerHandle | None = None
        self._streams = Streams(self._runtime, folder, self._container)

    async def run(self) -> None:
        """Run pods until cancelled; then nothing runs any more."""
        self._closing = False
        known = {each["metadata"]["uid"] for each in self._api.list(self._pods)}
        await asyncio.to_thread(_sweep, self._folder, known)
        self._stand_ins = await asyncio.to_thread(stand_ins, self._folder / "stand-ins")
        try:
            watched = (self._nodes, self._services, *self._configs.values(), self._pods)
            async for event in self._api.watch(*watched):
                try:
                    self._heard(event)
                except _UNFORESEEN:
                    _log.exception("%s %s", event.change, event.object.get("metadata", {}).get("name"))
        finally:
            await self._close()

    def log(self, pod: Object, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Yield a container's log."""
        return self._streams.log(pod, container, options)

    async def execute(self, pod: Object, container: str, command: Sequence[str], *, tty: bool) -> RunningCommand:
        """Start a command in a container."""
        return await self._streams.execute(pod, container, command, tty=tty)

    async def connect(self, pod: Object, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a port inside the pod."""
        return await self._streams.connect(pod, port)

    def _heard(self, event: Event) -> None:
        match event.resource.kind:
            case "Pod":
                self._heard_of_pod(event)
            case "Node":
                self._heard_of_node(event.object["metadata"]["name"])
            case "Service":
                self._refresh_soon()
            case _:
                self._heard_of_config(event)

    def _heard_of_pod(self, event: Event) -> None:
        pod = event.object
        uid = pod["metadata"]["uid"]
        if event.change is Change.DELETED:
            self._forget(uid)
        elif run := self._runs.get(uid):
            run.tell(pod)
            if event.before and _described(pod) != _described(event.before):
                self._refresh_soon()
        else:
            self._take_up(pod)

    def _heard_of_node(self, name: str) -> None:
        mine = self._api.list(self._pods, fields=f"spec.nodeName={name}")
        if self._up(name):
            for pod in mine:
                self._take_up(pod)
            return
        for pod in mine:
            if run := self._runs.get(pod["metadata"]["uid"]):
                run.lose()

    def _heard_of_config(self, event: Event) -> None:
        namespace = event.object["metadata"]["namespace"]
        if any(run.object["metadata"]["namespace"] == namespace for run in self._runs.values()):
            self._refresh_soon()

    def _take_up(self, pod: Object) -> None:
        spec, uid = pod["spec"], pod["metadata"]["uid"]
        if self._closing or uid in self._tasks or not spec.get("nodeName") or not self._up(spec["nodeName"]):
            return
        if (pod.get("status") or {}).get("phase") in ENDED:
            return
        run = self._runs[uid] = PodRun(self._cluster, pod, self._address(), self._host_address(spec["nodeName"]))
        if "deletionTimestamp" in pod["metadata"]:
            run.tell(pod)
        task = self._tasks[uid] = asyncio.create_task(run.run())
        task.add_done_callback(lambda done: self._over(uid, run, done))
        if self._following is None:
            self._refresh_soon()

    def _over(self, uid: str, run: PodRun, done: asyncio.Task[None]) -> None:
        self._runs.pop(uid, None)
        self._tasks.pop(uid, None)
        self._returned.append(run.address)
        if done.cancelled():
            return
        if error := done.exception():
            _log.error("pod %s", uid, exc_info=error)
            run.lose()
            return
        with suppress(StatusError):
            # Its node may be back already.
            metadata = run.object["metadata"]
            pod = self._api.get(self._pods, metadata["namespace"], metadata["name"])
            if pod["metadata"]["uid"] == uid and "deletionTimestamp" not in pod["metadata"]:
                self._take_up(pod)

    def _forget(self, uid: str) -> None:
        if run := self._runs.get(uid):
            run.lose()
            self._tasks[uid].add_done_callback(lambda _: self._remove(uid))
        else:
            self._remove(uid)

    def _remove(self, uid: str) -> None:
        with suppress(RuntimeError):
            asyncio.get_running_loop().run_in_executor(None, remove, self._folder / "pods" / uid)

    def _lost(self) -> None:
        # Somebody has killed the runtime: to the pods it is as if their machines had been switched off and on.
        for run in tuple(self._runs.values()):
            run.lose()
        self._names.close()
        self._proxies.close()
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        if self._refreshing is None:
            self._refreshing = asyncio.get_running_loop().call_later(_REFRESH_S, self._refresh)

    def _refresh(self) -> None:
        self._refreshing = None
        for run in tuple(self._runs.values()):
            with suppress(OSError):
                run.refresh()
        if self._runs and self._runtime.apart and (self._following is None or self._following.done()):
            self._following = asyncio.create_task(self._proxies.follow(self._api.list(self._services)))

    async def _close(self) -> None:
        self._closing = True
        if self._refreshing:
            self._refreshing.cancel()
            self._refreshing = None
        for run in self._runs.values():
            run.lose()
        tasks = [*self._tasks.values(), *([self._following] if self._following else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._names.close()
        await self._proxies.end()
        await self._runtime.close()

    def _up(self, node: str) -> bool:
        try:
            found = self._api.get(self._nodes, None, node)
        except StatusError:
            return False
        conditions = (found.get("status") or {}).get("conditions") or ()
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _host_address(self, node: str) -> str:
        with suppress(StatusError):
            status = self._api.get(self._nodes, None, node).get("status") or {}
            for each in status.get("addresses") or ():
                if each["type"] == "InternalIP":
                    return str(each["address"])
        return ""

    def _address(self) -> str:
        if not self._runtime.apart:
            return _LOOPBACK
        # An address rests before somebody else has it: who still knows it by name must not find a stranger.
        try:
            return str(next(self._free))
        except StopIteration:
            return self._returned.pop(0)

    def _surroundings(self, pod: Object) -> Surroundings:
        namespace = pod["metadata"]["namespace"]

        def config(kind: str, name: str) -> Object | None:
            with suppress(StatusError):
                return self._api.get(self._configs[kind], namespace, name)
            return None

        allocatable = None
        with suppress(StatusError):
            allocatable = self._api.get(self._nodes, None, pod["spec"]["nodeName"])["status"].get("allocatable")
        return Surroundings(pod, config, self._api.list(self._services), allocatable)

    def _claimed(self, namespace: str, name: str) -> bool:
        try:
            self._api.get(self._claims, namespace, name)
        except StatusError:
            return False
        return True

    def _addresses(self, name: str) -> list[str] | None:
        return names.addresses(name, self._api.list(self._services), self._api.list(self._pods))

    def _layers(self, image: str) -> tuple[str, ...]:
        own = self._images / name_of(image) if self._images and image else None
        return (*([str(own)] if own and own.is_dir() else []), *self._stand_ins)

    def _container(self, uid: str, name: str) -> Container | None:
        run = self._runs.get(uid)
        return run.container(name) if run else None


def _described(pod: Object) -> tuple[object, object]:
    """Return what of a pod its own volumes show."""
    return pod["metadata"].get("labels"), pod["metadata"].get("annotations")


def _sweep(folder: Path, known: set[str]) -> None:
    """Remove what a server that was killed has left: pods that are no more, and what containers had written."""
    for each in _children(folder / "pods"):
        remove(each / "containers" if each.name in known else each)


def _children(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from tuple(folder.iterdir())
