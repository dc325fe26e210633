"""Logs, commands and connections of pods: what the API passes on to the kubelet (`ports.PodStreams`)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet import logfiles
from hpctl.sandbox.kube.kubelet.cri import Runtime, RuntimeFailure
from hpctl.sandbox.kube.status import StatusError, bad_request

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from hpctl.sandbox.kube.kubelet.containers import Container
    from hpctl.sandbox.kube.ports import LogOptions
    from hpctl.sandbox.kube.resources import Object

_BLOCK: Final = 32 * 1024
_NO_COMMAND: Final = (2, 13)
# What a command has left behind may hold its output open: that much longer it is listened to.
_LINGER_S: Final = 0.2
# Until a terminal that took nothing is asked again.
_FULL_S: Final = 0.02


class Streams:
    """The streams of a kubelet's pods."""

    def __init__(self, runtime: Runtime, folder: Path, find: Callable[[str, str], Container | None]) -> None:
        """Take where logs are, and who finds a container by its pod's uid and its name."""
        self._runtime, self._folder, self._find = runtime, folder, find
        self._numbers = count(1)

    def log(self, pod: Object, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Return a container's log; refused (400) when there is none."""
        uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
        status = _status_of(pod, container)
        folder = self._folder / "pods" / uid / "logs" / container
        instance = int(status.get("restartCount", 0))
        waits = "waiting" in status.get("state", {})
        if options.previous and not status.get("lastState", {}).get("terminated"):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        # Who waits to be started again shows the instance that has ended, and that is the previous one too.
        if (options.previous and not waits) or (waits and not logfiles.files_of(folder, instance)):
            instance -= 1
        if not logfiles.files_of(folder, instance):
            reason = status.get("state", {}).get("waiting", {}).get("reason", "ContainerCreating")
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
        key = f"{uid}/{container}"

        def running() -> bool:
            found = self._find(*key.split("/"))
            return found is not None and found.writes and found.record.restarts == instance

        return logfiles.read(folder, instance, options, running)

    async def execute(self, pod: Object, container: str, command: Sequence[str], *, tty: bool) -> Command:
        """Start a command in a container; refused (400, 500) where that is not possible."""
        found = self._find(pod["metadata"]["uid"], container)
        target = found.target if found else None
        if target is None:
            raise StatusError(500, "InternalError", f'container not found ("{container}")')
        wanted = replace(target.command, argv=tuple(command), terminal=tty)
        if tty:
            wanted = replace(wanted, environment={**wanted.environment, "TERM": "xterm"})
        key = f"{target.key}/exec-{next(self._numbers)}"
        pipes = [] if tty else [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]] if pipes else []
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]] if pipes else []
        try:
            ending, terminal = await self._runtime.execute(target.pod, target.key, key, wanted, theirs)
        except RuntimeFailure as failure:
            for each in ours:
                os.close(each)
            raise StatusError(500, "InternalError", _why(command, failure)) from failure
        finally:
            for each in theirs:
                os.close(each)
        if terminal is not None:
            ours = [os.dup(terminal), terminal]
        return await Command.of(self._runtime, key, ending, ours, terminal=tty)

    async def connect(self, pod: Object, port: int) -> tuple[StreamReader, StreamWriter]:
        """Connect to a port of the pod's loopback; refused (500) when nobody listens."""
        uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
        if (pod.get("status") or {}).get("phase") != "Running":
            phase = (pod.get("status") or {}).get("phase", "Pending")
            raise bad_request(f"unable to forward port because pod is not running. Current status={phase}")
        made = None
        try:
            made = await self._runtime.open_socket(uid)
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
            return await asyncio.open_connection(sock=made)
        except (OSError, RuntimeFailure) as error:
            if made:
                made.close()
            told = f"failed to connect to localhost:{port} inside namespace of pod {name}: {error}"
            raise StatusError(500, "InternalError", told) from error


