"""A door before the Kubernetes API of a sandbox in this process: it counts the calls, and faults strike them there.

Over the server's own sockets, so that the client's TLS, its kept connections and its retries are what they are.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.faults.pods import LINES

if TYPE_CHECKING:
    from aiohttp import web

    from hpctl.sandbox.kube.asked import Served

Answer = Any

_REFUSALS: Final = {
    "throttling": (429, "TooManyRequests", "the server has received too many requests"),
    "server-error": (500, "InternalError", "an internal error occurred"),
    "unavailable": (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    "unauthorized": (401, "Unauthorized", "Unauthorized"),
    "forbidden": (403, "Forbidden", "the request is forbidden"),
}
_LATER: Final = frozenset({"throttling", "unavailable"})
_AFTER_S: Final = "7"
_FOR_EVER_S: Final = 3600.0
_MUTATING: Final = frozenset({"create", "patch", "update", "delete"})


@dataclass(frozen=True)
class KubeCall:
    """A request by its verb and resource, as RBAC names them, or by its path when it is about none."""

    verb: str
    resource: str
    name: str

    @property
    def mutates(self) -> bool:
        return self.verb in _MUTATING

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


@dataclass(frozen=True)
class KubeFault:
    """What strikes the calls of that name from the `which`th on; `refuse` strikes all that come later as well."""

    kind: str
    call: str
    which: int = 1
    count: int | None = None

    def strikes(self, number: int) -> bool:
        """Whether the call of that name and number is struck."""
        return number >= self.which and (self.count is None or number < self.which + self.count)


@dataclass
class Front:
    """The door. `fault` is what is in force, `calls` what was asked since the last `forget`."""

    calls: list[KubeCall] = field(default_factory=list)
    fault: KubeFault | None = None
    served: Served | None = None
    loop: asyncio.AbstractEventLoop | None = None
    _seen: Counter[str] = field(default_factory=Counter)
    _site: Any = None
    _port: int = 0
    _refusing: bool = False

    @contextmanager
    def built_in(self, port: int) -> Iterator[None]:
        """Be part of the server that is started meanwhile at this port."""
        from aiohttp import web

        from hpctl.sandbox.kube import wire

        answer, start = wire.answer, web.SockSite.start
        self._port = port

        async def kept(site: web.SockSite) -> None:
            self._site, self.loop = site, asyncio.get_running_loop()
            await start(site)

        async def asked(request: web.Request, cluster: Served, path: str) -> Answer:
            return await self._answer(answer, request, cluster, path)

        wire.answer, web.SockSite.start = asked, kept  # type: ignore[assignment,method-assign]
        try:
            yield
            _wait_for(port)
        finally:
            wire.answer, web.SockSite.start = answer, start  # type: ignore[method-assign]

    def do(self, work: Callable[[], Any]) -> Any:
        """Do something in the server's thread, where its objects are at home; returns what that returns."""

        async def done() -> Any:
            return work()

        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(10)

    def forget(self) -> None:
        """Forget the calls, and let nothing be struck any more."""
        self.clear()
        self.calls.clear()
        self._seen.clear()

    def clear(self) -> None:
        """Let nothing be struck any more."""
        self.fault = None
        if self._refusing:
            assert self.loop is not None
            asyncio.run_coroutine_threadsafe(self._open(), self.loop).result(10)

    def hang_up(self) -> None:
        """Let go of every connection that a client keeps, so that none is left when the server's loop ends."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)

    async def _hang_up(self) -> None:
        for handler in tuple(self._site._runner.server.connections):
            if handler.transport is not None:
                handler.transport.abort()
        await asyncio.sleep(0.1)  # what was aborted closes its socket a turn later

    async def _answer(self, answer: Callable[..., Awaitable[Answer]], request: web.Request, *to: Any) -> Answer:
        self.served, path = to
        call = _call(request, path)
        self.calls.append(call)
        self._seen[str(call)] += 1
        fault = self.fault
        if self._refusing:
            return _reset(request)
        if fault is None or fault.call != str(call) or not fault.strikes(self._seen[str(call)]):
            return await answer(request, *to)
        return await self._struck(fault.kind, lambda: answer(request, *to), request)

    async def _struck(self, kind: str, answer: Callable[[], Awaitable[Answer]], request: web.Request) -> Answer:
        match kind:
            case "refuse":
                self._close()
            case "lost-response":
                await answer()
            case "stall":
                await request.read()
                await asyncio.sleep(_FOR_EVER_S)
            case "truncate" if request.path.endswith("/log"):
                return await _half(request, _printed)
            case "truncate":
                return await _half(request, answer)
            case _ if kind != "reset":
                return _refusal(kind)
        return _reset(request)

    def _close(self) -> None:
        self._refusing = True
        self._site._server.close()

    async def _open(self) -> None:
        self._refusing = False
        assert self.loop is not None
        site = self._site
        listener = socket.create_server(("127.0.0.1", self._port))
        site._server = await self.loop.create_server(site._runner.server, sock=listener, ssl=site._ssl_context)


def _call(request: web.Request, path: str) -> KubeCall:
    from hpctl.sandbox.kube.requests import place, verb

    where = place(path)
    resource = "/".join(filter(None, (where.qualified, where.subresource))) if where.plural else path
    return KubeCall(verb(request.method, where, request.query), resource, where.name)


def _wait_for(port: int) -> None:
    """Return when the server shows its certificate: it has loaded by then what it answers with."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 20) as plain, anyone.wrap_socket(plain):
        pass


def _reset(request: web.Request) -> Answer:
    from aiohttp import web

    if request.transport is not None:
        linger = struct.pack("ii", 1, 0)  # what is closed now is reset, not ended
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.transport.abort()
    return web.Response()


async def _printed() -> web.Response:
    """What a log server sends at once, of a length that it tells."""
    from aiohttp import web

    return web.Response(text="".join(LINES), content_type="text/plain")


async def _half(request: web.Request, answer: Callable[[], Awaitable[web.Response]]) -> Answer:
    from aiohttp import web

    whole = await answer()
    body: Any = whole.body
    half = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _refusal(kind: str) -> Answer:
    from aiohttp import web

    if kind == "garbage":
        return web.Response(text="<html>Sign in to the network</html>", content_type="text/html")
    code, reason, message = _REFUSALS[kind]
    told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    after = {"Retry-After": _AFTER_S} if kind in _LATER else {}
    return web.json_response({**told, "code": code}, status=code, headers=after)
