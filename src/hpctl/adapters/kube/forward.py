"""A connection to a port of a pod, over a websocket (`facts.session_ports.Tunnel`).

Source: kubelet/pkg/cri/streaming/portforward/websocket.go (Kubernetes 1.30 and later; the API server passes such
websockets on): the first byte of a message is its channel, 0 for data and 1 for what went wrong; the first message of
each holds the number of the port. No word says that one side has ended: the websocket is closed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.websocket import connected
from hpctl.errors import ConflictError, UnavailableError
from hpctl.facts.jobs import POD
from hpctl.facts.records import EksCluster

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

T = TypeVar("T")

_V4: Final = "v4.channel.k8s.io"
_DATA, _ERROR = b"\0", b"\1"
_NUMBER: Final = 2
"""Bytes of a port's number, which each channel begins with."""
_CHUNK: Final = 32 * 1024


@contextmanager
def tunnelled(api: Api, cluster: EksCluster, namespace: str, pod: str, port: int) -> Iterator[PodTunnel]:
    """Connect to a port of a pod for the length of a `with`.

    Raises:
        AccessError, NotFoundError, RefusedError: what Kubernetes says, as `adapters.kube.errors.refused` reads it.
        UnavailableError: nobody answered.
    """
    deed = api.deed("create", "pods/portforward", cluster, namespace, pod)
    path = f"{POD.path(namespace, pod, 'portforward')}?ports={port}"
    with _loop() as loop:
        connection = _done(connected(api, cluster, path, (_V4,), deed), loop)
        try:
            yield PodTunnel(connection, loop, f"port {port} of pod `{pod}`")
        finally:
            _done(connection.close(), loop)


class PodTunnel:
    """One connection; `receive` and `send` may be called from two threads."""

    def __init__(self, connection: ClientConnection, loop: asyncio.AbstractEventLoop, port: str) -> None:
        """Speak over a connection that lives in an event loop of another thread."""
        self._connection, self._loop, self._port = connection, loop, port
        self._begun: set[bytes] = set()

    def receive(self) -> bytes:
        """Wait for bytes and return them; b"" once the pod has closed."""
        return _done(self._received(), self._loop)

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        _done(self._sent(data), self._loop)

    def end(self) -> None:
        """Do nothing: the protocol has no word for it, and the pod hears that the connection is closed."""

    async def _received(self) -> bytes:
        from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

        try:
            while True:
                message = await self._connection.recv()
                channel, said = self._parted(message.encode() if isinstance(message, str) else message)
                if channel == _ERROR and said:
                    raise self._refused(said)
                if channel == _DATA and said:
                    return said
        except ConnectionClosedOK:
            return b""
        except (ConnectionClosedError, OSError) as error:
            raise UnavailableError(f"the connection to {self._port} broke: {error}") from error

    async def _sent(self, data: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            for at in range(0, len(data), _CHUNK):
                await self._connection.send(_DATA + data[at : at + _CHUNK])
        except (ConnectionClosed, OSError) as error:
            raise UnavailableError(f"the connection to {self._port} broke: {error}") from error

    def _parted(self, message: bytes) -> tuple[bytes, bytes]:
        channel, said = message[:1], message[1:]
        if channel not in self._begun:
            self._begun.add(channel)
            return channel, said[_NUMBER:]
        return channel, said

    def _refused(self, said: bytes) -> ConflictError:
        words = re.sub(r"\s+", " ", said.decode("utf-8", "backslashreplace")).strip()
        return ConflictError(f"{self._port} cannot be reached: {words}")


def _done(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own: all of a connection happens there."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
