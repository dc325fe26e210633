"""A cluster without a wire: the sandbox's own API in memory, one node, and the kubelet that really runs its pods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from hpctl.sandbox.kube import bootstrap
from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES
from hpctl.sandbox.kube.kubelet.clock import Clock
from hpctl.sandbox.kube.kubelet.cri import namespaced
from hpctl.sandbox.kube.kubelet.kubelet import Kubelet
from hpctl.sandbox.kube.objects import Objects
from hpctl.sandbox.kube.ports import LogOptions
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.rules import KindRules
from hpctl.sandbox.kube.status import StatusError
from hpctl.sandbox.kube.store import Store

NODE = "hyperpod-i-0123456789abcdef0"
HOST = "10.1.2.3"
PATIENCE_S = 60.0
MANAGER = "test"
T = TypeVar("T")
UP = [{"type": "Ready", "status": "True"}]
DOWN = [{"type": "Ready", "status": "Unknown"}]


@dataclass
class Cluster:
    """The API, its kubelet, and words for what tests do with them."""

    api: ClusterApi
    kubelet: Kubelet
    folder: Path
    names: dict[str, int] = field(default_factory=dict)

    def create(self, kind: str, name: str, **members: Any) -> Object:
        resource = self.api.resource("v1", kind)
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **members.pop("metadata", {})}, **members}
        return self.api.create(resource, "default" if resource.namespaced else None, body, manager=MANAGER)

    def pod(self, name: str, *command: str, labels: Mapping[str, str] | None = None, **spec: Any) -> Object:
        """Create a pod of one container, `main`; what belongs to a container goes there, the rest into the spec."""
        mine = {key: spec.pop(key) for key in tuple(spec) if key in _OF_CONTAINER}
        container = {"name": "main", "image": "example.com/any:1", "command": list(command), **mine}
        whole = {"nodeName": NODE, "restartPolicy": "Never", "containers": [container], **spec}
        metadata = {"labels": dict(labels or {})}
        return self.create("Pod", name, metadata=metadata, spec=whole)

    def shell(self, name: str, script: str, **spec: Any) -> Object:
        return self.pod(name, "/bin/sh", "-c", script, **spec)

    def get(self, name: str, kind: str = "Pod") -> Object:
        return self.api.get(self.api.resource("v1", kind), "default", name)

    def status(self, name: str, container: int = 0) -> Object:
        found: Object = self.get(name)["status"]["containerStatuses"][container]
        return found

    def delete(self, name: str, grace_s: int | None = None) -> None:
        self.api.delete(self.api.resource("v1", "Pod"), "default", name, grace_s=grace_s)

    def node_is(self, conditions: list[dict[str, str]]) -> None:
        nodes = self.api.resource("v1", "Node")
        node = deepcopy(self.api.get(nodes, None, NODE))
        node["status"] = {"conditions": conditions, "addresses": [{"type": "InternalIP", "address": HOST}]}
        node["status"]["allocatable"] = {"cpu": "8", "memory": "16Gi"}
        self.api.update(nodes, None, node, manager=MANAGER, subresource="status")

    async def until(self, name: str, holds: Callable[[Object], object], patience_s: float = PATIENCE_S) -> Object:
        """Wait until something holds of a pod's status."""
        found: Object = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    found = self.get(name)
                    # What nobody has told yet does not hold.
                    with suppress(LookupError):
                        if holds(found.get("status", {})):
                            return found
                    await asyncio.sleep(0.01)
        raise AssertionError(f"{name}: {found.get('status')} {self.events(name)}")

    async def phase(self, name: str, *phases: str) -> Object:
        return await self.until(name, lambda status: status.get("phase") in phases)

    async def gone(self, name: str, patience_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(patience_s):
            while True:
                try:
                    self.get(name)
                except StatusError:
                    return
                await asyncio.sleep(0.01)

    async def log(self, name: str, container: str = "main", **options: Any) -> bytes:
        return b"".join([part async for part in self.kubelet.log(self.get(name), container, LogOptions(**options))])

    async def said(self, name: str) -> str:
        """Wait for a pod's end and return what it has printed."""
        await self.phase(name, "Succeeded", "Failed")
        return (await self.log(name)).decode()

    async def sh(self, name: str, script: str) -> tuple[int, str]:
        """Run something in a container; returns its status and all that it has printed."""
        running = await self.kubelet.execute(self.get(name), "main", ["/bin/sh", "-c", script], tty=False)
        await running.end_input()
        said = [data async for _, data in running.output()]
        return await running.ended(), b"".join(said).decode()

    def events(self, name: str) -> list[tuple[str, str]]:
        found = self.api.list(self.api.resource("v1", "Event"))
        return [(each["reason"], each["message"]) for each in found if each["involvedObject"]["name"] == name]


_OF_CONTAINER = frozenset({
    "args", "env", "envFrom", "image", "lifecycle", "livenessProbe", "ports", "readinessProbe", "resources",
    "securityContext", "startupProbe", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeMounts",
    "workingDir",
})  # fmt: skip


@asynccontextmanager
async def cluster(folder: Path, *, apart: bool = True, clock: Clock | None = None, name: str = "one",
                  kept: bool = False) -> AsyncIterator[Cluster]:  # fmt: skip
    """Run a cluster; with `kept` its objects are in a file of the folder, as they are after a restart."""
    store = Store(folder / f"{name}.sqlite3" if kept else ":memory:")
    objects = Objects(store)
    rules = KindRules(lambda: objects.every(CUSTOM_RESOURCES).values())
    api = ClusterApi(objects, rules, partial(datetime.now, UTC), Random(7))  # noqa: S311 - a seed
    bootstrap.fill(api)
    kubelet = Kubelet(api, folder / name, hidden=(folder,), images=folder / "images", apart=apart, clock=clock)
    made = Cluster(api, kubelet, folder / name)
    if not api.list(api.resource("v1", "Node")):
        made.create("Node", NODE)
        made.node_is(UP)
    # As in the sandbox's server.
    umask = os.umask(0o077)
    task = asyncio.create_task(kubelet.run())
    try:
        yield made
    finally:
        os.umask(umask)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        store.close()


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds of the machine."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


def run(scenario: Callable[[Cluster], Awaitable[T]], folder: Path, **kind: Any) -> T:
    """Run a scenario with a cluster of its own."""

    async def whole() -> T:
        async with cluster(folder, **kind) as made:
            return await scenario(made)

    return asyncio.run(_unwarned(whole()))


async def _unwarned(work: Coroutine[Any, Any, T]) -> T:
    return await work


def require_namespaces() -> None:
    """Skip where pods cannot have namespaces; in CI on Linux that is a failure."""
    if namespaced():
        return
    why = "pods get namespaces on Linux as root alone: run the tests as root"
    if os.environ.get("CI") == "true" and os.uname().sysname == "Linux":
        pytest.fail(why)
    pytest.skip(why)


def processes(marker: str) -> list[str]:
    """Return the processes of this machine whose command line has a marker in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if marker in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(path.parent.name)
    return [each for each in found if each != str(os.getpid())]