class Command:
    """A command that runs in a container (`ports.Running`)."""

    def __init__(self, runtime: Runtime, key: str, ending: asyncio.Future[int], outputs: dict[int, int]) -> None:
        """Take how it ends, and the descriptors of its outputs by their numbers."""
        self._runtime, self._key, self._ending, self._outputs = runtime, key, ending, outputs
        self._input: asyncio.StreamWriter | None = None
        self._terminal: int | None = None

    @classmethod
    async def of(
        cls, runtime: Runtime, key: str, ending: asyncio.Future[int], ours: list[int], *, terminal: bool
    ) -> Command:
        """Take over the descriptors of a command: its input, and its outputs, which may be a terminal."""
        made = cls(runtime, key, ending, dict(enumerate(ours[1:], 1)))
        for each in ours:
            os.set_blocking(each, False)
        if terminal:
            os.close(ours[0])
            made._terminal = ours[1]
            return made
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(ours[0], "wb"))
        made._input = asyncio.StreamWriter(transport, protocol, None, loop)
        return made

    async def write(self, data: bytes) -> None:
        """Give it input; nothing when it takes none any more."""
        with suppress(OSError):
            if self._terminal is not None:
                await self._type(data)
            elif self._input is not None and not self._input.is_closing():
                self._input.write(data)
                await self._input.drain()

    async def end_input(self) -> None:
        """Say that there is no more: a terminal is told so by its own sign."""
        if self._terminal is not None:
            await self.write(b"\x04")
        elif self._input is not None:
            self._input.close()

    async def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal's size."""
        if self._terminal is not None:
            with suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what it prints, as it comes; what nobody takes yet stays in the pipe."""
        open_ones = dict(self._outputs)
        try:
            while open_ones:
                ready = await self._readable(list(open_ones.values()))
                if not ready:
                    return
                for number, descriptor in tuple(open_ones.items()):
                    if descriptor not in ready:
                        continue
                    if data := _read(descriptor):
                        yield number, data
                    elif data is not None:
                        del open_ones[number]
        finally:
            self._close()

    async def ended(self) -> int:
        """Wait for its end."""
        return await asyncio.shield(self._ending)

    def kill(self) -> None:
        """End it now."""
        if not self._ending.done():
            self._runtime.kill(self._key)

    async def _type(self, data: bytes) -> None:
        """Give it to its terminal as far as that has room: poll(2) says so of a full one too, so it is asked rarely."""
        left = memoryview(data)
        while left and self._terminal is not None and not self._ending.done():
            try:
                left = left[os.write(self._terminal, left) :]
            except BlockingIOError:
                await asyncio.sleep(_FULL_S)

    async def _readable(self, descriptors: list[int]) -> set[int]:
        """Wait until one of these has something; an empty set means that nothing will come any more."""
        loop = asyncio.get_running_loop()
        some = loop.create_future()
        ready: set[int] = set()

        def note(descriptor: int) -> None:
            ready.add(descriptor)
            if not some.done():
                some.set_result(None)

        for each in descriptors:
            loop.add_reader(each, note, each)
        try:
            await asyncio.wait([some, self._ending], return_when=asyncio.FIRST_COMPLETED)
            if not some.done():
                await asyncio.wait([some], timeout=_LINGER_S)
        finally:
            for each in descriptors:
                loop.remove_reader(each)
            some.cancel()
        return ready

    def _close(self) -> None:
        for each in self._outputs.values():
            with suppress(OSError):
                os.close(each)
        self._outputs, self._terminal = {}, None
        if self._input is not None:
            self._input.close()


def _read(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _BLOCK)
    except BlockingIOError:
        return None
    except OSError:
        # The last one has closed a terminal.
        return b""


def _status_of(pod: Object, container: str) -> Object:
    status = pod.get("status") or {}
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    found = [each for kind in kinds for each in status.get(kind) or () if each["name"] == container]
    return found[0] if found else {}


def _why(command: Sequence[str], failure: RuntimeFailure) -> str:
    if failure.number in _NO_COMMAND:
        found = "executable file not found in $PATH" if "/" not in command[0] else failure.text.lower()
        why = f'exec failed: unable to start container process: exec: "{command[0]}": {found}'
        return f"OCI runtime exec failed: {why}: unknown"
    return failure.text
