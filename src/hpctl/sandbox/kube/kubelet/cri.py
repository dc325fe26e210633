"""The kubelet's side of the container runtime: it starts the runtime's process and asks it for things.

Requests are answered in the order in which they are done with, not in which they came; the loop never waits for one.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.kubelet.runtime.wire import Inbox, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hpctl.sandbox.kube.kubelet.runtime.rootfs import Files
    from hpctl.sandbox.kube.kubelet.runtime.spawn import Command

_MODULE: Final = "hpctl.sandbox.kube.kubelet.runtime"
# What the interpreter of the runtime needs to find this package as this process does.
_KEPT: Final = ("LANG", "LC_ALL", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
# The runtime gives itself 5 s to see all of its processes end.
_LONGEST_END_S: Final = 6.0
_BLOCK: Final = 65536
_GONE: Final = "the container runtime has gone"
LOST: Final = 137
"""The exit status of what ended because the runtime did: it was killed."""


class RuntimeFailure(Exception):  # noqa: N818  # the runtime's own word for it
    """The runtime could not do it: `number` is the error's, `where` the path or call that it is about."""

    def __init__(self, text: str, number: int | None = None, where: str = "") -> None:
        """Say what the system said."""
        super().__init__(text)
        self.text, self.number, self.where = text, number, where


