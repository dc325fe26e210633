"""HTTP/1.1 as far as AWS clients speak it: whole requests and whole answers, one after the other."""

from __future__ import annotations

from asyncio import IncompleteReadError, StreamReader, StreamWriter
from dataclasses import dataclass, replace

LIMIT = 1 << 20
"""The longest head of a request, in bytes."""

_END = b"\r\n\r\n"
_HOP = frozenset({
    "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade",
})  # fmt: skip
_NO_BODY = frozenset({204, 304})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request with its whole body."""

    method: str
    target: str
    version: str
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, empty when it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to ask more over this connection."""
        return self.version == "HTTP/1.1" and self.header("connection").lower() != "close"

    def with_header(self, name: str, value: str | None) -> Request:
        """Return the request with a header set, or without it."""
        others = tuple((key, each) for key, each in self.headers if key.lower() != name.lower())
        return replace(self, headers=others if value is None else (*others, (name, value)))

    def __bytes__(self) -> bytes:
        # HTTP/1.0: whoever answers closes the connection, and does not answer in chunks.
        return _head(f"{self.method} {self.target} HTTP/1.0", self.headers, len(self.body)) + self.body


@dataclass(frozen=True)
class Answer:
    """An answer with its whole body."""

    status: int
    reason: str
    headers: Headers
    body: bytes

    def head(self, method: str, *, last: bool) -> bytes:
        """Return status and headers as they go to a client; `last` says that the connection ends with it."""
        length: int | None = len(self.body)
        if method == "HEAD":  # speaks of a body that it does not have
            told = next((value for key, value in self.headers if key.lower() == "content-length"), "0")
            length = int(told)
        elif self.status in _NO_BODY:
            length = None
        return _head(f"HTTP/1.1 {self.status} {self.reason}", self.headers, length, closes=last)


async def read_request(reader: StreamReader, writer: StreamWriter) -> Request | None:
    """Read the next request; None when the client has left."""
    try:
        head = await reader.readuntil(_END)
    except IncompleteReadError:
        return None
    first, headers = _parsed(head)
    method, target, version = first.split(" ", 2)
    request = Request(method, target, version, headers)
    if request.header("expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue" + _END)
        await writer.drain()
    return replace(request, body=await _body(reader, request))


async def read_answer(reader: StreamReader) -> Answer:
    """Read an answer to its end, which is the connection's; raises IncompleteReadError."""
    first, headers = _parsed(await reader.readuntil(_END))
    _, status, reason = f"{first} ".split(" ", 2)
    return Answer(int(status), reason.strip(), headers, await reader.read(-1))


async def _body(reader: StreamReader, request: Request) -> bytes:
    if request.header("transfer-encoding").lower() != "chunked":
        return await reader.readexactly(int(request.header("content-length") or 0))
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    while (await reader.readline()).strip():  # trailers
        pass
    return body


def _parsed(head: bytes) -> tuple[str, Headers]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, tuple((name, value.strip()) for name, _, value in pairs)


def _head(first: str, headers: Headers, length: int | None, *, closes: bool = False) -> bytes:
    kept = [f"{name}: {value}" for name, value in headers if name.lower() not in _HOP]
    if length is not None:
        kept.append(f"Content-Length: {length}")
    if closes:
        kept.append("Connection: close")
    return "\r\n".join([first, *kept, "", ""]).encode("latin-1")
