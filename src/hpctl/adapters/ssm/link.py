"""A data channel over a websocket, made anew through ResumeSession when it breaks."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from hpctl import timeouts
from hpctl.adapters.ssm.broken import EncryptedError, HopelessError, SessionError
from hpctl.adapters.ssm.channel import Came, Channel, Closed, Encrypted, Event, Flagged, Ready
from hpctl.adapters.ssm.connection import PING_S, connection_to, host_of
from hpctl.adapters.ssm.frames import MOST_PAYLOAD, Carried, Flag, as_json
from hpctl.adapters.ssm.starting import Opened, Starter
from hpctl.errors import HpctlError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

RESUMES: Final = 5
_RESUME_FIRST_S: Final = 0.1
_RESUME_MOST_S: Final = 5.0
_RESUME_GROWTH: Final = 2.5
_TICK_S: Final = 0.1
_SILENT_S: Final = 20.0
"""A connection over which nothing comes for so long, while the other end owes a word, is taken as dead."""

_HELD: Final = 4 * 1024 * 1024
"""Bytes that wait here for a reader; what comes beyond is not acknowledged, so it comes again."""

_GAP_S: Final = 3.0
"""How long a closed session is listened to for what is still missing."""


class Link:
    """One session's channel. Lives in one event loop; `open` before all else, `close` after."""

    def __init__(self, opened: Opened, starter: Starter) -> None:
        """Speak over `opened`; `starter` gives another connection when it breaks, asked in a thread."""
        self._opened, self._starter = opened, starter
        self._channel = Channel(uuid4, lambda: int(time.time() * 1000))
        self._came: deque[bytes] = deque()
        self._held = 0
        self._flags: list[int] = []
        self._end: SessionError | None = None
        self._closing: Closed | None = None
        self._closing_s = 0.0
        self._closed = False
        self._ready = False
        self._changed = asyncio.Condition()
        self._sending = asyncio.Lock()
        self._work = asyncio.Event()
        self._heard_s = time.monotonic()
        self._tries = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and shake hands; `SessionError` when that does not come about."""
        self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(timeouts.SESSION_BEGINS_S), self._changed:
                await self._changed.wait_for(lambda: self._ready or self._over)
        except TimeoutError:
            raise HopelessError("the node's agent did not answer in time") from None
        if not self._ready:
            raise self._why()

    async def send(self, data: bytes) -> None:
        """Send bytes in one piece, waiting while too many are on their way; `SessionError` when they cannot come."""
        async with self._sending:
            for start in range(0, len(data), MOST_PAYLOAD):
                await self._say(data[start : start + MOST_PAYLOAD], Carried.OUTPUT)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the size of the terminal."""
        await self._say(as_json({"cols": columns, "rows": rows}), Carried.SIZE)

    async def receive(self) -> bytes:
        """Return bytes that came, in order; b"" when the session has ended, `SessionError` when it broke."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._came or self._over)
            if self._came:
                data = self._came.popleft()
                self._held -= len(data)
                return data
        if self._end is not None:
            raise self._end
        return b""

    async def drained(self) -> None:
        """Wait until the other end has acknowledged everything, or can no more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._channel.all_came or self._over)

    async def close(self, *, terminate: bool) -> None:
        """Let go of the session; `terminate` ends it for the node too, which AWS is asked for where the agent is mute.

        The node's own end of it comes with the agent's word that it has closed the channel.
        """
        with suppress(TimeoutError, SessionError):
            async with asyncio.timeout(timeouts.SESSION_ENDS_S):
                if terminate and not self._over:
                    await self._say(int(Flag.TERMINATE_SESSION).to_bytes(4, "big"), Carried.FLAG)
                    async with self._changed:
                        await self._changed.wait_for(lambda: self._over)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._changed:
            self._end = self._end or SessionError("it was ended from here")
            self._changed.notify_all()
        if terminate and self._closing is None:
            with suppress(HpctlError):  # it ends by itself, later
                await asyncio.to_thread(self._starter.end, self._opened.session_id)

    @property
    def _over(self) -> bool:
        return self._closed or self._end is not None

    def _why(self) -> SessionError:
        return self._end or SessionError("the session ended")

    async def _say(self, data: bytes, carried: Carried) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._channel.can_send or self._over)
            if self._over:
                raise self._why()
            self._channel.send(data, time.monotonic(), carried=carried)
        self._work.set()

    async def _run(self) -> None:
        """Serve the channel until its session is over."""
        try:
            while not self._over:
                await self._connected()
        except SessionError as error:
            self._end = error
        async with self._changed:
            self._changed.notify_all()

    async def _connected(self) -> None:
        """Serve one connection to its end, and find another when it breaks."""
        from websockets.exceptions import WebSocketException

        try:
            async with connection_to(self._opened) as connection:
                self._channel.reconnected(time.monotonic())
                await self._served(connection)
        except (OSError, WebSocketException) as error:
            if self._closing is not None:
                self._finish(self._closing)
            elif not self._over:
                await self._resumed(error)

    async def _served(self, connection: ClientConnection) -> None:
        self._heard_s = time.monotonic()
        sending = asyncio.create_task(self._sent(connection))
        try:
            async for message in connection:
                if isinstance(message, bytes):
                    await self._heard(message)
                if self._over:
                    return
            raise ConnectionResetError("the connection was closed")
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _sent(self, connection: ClientConnection) -> None:
        """Send what there is to send, again where it was not acknowledged; close a connection that is dead."""
        while True:
            self._work.clear()
            now_s = time.monotonic()
            for frame in self._channel.outgoing(now_s):
                await connection.send(frame)
            if self._is_dead(now_s):
                await connection.close()
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_S if self._channel.all_came and not self._closing else _TICK_S):
                    await self._work.wait()

    def _is_dead(self, now_s: float) -> bool:
        """Whether no good can come of the connection any more."""
        if self._channel.stuck(now_s):
            self._end = SessionError("the node's agent does not take what is sent to it any more")
        silent = not self._channel.all_came and now_s - self._heard_s > _SILENT_S
        return self._over or silent or (self._closing is not None and now_s - self._closing_s > _GAP_S)

    async def _heard(self, message: bytes) -> None:
        self._heard_s, self._tries = time.monotonic(), 0
        async with self._changed:
            for event in self._channel.receive(message, self._heard_s, room=self._held < _HELD):
                self._happened(event)
            if self._closing is not None and not self._channel.gap:
                self._finish(self._closing)
            self._changed.notify_all()
        self._work.set()

    def _happened(self, event: Event) -> None:
        match event:
            case Ready():
                self._ready = True
            case Came(data):
                self._came.append(data)
                self._held += len(data)
            case Flagged(flag) if flag == Flag.CONNECT_TO_PORT_ERROR:
                self._end = SessionError("nothing answers at that port")
            case Flagged(flag) if flag == Flag.DISCONNECT_TO_PORT:
                self._closed = True
            case Flagged():
                pass
            case Closed():
                self._closing, self._closing_s = event, self._heard_s
            case Encrypted():
                self._end = EncryptedError("the session wants a key of KMS")

    def _finish(self, closing: Closed) -> None:
        """The session has ended, and whatever was missing has come or will not."""
        self._closed = True
        if closing.said and self._end is None:
            self._end = SessionError(closing.said)

    async def _resumed(self, broke: Exception) -> None:
        """Ask AWS for a new connection to the session; `SessionError` when there is none to be had."""
        why = str(broke) or type(broke).__name__
        while self._tries < (RESUMES if self._ready else 1):
            await asyncio.sleep(min(_RESUME_FIRST_S * _RESUME_GROWTH**self._tries, _RESUME_MOST_S))
            self._tries += 1
            try:
                self._opened = await asyncio.to_thread(self._starter.resume, self._opened.session_id)
            except HpctlError as error:
                why = error.message
            else:
                return
        raise SessionError(f"the connection to `{host_of(self._opened)}` could not be made again: {why}")
