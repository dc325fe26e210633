"""The life of one pod on its node: sandbox, init containers in order, the rest side by side, and its end."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet import names, states
from hpctl.sandbox.kube.kubelet.containers import Container, Tools
from hpctl.sandbox.kube.kubelet.creating import Room
from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.kube.kubelet.environment import Surroundings
from hpctl.sandbox.kube.kubelet.logfiles import remove_before
from hpctl.sandbox.kube.kubelet.states import ENDED, INITIALIZING, Record, Terminated, Waiting
from hpctl.sandbox.kube.kubelet.volumes import Places, VolumeError, folder_of, is_data, memory_size, open_folder
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hpctl.sandbox.kube.kubelet.name_server import NameServer
    from hpctl.sandbox.kube.resources import Object, Resource

MANAGER: Final = "kubelet"
_DEFAULT_GRACE_S: Final = 30
# Between two tries to have what a pod's sandbox needs (the kubelet's exponential back-off of volumes begins lower).
_MOUNT_AGAIN_S: Final = 2.0
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a pod needs to know of its cluster."""

    tools: Tools
    pods: Resource
    folder: Path
    services_network: str
    names: NameServer
    hidden: tuple[str, ...]
    surroundings: Callable[[Object], Surroundings]
    claimed: Callable[[str, str], bool]
    layers: Callable[[str], tuple[str, ...]]


