"""The cluster's name server, inside the pods' network (CoreDNS's part): addresses of Services and of pods behind them.

It is asked when somebody looks a name up, so it is never out of date, and what does not exist is said at once. There
are no other names: pods have no way out.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio import DatagramTransport, StreamReader, StreamWriter
    from collections.abc import Callable

    from hpctl.sandbox.kube.kubelet.cri import Runtime

    Find = Callable[[str], list[str] | None]

_PORT: Final = 53
# CoreDNS's default for names of the cluster (its plugin `kubernetes`).
_TTL_S: Final = 5
# The longest datagram where a question does not allow more, and the longest message over TCP (RFC 1035, 4.2).
_DATAGRAM, _MESSAGE = 512, 65535
_PATIENCE_S: Final = 10.0


class NameServer:
    """Answers on one address of the network of Services."""

    def __init__(self, runtime: Runtime, address: str, find: Find) -> None:
        """Describe one; `find` gives the addresses behind a long name, or None where there is no such name."""
        self._runtime, self.address, self._find = runtime, address, find
        self._listening = asyncio.Lock()
        self._open: ExitStack | None = None

    async def begin(self) -> None:
        """Answer from now on, where pods have a network of their own; RuntimeFailure, OSError."""
        async with self._listening:
            if self._runtime.apart and self._open is None:
                self._open = await self._listen()

    def close(self) -> None:
        """Answer no more."""
        if self._open is not None:
            self._open.close()
        self._open = None

    async def _listen(self) -> ExitStack:
        loop = asyncio.get_running_loop()
        with ExitStack() as opened:
            plain = await self._runtime.listen(self.address, _PORT, socket.SOCK_DGRAM)
            datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._find), sock=plain)
            opened.callback(datagrams.close)
            listening = await self._runtime.listen(self.address, _PORT)
            opened.callback((await asyncio.start_server(self._serve, sock=listening)).close)
            return opened.pop_all()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with closing(writer), suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                length = int.from_bytes(await reader.readexactly(2))
                told = answer(await reader.readexactly(length), self._find, _MESSAGE)
                if told:
                    writer.write(len(told).to_bytes(2) + told)
                    await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, find: Find) -> None:
        self._find = find

    def connection_made(self, transport: DatagramTransport) -> None:  # type: ignore[override]  # it is one of datagrams
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if told := answer(data, self._find):
            self._transport.sendto(told, addr)


def answer(asked: bytes, find: Find, longest: int = _DATAGRAM) -> bytes:
    """Return the answer to a message of DNS, nothing where it is none; what does not fit is marked as truncated."""
    from dns import exception, flags, message, opcode, rcode, rdatatype, rrset  # 80 ms

    try:
        query = message.from_wire(asked)
        told = message.make_response(query, recursion_available=True)
    except (exception.DNSException, ValueError):
        return b""
    if query.opcode() != opcode.QUERY or len(query.question) != 1:
        told.set_rcode(rcode.NOTIMP)
    else:
        told.flags |= flags.AA
        (question,) = query.question
        found = find(question.name.to_text(omit_final_dot=True))
        if found is None:
            told.set_rcode(rcode.NXDOMAIN)
        elif found and question.rdtype == rdatatype.A:
            told.answer.append(rrset.from_text_list(question.name, _TTL_S, "IN", "A", found))
    return told.to_wire(max_size=max(longest, query.payload), prefer_truncation=True)
