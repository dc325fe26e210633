"""The sandbox's Session Manager agent: the websocket at the end of each StreamUrl."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from hpctl.sandbox.agent.connection import Connection
from hpctl.sandbox.agent.conversation import Conversation

if TYPE_CHECKING:
    import socket

    from websockets.asyncio.server import Server, ServerConnection

    from hpctl.sandbox.nodes.fleet import Fleet
    from hpctl.sandbox.ssm.faults import Weather
    from hpctl.sandbox.ssm.sessions import Session, Sessions

_PATH: Final = "/v1/data-channel/"
_GREETING_WITHIN_S: Final = 30.0
_LARGEST_MESSAGE: Final = 1 << 20
_REFUSED: Final = 1008
_log = logging.getLogger(__name__)


class Agent:
    """Serves data channels; lives in the loop of the nodes."""

    def __init__(self, sessions: Sessions, fleet: Fleet, weather: Weather) -> None:
        """Take the sessions that may be opened, the machines that they are on, and the faults in force."""
        self._sessions, self._fleet, self._weather = sessions, fleet, weather
        self._conversations: dict[str, tuple[Conversation, asyncio.Task[None]]] = {}

    async def start(self, listener: socket.socket) -> Server:
        """Listen on a bound socket."""
        loop = asyncio.get_running_loop()

        def terminated(session_id: str) -> None:
            # A loop that has ended has no session left.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end, session_id)

        self._sessions.terminated = terminated
        return await serve(
            self._connected, sock=listener, compression=None, max_size=_LARGEST_MESSAGE, ping_interval=None
        )

    async def close(self) -> None:
        """End all sessions."""
        tasks = [task for _, task in self._conversations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, socket: ServerConnection) -> None:
        session = await self._greeted(socket)
        if session is None:
            await socket.close(_REFUSED, "the token does not open this channel")
            return
        await self._conversation(session).serve(Connection(socket, self._weather))

    async def _greeted(self, socket: ServerConnection) -> Session | None:
        path = socket.request.path.partition("?")[0] if socket.request else ""
        try:
            async with asyncio.timeout(_GREETING_WITHIN_S):
                told = json.loads(await socket.recv())
            return self._sessions.claim(path.removeprefix(_PATH), str(told["TokenValue"]))
        except (ConnectionClosed, KeyError, TimeoutError, TypeError, ValueError):
            return None

    def _conversation(self, session: Session) -> Conversation:
        if session.id not in self._conversations:
            made = Conversation(session, self._fleet, self._weather)
            task = asyncio.create_task(made.run())
            self._conversations[session.id] = made, task
            task.add_done_callback(lambda done: self._over(session.id, done))
        return self._conversations[session.id][0]

    def _over(self, session_id: str, done: asyncio.Task[None]) -> None:
        del self._conversations[session_id]
        self._sessions.end(session_id, datetime.now(UTC))
        if not done.cancelled() and (error := done.exception()):
            _log.error("session %s", session_id, exc_info=error)

    def _end(self, session_id: str) -> None:
        if session_id in self._conversations:
            self._conversations[session_id][0].end()
