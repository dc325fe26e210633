"""Port forwarding over a websocket: kubectl's tunnel of SPDY, and the channels of the Python client.

Sources: KEP-4006 and k8s.io/client-go/tools/portforward (each connection is a stream for data and one that tells what
went wrong); kubelet/pkg/cri/streaming/portforward/websocket.go (channels that begin with the number of their port).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube import spdy
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

    from aiohttp import web

TUNNEL: Final = "SPDY/3.1+portforward.k8s.io"
Connect = Callable[[int], Awaitable[tuple["StreamReader", "StreamWriter"]]]
_CHUNK: Final = 65536
_MOST_WAITING: Final = 16


class _Link:
    """One connection to a port of a pod: `tell` carries what comes from it, `end` what went wrong in the end."""

    def __init__(self, tell: Callable[[bytes], Awaitable[None]], end: Callable[[str], Awaitable[None]]) -> None:
        self._tell, self._end = tell, end
        self._given: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)

    async def give(self, data: bytes) -> None:
        """Send to the port; no bytes say that there are no more."""
        await self._given.put(data)

    async def run(self, connect: Connect, port: int) -> None:
        """Carry both ways until the port has no more to say."""
        why = ""
        try:
            reader, writer = await connect(port)
            async with _writing(self._given, writer):
                while chunk := await reader.read(_CHUNK):
                    await self._tell(chunk)
        except (StatusError, OSError) as error:
            why = f"error forwarding port {port} to pod: {error}"
        await self._end(why)


@asynccontextmanager
async def _writing(given: asyncio.Queue[bytes], writer: StreamWriter) -> AsyncIterator[None]:
    async def written() -> None:
        while data := await given.get():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    task = asyncio.ensure_future(written())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        writer.close()


class _Tunnel:
    """The frames of one tunnel, and the links that they belong to."""

    def __init__(self, socket: web.WebSocketResponse, connect: Connect) -> None:
        self._socket, self._connect = socket, connect
        self._writer = spdy.Writer()
        self._errors: dict[str, int] = {}
        self._links: dict[int, _Link] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def take(self, frame: spdy.Frame) -> None:
        """Do what a frame asks for."""
        match frame.kind:
            case spdy.SYN_STREAM:
                await self._socket.send_bytes(self._writer.reply(frame.stream))
                self._begin(frame.stream, dict(frame.headers or {}))
            case spdy.PING:
                await self._socket.send_bytes(spdy.pong(frame))
            case spdy.RST_STREAM:
                self._links.pop(frame.stream, None)
            case 0 if link := self._links.get(frame.stream):
                if frame.data:
                    await link.give(frame.data)
                if frame.flags & spdy.FIN:
                    await link.give(b"")

    def _begin(self, stream: int, headers: dict[str, str]) -> None:
        pair = headers.get("requestid", "")
        if headers.get("streamtype") == "error":
            self._errors[pair] = stream
            return
        errors = self._errors.pop(pair, 0)

        async def tell(data: bytes) -> None:
            await self._socket.send_bytes(spdy.data(stream, data))

        async def end(why: str) -> None:
            self._links.pop(stream, None)
            await self._socket.send_bytes(spdy.data(errors, why.encode(), spdy.FIN))
            await self._socket.send_bytes(spdy.data(stream, b"", spdy.FIN))

        link = self._links[stream] = _Link(tell, end)
        task = asyncio.ensure_future(link.run(self._connect, int(headers.get("port", "0"))))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def tunnelled(socket: web.WebSocketResponse, connect: Connect) -> None:
    """Serve kubectl until it hangs up."""
    reader, tunnel = spdy.Reader(), _Tunnel(socket, connect)
    try:
        async for message in socket:
            for frame in reader.read(message.data):
                await tunnel.take(frame)
    except ValueError as error:
        await socket.close(code=1002, message=str(error).encode())
    finally:
        await _ended(tunnel.tasks)


async def channelled(socket: web.WebSocketResponse, connect: Connect, ports: list[int]) -> None:
    """Serve channels, two for each port: for data, and for what went wrong."""
    links: dict[int, _Link] = {}
    tasks = set()
    for number, port in enumerate(ports):
        channel = 2 * number
        for one in (channel, channel + 1):
            await socket.send_bytes(bytes([one]) + struct.pack("<H", port))
        links[channel] = link = _channel(socket, channel)
        tasks.add(asyncio.ensure_future(link.run(connect, port)))
    try:
        closing = asyncio.ensure_future(_closed_after(socket, set(tasks)))
        tasks.add(closing)
        async for message in socket:
            data = message.data if isinstance(message.data, bytes) else str(message.data).encode()
            if len(data) > 1 and (found := links.get(data[0])):
                await found.give(data[1:])
    finally:
        await _ended(tasks)


def _channel(socket: web.WebSocketResponse, channel: int) -> _Link:
    async def tell(data: bytes) -> None:
        await socket.send_bytes(bytes([channel]) + data)

    async def end(why: str) -> None:
        if why:
            await socket.send_bytes(bytes([channel + 1]) + why.encode())

    return _Link(tell, end)


async def _closed_after(socket: web.WebSocketResponse, tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    await socket.close()


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    for task in tuple(tasks):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
