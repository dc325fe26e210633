"""A pod's streams over the wire: its log, commands inside it by websocket, and connections to its ports.

Source: k8s.io/apimachinery/pkg/util/remotecommand (v4 and v5.channel.k8s.io): a message's first byte is its channel.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube import forwards
from hpctl.sandbox.kube.ports import LogOptions
from hpctl.sandbox.kube.status import StatusError, bad_request, not_here

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import web

    from hpctl.sandbox.kube.asked import Asked
    from hpctl.sandbox.kube.ports import Running
    from hpctl.sandbox.kube.resources import Object, Resource

_V5: Final = "v5.channel.k8s.io"
_V4: Final = "v4.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255
# What a log refuses it refuses at once; one that says nothing yet is one to wait for.
_REFUSES_WITHIN_S: Final = 0.1
_NOT_STARTED: Final = 500
_MOST_MESSAGE: Final = 16 * 1024 * 1024


async def log(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Answer with a container's log; with `follow` as it grows."""
    from aiohttp import web

    pod = asked.cluster.api.get(resource, asked.place.namespace, asked.place.name)
    options = _log_options(asked.query, asked.cluster.api.now)
    chunks = asked.cluster.streams.log(pod, _container(pod, asked.query), options)
    first = await _first(chunks)
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    await response.prepare(asked.request)
    try:
        with suppress(StopAsyncIteration):
            await response.write(await first)
            async for chunk in chunks:
                await response.write(chunk)
    finally:
        first.cancel()
        if close := getattr(chunks, "aclose", None):
            await close()
    await response.write_eof()
    return response