class PodRun:
    """One pod, from when it is bound until nothing of it runs any more."""

    def __init__(self, cluster: Cluster, pod: Object, address: str, host_address: str) -> None:
        """Take up a pod; `address` is its own, `host_address` its node's."""
        self._cluster, self.object, self.address, self._host_address = cluster, pod, address, host_address
        self._tools = cluster.tools
        self.key: str = pod["metadata"]["uid"]
        self.folder: Path = cluster.folder / "pods" / self.key
        spec, status, now = pod["spec"], pod.get("status") or {}, self._tools.api.now
        old = {each["name"]: each for kind in ("initContainerStatuses", "containerStatuses")
               for each in status.get(kind) or ()}  # fmt: skip
        self._inits = [
            Container(self._tools, self, states.remembered(
                each, old.get(each["name"]), now, sidecar=each.get("restartPolicy") == "Always"),
                "Always" if each.get("restartPolicy") == "Always" else _init_policy(self.policy))
            for each in spec.get("initContainers") or ()
        ]  # fmt: skip
        self._mains = [
            Container(self._tools, self, states.remembered(each, old.get(each["name"]), now), self.policy)
            for each in spec["containers"]
        ]
        self._started_at = status.get("startTime") or timestamp(now)
        self._sandbox, self._silent = False, False
        self._stopping = asyncio.Event()
        self._reason: tuple[str, str, str] | None = None
        self._volumes: dict[str, Path] = {}
        self._memory: dict[str, int] = {}
        self._due = False
        self._sidecars: list[asyncio.Task[None]] = []
        self._ends: asyncio.Task[None] | None = None

    @property
    def policy(self) -> str:
        """The pod's restart policy."""
        return str(self.object["spec"].get("restartPolicy") or "Always")

    @property
    def grace_s(self) -> float:
        """The seconds that its processes have to end by themselves."""
        given = self.object["spec"].get("terminationGracePeriodSeconds")
        return float(_DEFAULT_GRACE_S if given is None else given)

    async def run(self) -> None:
        """Run the pod to its end; when it is being deleted, let the API have done with it."""
        self._begin_anew()
        self.changed()
        deadline = self._deadline()
        try:
            if await self._made() and await self._initialized():
                await asyncio.gather(*(each.run() for each in self._mains))
            if self._ends:
                await self._ends
            await self._stop_sidecars()
        finally:
            if deadline:
                deadline.cancel()
        await self._gone()

    def tell(self, pod: Object) -> None:
        """Take the pod as it is now; begin to end it when it is being deleted."""
        self.object = pod
        metadata = pod["metadata"]
        if "deletionTimestamp" in metadata:
            self.end(float(metadata.get("deletionGracePeriodSeconds") or 0))

    def end(self, grace_s: float, reason: tuple[str, str, str] | None = None) -> None:
        """Begin to end the pod; `reason` is a phase with reason and message that it ends with."""
        self._reason = self._reason or reason
        self._stopping.set()
        before = self._ends
        if before is None or grace_s == 0:
            self._ends = asyncio.create_task(self._stop(grace_s, self._mains))

    def lose(self) -> None:
        """End everything at once and say nothing: the pod's machine has gone."""
        self._silent = True
        self._stopping.set()
        for each in (*self._inits, *self._mains):
            each.lose()

    def container(self, name: str) -> Container | None:
        """Return a container by its name."""
        return next((each for each in (*self._inits, *self._mains) if each.record.name == name), None)

    def surroundings(self) -> Surroundings:
        """Return what environments are made from now."""
        return self._cluster.surroundings(self._with_addresses())

    def room(self, name: str, instance: int) -> Room:
        """Return where an instance of a container lives, and make it."""
        own = self.folder / "containers" / name / str(instance)
        open_folder(own)
        self.logs(name).mkdir(parents=True, exist_ok=True)
        remove_before(self.logs(name), instance - 1)
        container = self.container(name)
        layers = self._cluster.layers(container.record.spec.get("image") or "") if container else ()
        return Room(own, self.folder, self._volumes, self._cluster.hidden, layers, self._memory)

    def leave(self, name: str, instance: int) -> None:
        """Remove what an instance of a container has written, but its logs."""
        own = self.folder / "containers" / name / str(instance)
        task = asyncio.get_running_loop().run_in_executor(None, remove, own)
        task.add_done_callback(lambda done: done.exception())

    def logs(self, name: str) -> Path:
        """Return where a container's logs are."""
        return self.folder / "logs" / name

    def changed(self) -> None:
        """Bring the pod's status to the API, once however much changes at a time."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._publish)

    def refresh(self) -> None:
        """Bring volumes made of data up to date."""
        if self._sandbox:
            for each in (*self._inits, *self._mains):
                each.look()
            self._fill_volumes(only_data=True)

    async def _made(self) -> bool:
        """Make the pod's sandbox and volumes; False when the pod ends before."""
        while not self._stopping.is_set():
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                await self._fill_memory()
                self._fill_volumes(only_data=False)
                services = self._cluster.services_network
                await self._cluster.names.begin()
                await self._tools.runtime.pod(self.key, names.hostname(self.object), self.address, services)
                self._sandbox = True
                self._write_names()
                self.changed()
            except VolumeError as error:
                self._tools.recorder.warning(self.object, "FailedMount", str(error))
            except RuntimeFailure as failure:
                told = f"Failed to create pod sandbox: {failure.where}: {failure.text}"
                self._tools.recorder.warning(self.object, "FailedCreatePodSandBox", told)
            else:
                return True
            await self._tools.clock.wait(self._stopping, _MOUNT_AGAIN_S)
        return False

    async def _initialized(self) -> bool:
        """Run the init containers, each after the one before; False when one has failed for good."""
        for each in self._inits:
            if each.record.sidecar:
                self._sidecars.append(asyncio.create_task(each.run()))
                await self._either(each.settled)
            else:
                task = asyncio.create_task(each.run())
                await asyncio.wait([task])
                task.result()
            if not each.record.initialized or self._stopping.is_set():
                return False
        return not self._stopping.is_set()

    async def _either(self, event: asyncio.Event) -> None:
        tasks = [asyncio.create_task(each.wait()) for each in (event, self._stopping)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in tasks:
            each.cancel()

    async def _stop(self, grace_s: float, containers: Sequence[Container]) -> None:
        running = [*containers, *(each for each in self._inits if not each.record.sidecar)]
        await asyncio.gather(*(each.stop(grace_s) for each in running))

    async def _stop_sidecars(self) -> None:
        # They outlive the others, and end in the opposite order (Kubernetes, "Sidecar Containers").
        for each in reversed([each for each in self._inits if each.record.sidecar]):
            await each.stop(self.grace_s if not self._silent else 0)
        await asyncio.gather(*self._sidecars)

    async def _gone(self) -> None:
        with suppress(RuntimeFailure):
            await self._tools.runtime.unpod(self.key)
        self._sandbox = False
        if self._silent:
            return
        self._publish()
        metadata = self.object["metadata"]
        if "deletionTimestamp" in metadata:
            with suppress(StatusError):
                self._tools.api.delete(
                    self._cluster.pods, metadata["namespace"], metadata["name"], grace_s=0, uid=metadata["uid"]
                )

    def _begin_anew(self) -> None:
        if self.policy == "Never" and any(each.record.container_id for each in self._mains):
            # Its machine was down: who may not be started again has failed.
            self._stopping.set()
            return
        for each in self._inits:
            # A new sandbox initializes itself anew.
            if isinstance(each.record.state, Terminated):
                each.record.last, each.record.state = each.record.state, Waiting(INITIALIZING)
                each.record.restarts += 1
        for each in self._mains:
            if self._inits and isinstance(each.record.state, Waiting):
                each.record.state = Waiting(INITIALIZING)

    def _deadline(self) -> asyncio.TimerHandle | None:
        seconds = self.object["spec"].get("activeDeadlineSeconds")
        if seconds is None:
            return None
        message = "Pod was active on the node longer than the specified deadline"
        reason = ("Failed", "DeadlineExceeded", message)
        begun = type(self._tools.api.now).fromisoformat(self._started_at)
        left = float(seconds) - (self._tools.api.now - begun).total_seconds()
        return asyncio.get_running_loop().call_later(max(0.0, left), self.end, self.grace_s, reason)

    async def _fill_memory(self) -> None:
        for each in self.object["spec"].get("volumes") or ():
            size = memory_size(each)
            if size is None or each["name"] in self._volumes:
                continue
            folder = self.folder / "volumes" / str(each["name"])
            folder.mkdir(parents=True, exist_ok=True)
            await self._tools.runtime.memory(self.key, str(folder), size)
            self._volumes[each["name"]], self._memory[each["name"]] = folder, size

    def _fill_volumes(self, *, only_data: bool) -> None:
        node = self._cluster.folder / "nodes" / self.object["spec"]["nodeName"]
        namespace = self.object["metadata"]["namespace"]
        claims = self._cluster.folder / "claims" / namespace
        places = Places(self.folder, node, claims, lambda name: self._cluster.claimed(namespace, name))
        for each in self.object["spec"].get("volumes") or ():
            if each["name"] in self._memory or (only_data and not is_data(each)):
                continue
            try:
                self._volumes[each["name"]] = folder_of(each, places, self.surroundings())
            except VolumeError:
                # What a volume is made of has gone: who has it keeps it as it was.
                if not only_data:
                    raise
        group = (self.object["spec"].get("securityContext") or {}).get("fsGroup")
        if group is not None and self._tools.runtime.apart and not only_data:
            for each in self.object["spec"].get("volumes") or ():
                if "emptyDir" in each:
                    os.chown(self._volumes[each["name"]], -1, int(group))
                    self._volumes[each["name"]].chmod(0o2777)

    def _write_names(self) -> None:
        if not self._tools.runtime.apart:
            return
        namespace = self.object["metadata"]["namespace"]
        for name, text in (
            ("hosts", names.hosts(self.object, self.address)),
            ("resolv.conf", names.resolver(namespace, self._cluster.names.address)),
            ("hostname", names.hostname(self.object) + "\n"),
        ):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o644)

    def _with_addresses(self) -> Object:
        status = {**(self.object.get("status") or {}), **self._addresses()}
        return {**self.object, "status": status}

    def _addresses(self) -> Object:
        told: Object = {}
        if self._host_address:
            told |= {"hostIP": self._host_address, "hostIPs": [{"ip": self._host_address}]}
        return told | {"podIP": self.address, "podIPs": [{"ip": self.address}]}

    def _publish(self) -> None:
        self._due = False
        if self._silent:
            return
        metadata = self.object["metadata"]
        with suppress(StatusError):
            stored = self._tools.api.get(self._cluster.pods, metadata["namespace"], metadata["name"])
            if stored["metadata"]["uid"] != self.key:
                return
            draft = deepcopy(stored)
            draft["status"] = self._status(stored.get("status") or {})
            if draft["status"] != stored.get("status"):
                self.object = self._tools.api.update(
                    self._cluster.pods, metadata["namespace"], draft, manager=MANAGER, subresource="status"
                )

    def _status(self, old: Object) -> Object:
        inits, mains = [each.record for each in self._inits], [each.record for each in self._mains]
        phase, reason = self._phase(inits, mains, old), self._reason
        rows = states.conditions(inits, mains, phase, sandbox=self._sandbox)
        status = {name: value for name, value in old.items() if name not in {"reason", "message"}}
        status |= {
            "phase": phase,
            "conditions": states.merged_conditions(old.get("conditions") or (), rows, self._tools.api.now),
            "startTime": self._started_at,
            "containerStatuses": [states.container_status(record) for record in mains],
            "qosClass": old.get("qosClass") or states.quality_of_service(self.object["spec"]),
        }
        if inits:
            status["initContainerStatuses"] = [
                {**states.container_status(record), "ready": record.initialized} for record in inits
            ]
        if reason and phase == reason[0]:
            status |= {"reason": reason[1], "message": reason[2]}
        addresses = self._addresses()
        if not self._sandbox and "podIP" not in old:
            addresses = {name: value for name, value in addresses.items() if name.startswith("host")}
        return status | addresses

    def _phase(self, inits: Sequence[Record], mains: Sequence[Record], old: Object) -> str:
        if old.get("phase") in ENDED:
            return str(old["phase"])
        found = states.phase(self.policy, inits, mains)
        if found in ENDED and any(isinstance(each.state, states.Running) for each in (*inits, *mains)):
            # A pod has not ended before all that runs beside it has.
            found = "Running"
        over = not self._sandbox and self._stopping.is_set()
        if self._reason and (over or found in ENDED):
            return self._reason[0]
        if over and found not in ENDED:
            # What is stopped for good has ended, as well as its containers have.
            good = all(record.succeeded for record in mains)
            return "Succeeded" if good else "Failed"
        return found


def remove(folder: Path) -> None:
    """Remove a folder, and what of it can be removed."""
    shutil.rmtree(folder, ignore_errors=True)


def _init_policy(policy: str) -> str:
    # An init container that has ended well is done, whatever its pod's policy.
    return "Never" if policy == "Never" else "OnFailure"
