"""One websocket of a session, with the weather between the agent and the client."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from hpctl.sandbox.ssm.faults import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection

    from hpctl.sandbox.agent.frames import Frame
    from hpctl.sandbox.ssm.faults import Weather


class Connection:
    """Sends and receives frames as bytes; what the faults in force say happens to them on the way."""

    def __init__(self, socket: ServerConnection, weather: Weather) -> None:
        """Take an open websocket."""
        self._socket, self._weather = socket, weather
        self._late: list[bytes] = []

    async def send(self, frame: Frame) -> None:
        """Send a frame, if the connection is there and nothing strikes it; waits while the client does not read."""
        with suppress(ConnectionClosed):
            for data in await self._weathered(frame.packed(), "out"):
                await self._socket.send(data)

    async def send_last(self, frame: Frame) -> None:
        """Send the frame that nobody acknowledges, and that would never be sent again: nothing strikes it."""
        with suppress(ConnectionClosed):
            await self._socket.send(frame.packed())

    async def received(self) -> AsyncIterator[bytes]:
        """Yield what comes in until the connection ends."""
        with suppress(ConnectionClosed):
            async for message in self._socket:
                if isinstance(message, bytes):
                    for data in await self._weathered(message, "in"):
                        yield data

    async def close(self) -> None:
        """Close it as after a session."""
        await self._socket.close()

    def drop(self) -> None:
        """Break it: whoever is at its other end may not be there any more."""
        self._socket.transport.abort()

    async def _weathered(self, data: bytes, direction: str) -> list[bytes]:
        fault = self._weather.strikes(direction)
        match fault.fault if fault else None:
            case Kind.DROP:
                return []
            case Kind.DUPLICATE:
                return [data, data]
            case Kind.GARBAGE:
                return [bytes(byte ^ 0x5A for byte in data[: len(data) // 2])]
            case Kind.REORDER:
                self._late.append(data)
                return []
            case Kind.STALL:
                await asyncio.sleep(fault.seconds if fault else 0)
            case Kind.CUT:
                self.drop()
                return []
        late, self._late = self._late, []
        return [data, *late]