def namespaced() -> bool:
    """Whether pods can have namespaces of their own: on Linux, as root, with the capability to make them."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    lines = Path("/proc/self/status").read_text().splitlines()
    capabilities = next(line for line in lines if line.startswith("CapEff"))
    # CAP_SYS_ADMIN and CAP_NET_ADMIN (linux/capability.h).
    wanted = 1 << 21 | 1 << 12
    return int(capabilities.split()[1], 16) & wanted == wanted


class Runtime:
    """One runtime process. Its requests raise RuntimeFailure."""

    def __init__(self, *, apart: bool, gateway: str, services: str, lost: Callable[[], None] = lambda: None) -> None:
        """Describe one; its process starts with the first request, and again after it was `lost`.

        `apart` is whether pods get namespaces, with these addresses (CIDR) of bridge and Services. Without Services
        each pod has whatever address it is given, and finds the others where they are.
        """
        self.apart, self._on_loss = apart, lost
        self._arguments = ["namespaces" if apart else "shared", gateway, services]
        self._asked: dict[int, asyncio.Future[tuple[dict[str, Any], list[int]]]] = {}
        self._ends: dict[str, asyncio.Future[int]] = {}
        self._out: deque[bytes | tuple[bytes, Sequence[int]]] = deque()
        self._next = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: asyncio.Task[None] | None = None

    async def _start(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003  # its only form
        self._wire, self._inbox = ours, Inbox(ours)
        ready = self._asked[0] = asyncio.get_running_loop().create_future()
        with theirs:
            theirs.set_inheritable(True)
            self._process = await asyncio.to_thread(self._popen, theirs.fileno())
        asyncio.get_running_loop().add_reader(ours, self._read)
        await ready

    def _popen(self, descriptor: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", _MODULE, str(descriptor), *self._arguments]
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return subprocess.Popen(
            command, env=environment, pass_fds=[descriptor], stdin=subprocess.DEVNULL, start_new_session=True
        )

    async def close(self) -> None:
        """End the runtime, and with it all that it started; returns when all of that has ended."""
        if self._process is None:
            return
        process, wire = self._process, self._wire
        self._process = None
        self._drop()
        wire.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError, TimeoutError), wire:
            async with asyncio.timeout(_LONGEST_END_S):
                while await asyncio.get_running_loop().sock_recv(wire, _BLOCK):
                    pass
        # With namespaces this is the process that has left the serving one behind, long ago.
        await asyncio.to_thread(process.wait)

    async def pod(self, pod: str, hostname: str, address: str, services: str) -> None:
        """Make a pod's namespaces."""
        if self.apart:
            await self._ask("pod", pod=pod, hostname=hostname, address=address, services=services)

    async def unpod(self, pod: str) -> None:
        """Let go of them."""
        if self.apart:
            await self._ask("unpod", pod=pod)

    async def memory(self, pod: str, path: str, size: int) -> None:
        """Mount a volume in memory (bytes; 0 for no limit of its own)."""
        await self._ask("memory", pod=pod, path=path, size=size)

    async def container(
        self, pod: str, key: str, files: Files | None, command: Command, log: tuple[str, int]
    ) -> asyncio.Future[int]:
        """Start a container's process; returns its exit status to come."""
        ending = self._ends[key] = asyncio.get_running_loop().create_future()
        told = asdict(files) if files else None
        try:
            await self._ask("start", pod=pod, key=key, files=told, command=_told(command), log=log)
        except RuntimeFailure:
            del self._ends[key]
            raise
        return ending

    async def execute(
        self, pod: str, container: str, key: str, command: Command, streams: Sequence[int]
    ) -> tuple[asyncio.Future[int], int | None]:
        """Start another process in a container; returns its exit status to come, and its terminal if it has one."""
        ending = self._ends[key] = asyncio.get_running_loop().create_future()
        members = {"pod": pod, "container": container, "key": key, "command": _told(command)}
        try:
            _, descriptors = await self._request("execute", members, streams)
        except RuntimeFailure:
            self._ends.pop(key, None)
            raise
        return ending, next(iter(descriptors), None)

    async def signal(self, key: str, number: int) -> None:
        """Send a signal to a process."""
        await self._ask("signal", key=key, number=number)

    async def hang_up(self, key: str) -> None:
        """Hang up on a process and all of its session; returns at once, and what stays is killed later."""
        await self._ask("hang_up", key=key)

    def kill(self, key: str) -> None:
        """Kill a process without waiting for it."""
        if self._up:
            self._send("signal", {"key": key, "number": 9}, ())

    @property
    def _up(self) -> bool:
        return self._starting is not None and self._starting.done()

    async def open_socket(self, pod: str) -> socket.socket:
        """Return a TCP socket in a pod's network."""
        _, descriptors = await self._request("open_socket", {"pod": pod}, ())
        return _adopted(descriptors)

    async def listen(self, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """Return a socket that listens on an address of the bridge's network."""
        _, descriptors = await self._request("listen", {"address": address, "port": port, "kind": kind}, ())
        return _adopted(descriptors)

    async def _ask(self, do: str, **members: Any) -> None:
        await self._request(do, members, ())

    async def _request(
        self, do: str, members: Mapping[str, Any], descriptors: Sequence[int]
    ) -> tuple[dict[str, Any], list[int]]:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)
        return await self._send(do, members, descriptors)

    def _send(
        self, do: str, members: Mapping[str, Any], descriptors: Sequence[int]
    ) -> asyncio.Future[tuple[dict[str, Any], list[int]]]:
        self._next += 1
        future = self._asked[self._next] = asyncio.get_running_loop().create_future()
        # Nobody may be left to look at it.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        # What is on its way stays open until it is: the caller closes its own.
        held = [os.dup(each) for each in descriptors]
        data = packed({"request": self._next, "do": do, **members}, held)
        self._out.append((data, held) if held else data)
        self._write()
        return future

    def _write(self) -> None:
        while self._out:
            head = self._out.popleft()
            data, descriptors = head if isinstance(head, tuple) else (head, ())
            try:
                sent = socket.send_fds(self._wire, [data], descriptors) if descriptors else self._wire.send(data)
            except BlockingIOError:
                self._out.appendleft(head)
                asyncio.get_running_loop().add_writer(self._wire, self._write)
                return
            except (BrokenPipeError, ConnectionResetError):
                return
            for each in descriptors:
                os.close(each)
            if sent < len(data):
                self._out.appendleft(data[sent:])
        asyncio.get_running_loop().remove_writer(self._wire)

    def _read(self) -> None:
        try:
            there = self._inbox.read()
        except BlockingIOError:
            return
        if not there:
            self._lost()
            return
        for message, descriptors in self._inbox.messages():
            self._heard(message, descriptors)

    def _heard(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "ended" in message:
            _resolve(self._ends.pop(message["ended"], None), int(message["status"]))
            return
        future = self._asked.pop(message["to"])
        if future.done():
            for each in descriptors:
                os.close(each)
        elif "error" in message:
            future.set_exception(RuntimeFailure(message["error"], message["errno"], message["where"]))
        else:
            future.set_result((message, descriptors))

    def _lost(self) -> None:
        self._drop()
        self._wire.close()
        self._on_loss()

    def _drop(self) -> None:
        self._starting = None
        asyncio.get_running_loop().remove_reader(self._wire)
        asyncio.get_running_loop().remove_writer(self._wire)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(RuntimeFailure(_GONE))
        self._asked.clear()
        for ending in tuple(self._ends.values()):
            _resolve(ending, LOST)
        self._ends.clear()


def _told(command: Command) -> dict[str, Any]:
    return {**asdict(command), "environment": dict(command.environment)}


def _resolve(future: asyncio.Future[int] | None, status: int) -> None:
    if future is not None and not future.done():
        future.set_result(status)


def _adopted(descriptors: list[int]) -> socket.socket:
    made = socket.socket(fileno=descriptors[0])
    made.setblocking(False)  # noqa: FBT003  # its only form
    return made
