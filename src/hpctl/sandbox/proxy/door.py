"""The proxy's side that clients meet: it passes requests on to one address, and strikes those that a fault is for."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING

from hpctl.sandbox.proxy.answers import answer
from hpctl.sandbox.proxy.calls import Call, call_of
from hpctl.sandbox.proxy.faults import Fault
from hpctl.sandbox.proxy.wire import LIMIT, Answer, Request, read_answer, read_request

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import MutableSequence

    from hpctl.sandbox.proxy.ledger import Active, Ledger

PAST_HEADER = "X-Hpctl-Past"
"""How the sandbox behind is told how old what a read sees shall be, and that it shall keep what a change replaces."""

_OWN_PATHS = ("/.hpctl/", "/moto-api")
_LOOK_S = 0.02
_NO_LINGER = struct.pack("ii", 1, 0)
_TAKES_EFFECT = frozenset({Fault.LOST_RESPONSE, Fault.TRUNCATE})
_LEFT = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


class Door:
    """One listening socket, its connections, and the calls that came by; lives in one event loop."""

    def __init__(self, listener: socket.socket, upstream: tuple[str, int], ledger: Ledger) -> None:
        """Take a bound socket and the address to pass requests on to."""
        self.calls: MutableSequence[Call] = []
        self._listener = listener
        self._address = listener.getsockname()
        self._upstream = upstream
        self._ledger = ledger
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self._idle: set[StreamWriter] = set()
        self._watch: asyncio.Task[None] | None = None

    async def settle(self) -> None:
        """Refuse connections, or accept them, as the faults in force say; whoever idles is sent away with them."""
        refuses = self._ledger.refuses()
        if not refuses and self._server is None:
            self._server = await asyncio.start_server(self._connected, sock=self._listener, limit=LIMIT)
        elif refuses and self._server is not None:
            self._server.close()
            self._server = None
            # Bound but not listening: the address stays ours, and whoever knocks is refused by the system.
            self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(self._address)
            for writer in tuple(self._idle):
                _reset(writer)
            self._watch = asyncio.create_task(self._accept_again())

    async def close(self) -> None:
        """Reset all connections and listen no more."""
        if self._watch is not None:
            self._watch.cancel()
        if self._server is not None:
            self._server.close()
        self._listener.close()
        conversations = tuple(self._conversations)
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    async def _accept_again(self) -> None:
        while self._server is None:
            await asyncio.sleep(_LOOK_S)
            await self.settle()

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        conversation = asyncio.current_task()
        if conversation is None:
            return
        self._conversations.add(conversation)
        try:
            while (request := await self._next(reader, writer)) and await self._serve(request, reader, writer):
                pass
        except (*_LEFT, asyncio.CancelledError):  # cancelled is what `close` does to those that still talk
            _reset(writer)
        finally:
            self._conversations.discard(conversation)
            writer.close()

    async def _next(self, reader: StreamReader, writer: StreamWriter) -> Request | None:
        self._idle.add(writer)
        try:
            return await read_request(reader, writer)
        finally:
            self._idle.discard(writer)

    async def _serve(self, request: Request, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer or strike a request; returns whether the connection goes on."""
        request = request.with_header(PAST_HEADER, None)
        if request.target.startswith(_OWN_PATHS):
            return await self._reply(await self._ask(request), request, writer)
        call = call_of(request, len(self.calls) + 1)
        self.calls.append(call)
        verdict = self._ledger.judge(call)
        # Before the answer is out: whoever has it finds the next connection refused, if that is what comes next.
        await self.settle()
        await asyncio.sleep(verdict.wait_s)
        if verdict.past is not None:
            request = request.with_header(PAST_HEADER, verdict.past)
        if verdict.struck_by is not None:
            return await self._strike(verdict.struck_by, call, request, reader, writer)
        told = await self._ask(request)
        self._learn(call, told)
        return await self._reply(told, request, writer)

    async def _strike(
        self, struck_by: Active, call: Call, request: Request, reader: StreamReader, writer: StreamWriter
    ) -> bool:
        fault = struck_by.injection.fault
        if fault is Fault.STALL:
            await self._hold(struck_by.id, reader)
        told = await self._ask(request) if fault in _TAKES_EFFECT else None
        if fault in {Fault.RESET, Fault.STALL, Fault.LOST_RESPONSE}:
            _reset(writer)
            return False
        if told is not None:
            return await self._cut(told, request, writer)
        return await self._reply(answer(struck_by.injection, call), request, writer)

    async def _ask(self, request: Request) -> Answer:
        reader, writer = await asyncio.open_connection(*self._upstream, limit=LIMIT)
        try:
            writer.write(bytes(request))
            return await read_answer(reader)
        finally:
            writer.close()

    async def _reply(self, told: Answer, request: Request, writer: StreamWriter) -> bool:
        last = self._server is None or not request.keeps_alive
        body = b"" if request.method == "HEAD" else told.body
        writer.write(told.head(request.method, last=last) + body)
        await writer.drain()
        return not last

    async def _cut(self, told: Answer, request: Request, writer: StreamWriter) -> bool:
        head = told.head(request.method, last=False)
        writer.write(head + told.body[: len(told.body) // 2] if told.body else head[: len(head) // 2])
        await writer.drain()
        return False

    async def _hold(self, fault_id: str, reader: StreamReader) -> None:
        """Wait until the client leaves, or the fault is cleared or its time is over."""
        leaving = asyncio.ensure_future(reader.read(1))
        while not leaving.done() and self._ledger.holds(fault_id):
            await asyncio.wait([leaving], timeout=_LOOK_S)
        leaving.cancel()

    def _learn(self, call: Call, told: Answer) -> None:
        if call.service != "sagemaker" or b'"ClusterArn"' not in told.body or len(call.clusters) != 1:
            return
        named = json.loads(told.body)
        if isinstance(named, dict) and "ClusterArn" in named:
            self._ledger.learn({named["ClusterArn"], named.get("ClusterName", *call.clusters)} | call.clusters)


def _reset(writer: StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and not writer.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
