"""A client of data channels for tests, as small as the protocol lets it be; it shares no code with either end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

HEAD = struct.Struct("!I32sIQqQ16s32sI")
PATIENCE_S = 60.0


@dataclass
class Client:
    """One end of a channel; `output` is what has come in order, `flags` what the agent has signalled."""

    socket: ClientConnection
    sent: int = 0
    expected: int = 0
    output: bytes = b""
    words: str | None = None
    flags: list[int] = field(default_factory=list)
    agent: dict[str, Any] = field(default_factory=dict)
    early: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    heard: int = 0

    async def type(self, data: bytes, kind: int = 1) -> None:
        """Send a frame of the stream."""
        await self.socket.send(frame(b"input_stream_data", self.sent, kind, data))
        self.sent += 1

    async def resize(self, columns: int, rows: int) -> None:
        await self.type(json.dumps({"cols": columns, "rows": rows}).encode(), 3)

    async def terminate(self) -> None:
        await self.type(struct.pack("!I", 2), 10)

    async def until(self, wanted: bytes) -> bytes:
        """Read on until this has come; returns all output."""
        async with asyncio.timeout(PATIENCE_S):
            while wanted not in self.output:
                await self.hear()
        return self.output

    async def to_the_end(self) -> bytes:
        """Read on until the agent says that it is over; returns all output."""
        async with asyncio.timeout(PATIENCE_S):
            while self.words is None:
                await self.hear()
        return self.output

    async def hear(self) -> None:
        """Take one message."""
        data = await self.socket.recv()
        assert isinstance(data, bytes)
        if len(data) < 120 or hashlib.sha256(data[120:]).digest() != data[80:112]:
            return
        _, kind, _, _, number, _, halves, _, payload_type = HEAD.unpack_from(data)
        self.heard += 1
        if kind.strip() == b"channel_closed":
            self.words = json.loads(data[120:])["Output"]
        elif kind.strip() == b"output_stream_data":
            await self.acknowledge(number, halves[8:] + halves[:8])
            if number >= self.expected:
                self.early[number] = payload_type, data[120:]
            while self.expected in self.early:
                await self.take(*self.early.pop(self.expected))
                self.expected += 1

    async def take(self, payload_type: int, payload: bytes) -> None:
        match payload_type:
            case 1:
                self.output += payload
            case 5:
                self.agent = json.loads(payload)
                await self.type(b'{"ClientVersion":"1.0.0.0","ProcessedClientActions":[],"Errors":[]}', 6)
            case 10:
                self.flags.append(*struct.unpack("!I", payload))

    async def acknowledge(self, number: int, message: bytes) -> None:
        told = {
            "AcknowledgedMessageType": "output_stream_data",
            "AcknowledgedMessageId": str(uuid.UUID(bytes=message)),
            "AcknowledgedMessageSequenceNumber": number,
            "IsSequentialMessage": True,
        }
        with suppress(ConnectionClosed):
            await self.socket.send(frame(b"acknowledge", 0, 0, json.dumps(told).encode(), 3))


@asynccontextmanager
async def opened(session: Mapping[str, str], before: Client | None = None) -> AsyncIterator[Client]:
    """Open the channel of a session that was started, or go on with one whose connection has gone."""
    async with connect(session["StreamUrl"], compression=None, close_timeout=1) as socket:
        greeting = {"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "TokenValue": session["TokenValue"]}
        await socket.send(json.dumps({**greeting, "ClientId": str(uuid.uuid4()), "ClientVersion": "1.0.0.0"}))
        client = before or Client(socket)
        client.socket = socket
        yield client


def frame(kind: bytes, number: int, payload_type: int, payload: bytes, flags: int = 0) -> bytes:
    message, digest = uuid.uuid4().bytes, hashlib.sha256(payload).digest()
    halves = message[8:] + message[:8]
    head = HEAD.pack(116, kind.ljust(32), 1, 1_700_000_000_000, number, flags, halves, digest, payload_type)
    return head + struct.pack("!I", len(payload)) + payload


def said(session: Mapping[str, str], *typed: bytes) -> Client:
    """Have a whole session: type this, and read to the end."""

    async def have() -> Client:
        async with opened(session) as client:
            for each in typed:
                await client.type(each)
            await client.to_the_end()
            return client

    return asyncio.run(have())
