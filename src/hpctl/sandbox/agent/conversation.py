"""A session as the agent has it: handshake, then the program's streams over whatever connection there is."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.agent import frames, programs
from hpctl.sandbox.agent.channel import Channel
from hpctl.sandbox.agent.frames import FrameError
from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.nodes.fleet import NoMachineError
from hpctl.sandbox.ssm import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.agent.connection import Connection
    from hpctl.sandbox.agent.frames import Frame
    from hpctl.sandbox.agent.programs import End
    from hpctl.sandbox.nodes.fleet import Fleet
    from hpctl.sandbox.ssm.faults import Weather
    from hpctl.sandbox.ssm.sessions import Session

AGENT_VERSION: Final = "3.3.987.0"
PORT_AGENT_VERSION: Final = "3.0.161.0"
"""An agent of a version that does not put many connections into one session (plugin, `version.go`)."""
EOF_WORDS: Final = "Cannot perform start session: EOF"
NO_PORT_WORDS: Final = "Connection to destination port failed, check SSM Agent logs."
_INPUT_ROOM: Final = 1024
_TICK_S: Final = 0.1
# The last output of a program is waited for that long by an agent whose client does not answer.
_FAREWELL_S: Final = 15.0
_CLOSED_WITHIN_S: Final = 2.0
_log = logging.getLogger(__name__)


class Conversation:
    """One session from its first connection on; it goes on for a while when a connection breaks."""

    def __init__(self, session: Session, fleet: Fleet, weather: Weather) -> None:
        """Take the session and those who know its node."""
        self.session, self._fleet, self._weather = session, fleet, weather
        self._channel = Channel(time.monotonic)
        self._connection: Connection | None = None
        self._input: asyncio.Queue[Frame] = asyncio.Queue()
        self._moved = asyncio.Event()
        self._agreed = asyncio.Event()
        self._ending = asyncio.Event()
        self._over = asyncio.Event()
        self._opening: asyncio.Task[End] | None = None
        self._began = time.monotonic_ns()

    async def serve(self, connection: Connection) -> None:
        """Serve a connection until it ends; the one before has nothing to say any more."""
        before, self._connection = self._connection, connection
        if before is not None:
            before.drop()
        for frame in self._channel.all_again():
            await connection.send(frame)
        async for data in connection.received():
            await self._hear(data, connection)
        if self._connection is connection:
            self._connection = None
            self._moved.set()

    async def run(self) -> None:
        """Have the handshake, then the program, until it ends or nobody is there any more."""
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(self._resend()), asyncio.create_task(self._watch())]
        try:
            await self._greet()
            conversing = asyncio.create_task(self._converse())
            ending = asyncio.create_task(self._ending.wait())
            tasks += [conversing, ending]
            await asyncio.wait([conversing, ending], return_when=asyncio.FIRST_COMPLETED)
            ended = conversing.done()
            if self._opening is None:
                # Nothing may start any more.
                conversing.cancel()
                await asyncio.gather(conversing, return_exceptions=True)
            # While its terminal is open: were that closed first, its leader would be gone, and the others not found.
            await self._hang_up()
            if ended:
                await self._wait_for_the_rest()
            await self._say_farewell(conversing.result() if ended else "")
        finally:
            self._over.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def end(self) -> None:
        """Let it end now."""
        self._ending.set()
        self._moved.set()

    async def _greet(self) -> None:
        port = self.session.document.kind == documents.PORT
        action = {"SessionType": self.session.document.kind, "Properties": self._properties()}
        request = {
            "AgentVersion": PORT_AGENT_VERSION if port else AGENT_VERSION,
            "RequestedClientActions": [{"ActionType": "SessionType", "ActionParameters": action}],
        }
        await self._put(frames.HANDSHAKE_REQUEST, json.dumps(request).encode())

    async def _converse(self) -> str:
        """Run the program and pass its output on; returns the words that the session ends with."""
        await self._agreed.wait()
        took = {"HandshakeTimeToComplete": time.monotonic_ns() - self._began, "CustomerMessage": ""}
        await self._put(frames.HANDSHAKE_COMPLETE, json.dumps(took).encode())
        if self._weather.refuses_start():
            return EOF_WORDS
        giving: asyncio.Task[None] | None = None
        try:
            machine = await self._fleet.ready(self.session.instance_id)
            self._opening = asyncio.create_task(programs.opened(self.session, machine))
            end = await asyncio.shield(self._opening)
            giving = asyncio.create_task(self._give(end))
            async for data in end.output():
                await self._pass_on(data)
        except programs.PortClosedError:
            await self._put(frames.FLAG, frames.CONNECT_TO_PORT_ERROR.to_bytes(4))
            return NO_PORT_WORDS
        except (NoMachineError, RuntimeFailure) as error:
            _log.warning("session %s: %r", self.session.id, error)
            return "The node is not connected."
        except OSError:
            # A client that is told nothing waits for as long as it may.
            _log.exception("session %s", self.session.id)
            return "The node's machine cannot be made."
        finally:
            if giving is not None:
                giving.cancel()
        return ""

    async def _hang_up(self) -> None:
        """End what the session has started, or is just about to."""
        if self._opening is not None:
            with suppress(programs.PortClosedError, RuntimeFailure):
                await (await self._opening).hang_up()

    async def _pass_on(self, data: bytes) -> None:
        if not data:
            await self._put(frames.FLAG, frames.DISCONNECT_TO_PORT.to_bytes(4))
        for start in range(0, len(data), frames.LARGEST_PAYLOAD):
            await self._wait_for(lambda: self._channel.open and self._connection is not None)
            await self._put(frames.DATA, data[start : start + frames.LARGEST_PAYLOAD])

    async def _put(self, payload_type: int, payload: bytes) -> None:
        frame = self._channel.put(payload_type, payload)
        if self._connection is not None:
            await self._connection.send(frame)

    async def _wait_for(self, holds: Any, seconds: float | None = None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    self._moved.clear()
                    await self._moved.wait()

    async def _wait_for_the_rest(self) -> None:
        """Wait until the client has all output, as long as it takes some."""
        while left := self._channel.waiting:
            await self._wait_for(lambda left=left: self._channel.waiting < left or self._ending.is_set(), _FAREWELL_S)
            if self._channel.waiting >= left:
                return

    async def _hear(self, data: bytes, connection: Connection) -> None:
        try:
            frame = frames.read(data)
        except FrameError:
            return
        room = _INPUT_ROOM - self._input.qsize()
        taken = self._channel.takes(frame, room=room)
        for each in self._channel.heard(frame, room=room):
            self._take(each)
        if taken:
            await connection.send(frames.acknowledgement(frame))
        self._moved.set()

    def _take(self, frame: Frame) -> None:
        if frame.payload_type == frames.HANDSHAKE_RESPONSE:
            self._agreed.set()
        elif frame.payload_type == frames.FLAG and _flag(frame) == frames.TERMINATE_SESSION:
            self.end()
        else:
            self._input.put_nowait(frame)

    async def _give(self, end: End) -> None:
        while True:
            frame = await self._input.get()
            if frame.payload_type == frames.DATA:
                await self._write(end, frame.payload)
            elif frame.payload_type == frames.SIZE:
                for columns, rows in _sizes(frame):
                    await end.resize(columns, rows)
            elif frame.payload_type == frames.FLAG and _flag(frame) == frames.DISCONNECT_TO_PORT:
                await end.disconnect()

    async def _write(self, end: End, data: bytes) -> None:
        try:
            await end.write(data)
        except programs.PortClosedError:
            await self._put(frames.FLAG, frames.CONNECT_TO_PORT_ERROR.to_bytes(4))

    async def _resend(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for frame in self._channel.due() if self._connection is not None else ():
                if self._connection is not None:
                    await self._connection.send(frame)

    async def _watch(self) -> None:
        """End the session once it has been without a connection for too long."""
        while True:
            await self._wait_for(lambda: self._connection is None)
            await self._wait_for(lambda: self._connection is not None, self._weather.linger_s)
            if self._connection is None:
                self.end()

    async def _say_farewell(self, words: str) -> None:
        connection = self._connection
        if connection is not None:
            await connection.send_last(frames.closed(self.session.id, words))
            # The client closes; were it done here, acknowledgements that are on their way would fail.
            await self._wait_for(lambda: self._connection is None, _CLOSED_WITHIN_S)
            await connection.close()

    def _properties(self) -> dict[str, Any]:
        return dict(self.session.properties)


def _flag(frame: Frame) -> int:
    return int.from_bytes(frame.payload[:4])


def _sizes(frame: Frame) -> Iterator[tuple[int, int]]:
    with suppress(KeyError, TypeError, ValueError):
        told = json.loads(frame.payload)
        columns, rows = int(told["cols"]), int(told["rows"])
        if 0 < columns < 65536 and 0 < rows < 65536:  # noqa: PLR2004  # `struct winsize` has 16 bits for each
            yield columns, rows
