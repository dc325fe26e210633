"""The talk of HyperPod's training operator with the agent in each pod: HTTP, at the port that the container names.

Source: hyperpod-elastic-agent 1.1.3, server/ (paths, states, bodies).
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol, cast

from hpctl.sandbox.kube.controllers.hyperpod_pods import agent_port
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from hpctl.sandbox.kube.ports import PodStreams
    from hpctl.sandbox.kube.resources import Object

_PATIENCE_S: Final = 5.0
_FAILURES: Final = (StatusError, OSError, EOFError, ValueError, HTTPException, TimeoutError)
_log = logging.getLogger(__name__)


class AgentState(StrEnum):
    """What an agent says of itself (AgentState of the package)."""

    INIT = "INIT"
    READY = "READY"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAULTED = "FAULTED"
    STOPPING = "STOPPING"
    SHUTDOWN = "SHUTDOWN"


class Order(StrEnum):
    """What an agent can be told, by its path."""

    START = "start"
    STOP = "stop"
    SHUTDOWN = "shutdown"


_NEXT: Final = {
    Order.START: AgentState.RUNNING,
    Order.STOP: AgentState.STOPPING,
    Order.SHUTDOWN: AgentState.SHUTDOWN,
}
"""What an agent is right after an order (server.py sets it before it answers)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent has said last: its state, and why it is in it."""

    state: AgentState
    why: str = ""


class Agents(Protocol):
    """The agents of a cluster's pods."""

    def ask(self, pod: Object) -> Told | None:
        """Return what the agent of a pod has said last, None for silence; and ask it again, for the next time."""

    def order(self, pod: Object, order: Order, body: Object) -> None:
        """Tell the agent of a pod something; it is then what the order makes it, until it says otherwise."""


class PodAgents:
    """Reaches agents through the kubelet. One talk with a pod at a time: an answer is never older than an order."""

    def __init__(self, streams: PodStreams) -> None:
        """Take what connects to a pod's port."""
        self._streams = streams
        self._told: dict[str, Told] = {}
        self._talks: dict[str, asyncio.Task[None]] = {}

    def ask(self, pod: Object) -> Told | None:
        """Return what was said last, and ask again unless a talk is under way."""
        uid = pod["metadata"]["uid"]
        if uid not in self._talks:
            self._begin(uid, self._asked(pod))
        return self._told.get(uid)

    def order(self, pod: Object, order: Order, body: Object) -> None:
        """Send an order after the talk that is under way."""
        uid = pod["metadata"]["uid"]
        self._told[uid] = Told(_NEXT[order])
        before = self._talks.pop(uid, None)
        self._begin(uid, self._ordered(pod, order, body, before))

    def _begin(self, uid: str, talk: object) -> None:
        task = self._talks[uid] = asyncio.ensure_future(cast("asyncio.Future[None]", talk))
        task.add_done_callback(self._ended(uid))

    def _ended(self, uid: str) -> Callable[[asyncio.Task[None]], None]:
        def ended(task: asyncio.Task[None]) -> None:
            if self._talks.get(uid) is task:
                del self._talks[uid]

        return ended

    async def _asked(self, pod: Object) -> None:
        uid, mine = pod["metadata"]["uid"], asyncio.current_task()
        told = _read(await self._said(pod, "GET", "/status", b""))
        if self._talks.get(uid) is not mine:
            return
        if told is None:
            self._told.pop(uid, None)
        else:
            self._told[uid] = told

    async def _ordered(self, pod: Object, order: Order, body: Object, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        if await self._said(pod, "POST", f"/{order}", json.dumps(body).encode()) is None:
            self._told.pop(pod["metadata"]["uid"], None)

    async def _said(self, pod: Object, method: str, path: str, body: bytes) -> bytes | None:
        """Return the body of an answer; None when there was none, or a refusal."""
        head = f"{method} {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await self._streams.connect(pod, agent_port(pod))
                try:
                    writer.write(request)
                    return _body_of(await reader.read(-1))
                finally:
                    writer.close()
        except _FAILURES as error:
            _log.debug("agent of %s: %s", pod["metadata"]["name"], error)
            return None


class _Received:
    """What `http.client` reads an answer from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> BytesIO:
        return BytesIO(self._data)


def _body_of(data: bytes) -> bytes | None:
    response = HTTPResponse(cast("socket", _Received(data)))
    response.begin()
    return response.read() if response.status == 200 else None  # noqa: PLR2004  # HTTP's "OK"


def _read(body: bytes | None) -> Told | None:
    if body is None:
        return None
    try:
        found = json.loads(body)
        return Told(AgentState(found["status"]), str(found.get("message") or found.get("reason") or ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
