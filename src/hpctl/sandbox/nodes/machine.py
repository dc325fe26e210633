"""One node's machine: an init that lasts as long as the node does, and the programs that run beside it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.kube.kubelet.environment import PATH
from hpctl.sandbox.kube.kubelet.runtime.spawn import Command
from hpctl.sandbox.kube.kubelet.streams import Command as Running
from hpctl.sandbox.nodes.layout import OWNER_ID, files_of, home_of_owner, owner_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hpctl.sandbox.kube.kubelet.cri import Runtime
    from hpctl.sandbox.nodes.layout import Outfit
    from hpctl.sandbox.nodes.views import NodeView

# Those of containers (see the kubelet's `creating`), and what daemons of a machine want: NET_ADMIN, IPC_LOCK,
# IPC_OWNER, SYS_PTRACE, SYS_NICE, SYS_RESOURCE. None of them reaches beyond the machine's own namespaces.
_CAPABILITIES: Final = (0, 1, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 18, 19, 23, 24, 29, 31)
# It reaps what others leave behind, and starts what a machine starts when it boots.
_INIT: Final = """
if [ -x /usr/sbin/sshd ]; then
  mkdir -p /run/sshd
  [ -f /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
  /usr/sbin/sshd -f /etc/ssh/sshd_config
fi
trap : TERM HUP
while :; do sleep 2147483647 & wait; done
"""
_PLAIN_INIT: Final = "while :; do sleep 2147483647 & wait; done"


def name_of_volume(node: NodeView) -> str:
    """Return the name of a node's folder: an update of its software gives it another root volume."""
    return f"{node.instance_id}.{node.volume}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program ended with."""

    code: int
    output: bytes
    errors: bytes


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that goes on until the machine ends, or it does."""

    key: str
    ended: asyncio.Future[int]
    runtime: Runtime

    def kill(self) -> None:
        """End it now."""
        if not self.ended.done():
            self.runtime.kill(self.key)


class Machine:
    """A node's machine; its methods raise RuntimeFailure once it has ended."""

    def __init__(self, node: NodeView, runtime: Runtime, folder: Path, hidden: Sequence[str]) -> None:
        """Take the node, the runtime of its cluster, and its cluster's folder."""
        self.node, self.folder = node, folder
        self._runtime, self._hidden = runtime, hidden
        self._own = folder / "nodes" / name_of_volume(node)
        self._numbers = count(1)
        self._init: asyncio.Future[int] | None = None

    @property
    def apart(self) -> bool:
        """Whether it has namespaces of its own; else it shares this machine's loopback and files."""
        return self._runtime.apart

    @property
    def running(self) -> bool:
        """Whether its init runs."""
        return self._init is not None and not self._init.done()

    async def boot(self, outfit: Outfit) -> None:
        """Make its namespaces and its files, and start its init."""
        log = self._own / "log"
        log.mkdir(parents=True, exist_ok=True)
        name = self.node.instance_id
        await self._runtime.pod(name, self.node.hostname, self.node.address, "")
        files = None
        if self.apart:
            files = await asyncio.to_thread(files_of, self.node, self.folder, self._own, self._hidden, outfit)
        command = self._command(("/bin/sh", "-c", _INIT if self.apart else _PLAIN_INIT), {}, None)
        self._init = await self._runtime.container(name, self._key, files, command, (str(log), 1))

    async def end(self) -> None:
        """End all of its processes, and let its namespaces go."""
        if self._init is None:
            return
        with suppress(RuntimeFailure):
            await self._runtime.signal(self._key, 9)
            await self._init
            await self._runtime.unpod(self.node.instance_id)

    async def open(self, argv: Sequence[str], *, terminal: bool, user: str | None = None) -> Program:
        """Start a program with pipes, its errors among its output, or with a terminal."""
        command = self._command(argv, {"TERM": "xterm-256color"} if terminal else {}, user, terminal=terminal)
        pipes = [] if terminal else [os.pipe() for _ in range(2)]
        theirs = [pipes[0][0], pipes[1][1], pipes[1][1]] if pipes else []
        ours = [pipes[0][1], pipes[1][0]] if pipes else []
        key = f"{self._key}/{next(self._numbers)}"
        try:
            ending, made = await self._runtime.execute(self.node.instance_id, self._key, key, command, theirs)
        except RuntimeFailure:
            _close(ours)
            raise
        finally:
            _close(set(theirs))
        if made is not None:
            ours = [os.dup(made), made]
        running = await Running.of(self._runtime, key, ending, ours, terminal=terminal)
        return Program(self._runtime, key, running)

    async def run(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a program to its end, and return what it said."""
        pipes = [os.pipe() for _ in range(3)]
        theirs, ours = [pipes[0][0], pipes[1][1], pipes[2][1]], [pipes[0][1], pipes[1][0], pipes[2][0]]
        key = f"{self._key}/{next(self._numbers)}"
        command = self._command(argv, environment or {}, user)
        try:
            ending, _ = await self._runtime.execute(self.node.instance_id, self._key, key, command, theirs)
        except RuntimeFailure:
            _close(ours)
            raise
        finally:
            _close(theirs)
        running = await Running.of(self._runtime, key, ending, ours, terminal=False)
        said: dict[int, list[bytes]] = {1: [], 2: []}
        try:
            giving = asyncio.ensure_future(_give(running, stdin))
            async for number, data in running.output():
                said[number].append(data)
            await giving
            return Ran(await ending, b"".join(said[1]), b"".join(said[2]))
        finally:
            running.kill()

    async def start(
        self,
        argv: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> Daemon:
        """Start a program that goes on, whose output goes to `<name>.log` in the folder of the machine's logs."""
        key = f"{self._key}/{name}-{next(self._numbers)}"
        log = os.open(self._own / "log" / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        command = self._command(argv, environment or {}, user)
        try:
            streams = [nothing, log, log]
            ended, _ = await self._runtime.execute(self.node.instance_id, self._key, key, command, streams)
        finally:
            _close((nothing, log))
        return Daemon(key, ended, self._runtime)

    async def socket(self) -> socket.socket:
        """Return a TCP socket in its network."""
        return await self._runtime.open_socket(self.node.instance_id)

    @property
    def _key(self) -> str:
        return f"node/{self.node.instance_id}"

    def _command(
        self, argv: Sequence[str], environment: Mapping[str, str], user: str | None, *, terminal: bool = False
    ) -> Command:
        owner = user == owner_of(self.node)
        name, home = (owner_of(self.node), home_of_owner(self.node)) if owner else ("root", "/root")
        if not self.apart:
            (self._own / "home").mkdir(exist_ok=True)
            home, own = str(self._own / "home"), {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        else:
            own = {"PATH": PATH}
        usual = {"HOME": home, "USER": name, "LOGNAME": name, "SHELL": "/bin/sh", "LANG": "C.UTF-8", **own}
        number = OWNER_ID if owner and self.apart else None if not self.apart else 0
        return Command(
            tuple(argv),
            usual | {"HOSTNAME": self.node.hostname} | dict(environment),
            home if not self.apart else "/usr/bin",
            user=number,
            group=number,
            capabilities=_CAPABILITIES,
            terminal=terminal,
        )


@dataclass(frozen=True, slots=True)
class Program:
    """A program of a session: its streams, and how it is ended."""

    runtime: Runtime
    key: str
    running: Running

    async def hang_up(self) -> None:
        """Tell it and all of its session that nobody is there any more; who does not listen is killed."""
        with suppress(RuntimeFailure):
            await self.runtime.hang_up(self.key)


async def _give(running: Running, data: bytes) -> None:
    if data:
        await running.write(data)
    await running.end_input()


def _close(descriptors: Sequence[int] | set[int]) -> None:
    for each in set(descriptors):
        os.close(each)
