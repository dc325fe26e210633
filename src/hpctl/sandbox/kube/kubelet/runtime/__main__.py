"""`python -m hpctl.sandbox.kube.kubelet.runtime DESCRIPTOR KIND GATEWAY/PREFIX SERVICES`: serve one kubelet.

KIND is `namespaces` or `shared`. DESCRIPTOR is a socket to the kubelet; when it closes, all is over.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final

from hpctl.sandbox.kube.kubelet.runtime import links, linux, spawn
from hpctl.sandbox.kube.kubelet.runtime.logs import ContainerLog
from hpctl.sandbox.kube.kubelet.runtime.processes import Process, Processes
from hpctl.sandbox.kube.kubelet.runtime.rootfs import Files, machine_mounts
from hpctl.sandbox.kube.kubelet.runtime.wire import Inbox, packed

_POD: Final = ("net", "uts", "ipc")


class Runtime:
    """What the kubelet can ask for: each public method is one of its requests, with the request's members."""

    def __init__(self, kubelet: socket.socket, gateway: str) -> None:
        """Serve the kubelet at the other end; `gateway` is the bridge's address with its prefix, empty without one."""
        self._kubelet, self._selector = kubelet, DefaultSelector()
        self._processes = Processes(self._selector, self._tell)
        self._pods: dict[str, dict[str, int]] = {}
        self._gateway, _, prefix = gateway.partition("/")
        self._prefix = int(prefix or 0)
        self._apart = bool(gateway)
        self._own = linux.namespaces(_POD) if self._apart else {}
        self._mounts = machine_mounts() if self._apart else []
        self._memory: dict[str, list[str]] = {}
        self._links = 0

    def serve(self) -> None:
        """Answer until the kubelet's side of the socket closes."""
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _notice)
        inbox = Inbox(self._kubelet)
        self._selector.register(woken, EVENT_READ, partial(self._reap, woken))
        self._selector.register(self._kubelet, EVENT_READ, inbox.read)
        while True:
            for key, _ in self._selector.select(self._processes.patience):
                # A descriptor may have been closed on behalf of one before it.
                if self._selector.get_map().get(key.fd) is not key:
                    continue
                if key.data() is False and key.fileobj is self._kubelet:
                    return
            self._processes.end_stubborn()
            for message, descriptors in inbox.messages():
                self._answer(message, descriptors)

    def end(self) -> None:
        """End all processes."""
        self._processes.end_all()

    def pod(self, pod: str, hostname: str, address: str, services: str) -> None:
        """Make a pod's namespaces, with an address on the bridge."""
        linux.unshare(linux.CLONE_NEWNET | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC)
        found: dict[str, int] = {}
        try:
            found = linux.namespaces(_POD)
            socket.sethostname(hostname)
        finally:
            for each in self._own.values():
                linux.setns(each)
        self._pods[pod], self._links = found, self._links + 1
        links.join(f"pod{self._links}", found["net"])
        with linux.inside([found["net"]], [self._own["net"]]):
            if services:
                links.configure_pod(address, self._prefix, self._gateway, services)
            else:
                links.configure_node(address)

    def unpod(self, pod: str) -> None:
        """Let go of a pod's namespaces: they end with their last process."""
        for each in self._pods.pop(pod, {}).values():
            os.close(each)
        for path in self._memory.pop(pod, []):
            linux.detach(path)

    def memory(self, pod: str, path: str, size: int) -> None:
        """Mount a volume in memory, for as long as the pod lasts; 0 for no limit of its own."""
        if self._apart:
            limit = f",size={size}" if size else ""
            linux.mount("tmpfs", path, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, f"mode=1777{limit}")
            self._memory.setdefault(pod, []).append(path)

    def start(self, request: int, pod: str, key: str, files: dict[str, Any] | None, command: dict[str, Any],
              log: tuple[str, int]) -> None:  # fmt: skip
        """Start a container's process."""
        what = spawn.Command.of(command)
        reading, streams = _pipes(what)
        ours, theirs = socket.socketpair()
        try:
            if files is None:
                spawn.plainly(what, streams, theirs)
            else:
                spawn.in_container(self._namespaces(pod), Files.of(files), self._mounts, what, streams, theirs)
        finally:
            theirs.close()
            for each in streams:
                os.close(each)
        written = ContainerLog(Path(log[0]), log[1])
        self._processes.add(Process(key, request, ours, written, files is not None, pipes=reading))

    def execute(self, request: int, key: str, container: str, pod: str, command: dict[str, Any],
                streams: list[int]) -> None:  # fmt: skip
        """Start another process in a container, with the streams that came along, or a terminal that goes back."""
        ours, theirs = socket.socketpair()
        beside = self._processes.all.get(container)
        try:
            if beside is None:
                raise ProcessLookupError(3, "container not running")
            what = spawn.Command.of(command)
            if beside.apart:
                where = [*self._namespaces(pod), *beside.namespaces.values()]
                spawn.beside(where, what, streams, theirs)
            else:
                spawn.plainly(what, streams, theirs)
        finally:
            theirs.close()
            for each in streams:
                os.close(each)
        self._processes.add(Process(key, request, ours, apart=False, lasting=beside.apart))

    def signal(self, key: str, number: int) -> None:
        """Send a signal to a process."""
        self._processes.signal(key, number)

    def hang_up(self, key: str) -> None:
        """Hang up on a process and all of its session; who stays is killed."""
        self._processes.hang_up(key)

    def open_socket(self, pod: str) -> int:
        """Return a new TCP socket in a pod's network."""
        if not self._apart:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()
        self._namespaces(pod)
        with linux.inside([self._pods[pod]["net"]], [self._own["net"]]):
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()

    def listen(self, address: str, port: int, kind: int) -> int:
        """Return a socket that listens in the network of the bridge, such as on a Service's address."""
        with socket.socket(socket.AF_INET, kind) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
            if kind == socket.SOCK_STREAM:
                made.listen(64)
            return made.detach()

    def _reap(self, woken: int) -> None:
        os.read(woken, 4096)
        self._processes.reap()

    def _namespaces(self, pod: str) -> list[int]:
        if pod not in self._pods:
            raise FileNotFoundError(2, "no such pod", pod)
        return list(self._pods[pod].values())

    def _answer(self, message: dict[str, Any], descriptors: list[int]) -> None:
        request, name = message.pop("request"), message.pop("do")
        try:
            match name:
                case "start":
                    return self.start(request, **message)
                case "execute":
                    return self.execute(request, streams=descriptors, **message)
                case _:
                    made = getattr(self, name)(**message)
        except OSError as error:
            where = os.fsdecode(error.filename) if error.filename else ""
            return self._tell({"to": request, "error": error.strerror, "errno": error.errno, "where": where})
        self._tell({"to": request}, [] if made is None else [made])
        if made is not None:
            os.close(made)
        return None

    def _tell(self, message: dict[str, Any], descriptors: list[int] | tuple[int, ...] = ()) -> None:
        try:
            if descriptors:
                socket.send_fds(self._kubelet, [packed(message, descriptors)], descriptors)
            else:
                self._kubelet.sendall(packed(message))
        except (BrokenPipeError, ConnectionResetError):
            # The kubelet has gone; reading says so too, and ends all.
            return


