"""What is at the node's end of a session: a shell, a command, or a connection to a port."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from hpctl.sandbox.ssm import documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from hpctl.sandbox.nodes.machine import Machine, Program
    from hpctl.sandbox.ssm.sessions import Session

_BLOCK: Final = 32 * 1024
_SSH_PORT: Final = "22"
# The node's sshd starts when its machine does, which may be now.
_TRIES, _PAUSE_S = 50, 0.1


class PortClosedError(Exception):
    """Nobody listens on the port."""


class End(Protocol):
    """The node's end of a session."""

    async def write(self, data: bytes) -> None:
        """Take input."""
        ...

    async def resize(self, columns: int, rows: int) -> None:
        """Take the size of the client's terminal."""
        ...

    def output(self) -> AsyncIterator[bytes]:
        """Yield output; when this ends, the session does."""
        ...

    async def disconnect(self) -> None:
        """Drop the connection; input makes another one."""
        ...

    async def hang_up(self) -> None:
        """End it and all that belongs to it."""
        ...


async def opened(session: Session, machine: Machine) -> End:
    """Start what a session's document asks for; raises RuntimeFailure, PortClosedError."""
    match session.document.kind:
        case documents.SHELL:
            return Terminal(await machine.open(("/bin/sh",), terminal=True))
        case documents.INTERACTIVE:
            return Terminal(await machine.open(("/bin/sh", "-c", session.properties["command"]), terminal=True))
        case documents.COMMAND:
            return Pipes(await machine.open(("/bin/sh", "-c", session.properties["command"]), terminal=False))
        case _:
            port = Port(machine, session.properties, again=session.document.forwards)
            await port.connect()
            return port


class Terminal:
    """A program with a terminal of its own."""

    def __init__(self, program: Program) -> None:
        """Take what was started."""
        self._program = program

    async def write(self, data: bytes) -> None:
        """Type."""
        await self._program.running.write(data)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal's size."""
        await self._program.running.resize(columns, rows)

    async def output(self) -> AsyncIterator[bytes]:
        """Yield what it prints until it has ended."""
        async for _, data in self._program.running.output():
            yield data
        await self._program.running.ended()

    async def disconnect(self) -> None:
        """Nothing: there is no connection."""

    async def hang_up(self) -> None:
        """Hang up the terminal."""
        await self._program.hang_up()


class Pipes(Terminal):
    """A program without a terminal: its input comes with line feeds."""

    async def write(self, data: bytes) -> None:
        """Give it input."""
        await super().write(data.replace(b"\r", b"\n"))

    async def resize(self, columns: int, rows: int) -> None:
        """Nothing: it has no terminal."""


class Port:
    """A connection to a port of the node, or of a host that the node reaches."""

    def __init__(self, machine: Machine, properties: Mapping[str, str], *, again: bool) -> None:
        """Take where to connect; `again` is whether more connections may follow the first."""
        self._machine, self._again = machine, again
        self._port = properties.get("portNumber", _SSH_PORT)
        self._host = properties.get("host", "127.0.0.1")
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None
        self._connected, self._over = asyncio.Event(), False

    async def connect(self) -> None:
        """Connect; raises PortClosedError."""
        for left in reversed(range(_TRIES if self._port == _SSH_PORT else 1)):
            made = await self._machine.socket()
            try:
                await asyncio.get_running_loop().sock_connect(made, (self._host, int(self._port)))
            except OSError as error:
                made.close()
                if not left:
                    raise PortClosedError(str(error)) from error
                await asyncio.sleep(_PAUSE_S)
            else:
                self._reader, self._writer = await asyncio.open_connection(sock=made)
                self._connected.set()
                return

    async def write(self, data: bytes) -> None:
        """Send; raises PortClosedError where it has to connect anew and cannot."""
        if self._writer is None and not self._over:
            await self.connect()
        if self._writer is not None:
            with suppress(ConnectionError):
                self._writer.write(data)
                await self._writer.drain()

    async def resize(self, columns: int, rows: int) -> None:
        """Nothing: a connection has no size."""

    async def output(self) -> AsyncIterator[bytes]:
        """Yield what comes in; b"" whenever the other end has closed and a new connection may follow."""
        while not self._over:
            await self._connected.wait()
            reader = self._reader
            data = b""
            with suppress(ConnectionError):
                data = await reader.read(_BLOCK) if reader else b""
            if data:
                yield data
            elif reader is self._reader and not self._again:
                return
            elif reader is self._reader:
                await self.disconnect()
                yield b""

    async def disconnect(self) -> None:
        """Close the connection."""
        writer, self._writer, self._reader = self._writer, None, None
        self._connected.clear()
        if writer is not None:
            writer.close()

    async def hang_up(self) -> None:
        """Close it for good."""
        self._over = True
        await self.disconnect()
        self._connected.set()
