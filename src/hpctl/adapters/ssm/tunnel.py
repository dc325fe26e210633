"""A TCP connection to a port of a node: a session for SSH, which it is whatever the port.

Sessions for port forwarding carry several connections by a protocol of their own, and to a client that does not speak
it the agent never tells that a connection has ended (amazon-ssm-agent, `port_basic.go`). A session for SSH is one
connection, and ends with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hpctl.adapters.ssm import failures
from hpctl.adapters.ssm.broken import EncryptedError, HopelessError, NotBegunError, SessionError
from hpctl.adapters.ssm.hub import Hub, Work
from hpctl.adapters.ssm.link import Link
from hpctl.adapters.ssm.starting import SSH, Starter
from hpctl.errors import UnavailableError
from hpctl.facts.session_ports import Target

Answer = TypeVar("Answer")


class LinkTunnel:
    """One connection (`facts.session_ports.Tunnel`); other threads may send while one receives."""

    def __init__(self, hub: Hub, starter: Starter, node: Target, port: int) -> None:
        """Begin nothing yet."""
        self._hub, self._starter, self._node, self._port = hub, starter, node, port
        self._link: Link | None = None
        self._work: Work | None = None

    def open(self) -> None:
        """Start the session; raises as `execute.attempt` does. That nobody listens shows at the first `receive`."""
        self._link = Link(self._starter.start(self._node, SSH, {"portNumber": [str(self._port)]}), self._starter)
        self._work = self._hub.start(_kept(self._link), lambda _: None)
        try:
            self._awaited(self._link.open())
        except HopelessError as error:
            raise NotBegunError(str(error), again=False, encrypted=isinstance(error, EncryptedError)) from error
        except SessionError as error:
            raise NotBegunError(str(error), again="EOF" in str(error)) from error

    def close(self) -> None:
        """End the session."""
        if self._work is not None:
            self._work.end()

    def receive(self) -> bytes:
        """Wait for bytes and return them; b"" once the other end has closed."""
        return self._said(self._linked.receive())

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        self._said(self._linked.send(data))

    def end(self) -> None:
        """Send no more; a session for SSH has no word for it, so the other end hears of it when the tunnel closes."""
        self._said(self._linked.drained())

    @property
    def _linked(self) -> Link:
        if self._link is None:
            raise UnavailableError("the connection was never made")
        return self._link

    def _said(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            return self._awaited(asked)
        except SessionError as error:
            raise failures.disconnected(error, self._node, self._port) from error

    def _awaited(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        if self._hub.stopped.is_set():
            asked.close()
            raise failures.stopped()
        return asyncio.run_coroutine_threadsafe(asked, self._hub.loop).result()


async def _kept(link: Link) -> None:
    """Do nothing until this is cancelled, then end the session."""
    try:
        await asyncio.Event().wait()
    finally:
        await link.close(terminate=True)