def _pipes(command: spawn.Command) -> tuple[dict[int, int], list[int]]:
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    if command.terminal:
        return {}, [nothing]
    reading, streams = {}, [nothing]
    for number in (1, 2):
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        reading[ours] = number
        streams.append(theirs)
    return reading, streams


def _notice(*_: object) -> None:
    """Have the wake-up descriptor written to: a signal without a handler writes nothing."""


def _alone(gateway: str, services: str) -> None:
    # From here on the kernel ends whatever the runtime starts, if not before it, then with it.
    linux.unshare(linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWNET)
    if os.fork():
        os._exit(0)
    linux.mount("", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc")
    address, _, prefix = gateway.partition("/")
    links.make_bridge(address, int(prefix))
    if services:
        links.own(services)


def main(descriptor: str, kind: str, gateway: str, services: str) -> None:
    """Serve, and end everything at the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # The server's own keeps everybody else out, of containers' folders too.
    os.umask(0o022)
    kubelet = socket.socket(fileno=int(descriptor))
    kubelet.set_inheritable(False)
    if kind == "namespaces":
        _alone(gateway, services)
    else:
        linux.adopt_orphans()
    runtime = Runtime(kubelet, gateway if kind == "namespaces" else "")
    kubelet.sendall(packed({"to": 0, "pid": os.getpid()}))
    try:
        runtime.serve()
    finally:
        runtime.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