async def execute(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Run a command in a container, its streams being those of a websocket."""
    from aiohttp import web

    pod = asked.cluster.api.get(resource, asked.place.namespace, asked.place.name)
    command = asked.request.query.getall("command", [])
    if not command:
        raise bad_request("you must specify at least one command for the container")
    socket = web.WebSocketResponse(protocols=(_V5, _V4), max_msg_size=_MOST_MESSAGE)
    _require_websocket(asked, socket)
    container = _container(pod, asked.query)
    try:
        running = await asked.cluster.streams.execute(pod, container, command, tty=_flag(asked.query, "tty"))
    except StatusError as error:
        if error.code != _NOT_STARTED:
            raise
        # The streams are there before the command is: that it cannot be started is told in them.
        await socket.prepare(asked.request)
        await _told(socket, error.status)
        return socket
    try:
        await socket.prepare(asked.request)
        await _carried(socket, running, _wanted(asked.query))
    finally:
        running.kill()
    return socket


async def forward(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Connect to ports inside a pod, over a websocket."""
    from aiohttp import web

    pod = asked.cluster.api.get(resource, asked.place.namespace, asked.place.name)
    if (pod.get("status") or {}).get("phase") != "Running":
        phase = (pod.get("status") or {}).get("phase")
        raise bad_request(f"unable to forward port because pod is not running. Current status={phase}")
    protocols = (forwards.TUNNEL, _V4)
    socket = web.WebSocketResponse(protocols=protocols, max_msg_size=_MOST_MESSAGE)
    _require_websocket(asked, socket)

    def connect(port: int) -> Any:
        return asked.cluster.streams.connect(pod, port)

    await socket.prepare(asked.request)
    if socket.ws_protocol == forwards.TUNNEL:
        await forwards.tunnelled(socket, connect)
    else:
        ports = [int(port) for value in asked.request.query.getall("ports", []) for port in value.split(",")]
        await forwards.channelled(socket, connect, ports)
    return socket


async def _carried(socket: web.WebSocketResponse, running: Running, wanted: frozenset[int]) -> None:
    reading = asyncio.ensure_future(_heard(socket, running))
    printing = asyncio.ensure_future(_printed(socket, running, wanted))
    try:
        await asyncio.wait({reading, printing}, return_when=asyncio.FIRST_COMPLETED)
        if not printing.done():  # the client has gone before the command
            return
        await printing
        await _told(socket, _ended(await running.ended()))
    finally:
        for task in (reading, printing):
            task.cancel()
        await asyncio.gather(reading, printing, return_exceptions=True)


async def _told(socket: web.WebSocketResponse, status: Object) -> None:
    await socket.send_bytes(bytes([_ERROR]) + json.dumps(status).encode())
    await socket.close()


async def _printed(socket: web.WebSocketResponse, running: Running, wanted: frozenset[int]) -> None:
    async for stream, data in running.output():
        if stream in wanted:
            await socket.send_bytes(bytes([stream]) + data)


async def _heard(socket: web.WebSocketResponse, running: Running) -> None:
    from aiohttp import WSMsgType

    async for message in socket:
        data = message.data.encode() if message.type is WSMsgType.TEXT else message.data
        if not isinstance(data, bytes) or not data:
            continue
        match data[0]:
            case 0:
                await running.write(data[1:])
            case 4:
                size = json.loads(data[1:])
                await running.resize(int(size["Width"]), int(size["Height"]))
            case 255 if data[1:] == bytes([_STDIN]):
                await running.end_input()


def _ended(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


async def _first(chunks: AsyncIterator[bytes]) -> asyncio.Future[bytes]:
    """Begin to read, so that a refusal is still an answer of its own; raises StatusError."""
    first = asyncio.ensure_future(anext(chunks))
    await asyncio.wait({first}, timeout=_REFUSES_WITHIN_S)
    if first.done() and isinstance(error := first.exception(), StatusError):
        raise error
    return first


def _require_websocket(asked: Asked, socket: web.WebSocketResponse) -> None:
    offered = asked.request.headers.get("Upgrade", "").lower()
    if offered.startswith("spdy"):
        raise not_here(f"SPDY for {asked.place.path}")
    found = socket.can_prepare(asked.request)
    if not found.ok:
        raise bad_request("Upgrade request required")
    if found.protocol is None:
        told = asked.request.headers.get("Sec-WebSocket-Protocol", "")
        raise bad_request(f"unable to upgrade: no protocol in common with {told or 'a client that offers none'}")


def _container(pod: Object, query: Mapping[str, str]) -> str:
    """Return the container that is meant; raises StatusError (400)."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    usual = [container["name"] for container in spec["containers"]]
    others = [container["name"] for container in spec.get("initContainers") or ()]
    wanted = query.get("container", "")
    if wanted in {*usual, *others}:
        return wanted
    if wanted:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if len(usual) == 1:
        return str(usual[0])
    told = f"a container name must be specified for pod {name}, choose one of: [{' '.join(usual)}]"
    raise bad_request(told + (f" or one of the init containers: [{' '.join(others)}]" if others else ""))


def _log_options(query: Mapping[str, str], now: datetime) -> LogOptions:
    since, seconds = _time(query["sinceTime"]) if query.get("sinceTime") else None, _number(query, "sinceSeconds", 1)
    if since is not None and seconds is not None:
        raise _invalid('Forbidden: at most one of "sinceTime" or "sinceSeconds" may be specified')
    if seconds is not None:
        since = now - timedelta(seconds=seconds)
    return LogOptions(
        follow=_flag(query, "follow"),
        previous=_flag(query, "previous"),
        timestamps=_flag(query, "timestamps"),
        tail_lines=_number(query, "tailLines"),
        since=since,
        limit_bytes=_number(query, "limitBytes", 1),
    )


def _number(query: Mapping[str, str], name: str, least: int = 0) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isdigit() or int(text) < least:
        than = "greater than 0" if least else "greater than or equal to 0"
        raise _invalid(f"{name}: Invalid value: {text}: must be {than}")
    return int(text)


def _invalid(told: str) -> StatusError:
    return StatusError(422, "Invalid", f'PodLogOptions "" is invalid: {told}')


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00"') from error


def _wanted(query: Mapping[str, str]) -> frozenset[int]:
    return frozenset(stream for stream, name in ((_STDOUT, "stdout"), (_STDERR, "stderr")) if _flag(query, name))


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in {"1", "true"}
