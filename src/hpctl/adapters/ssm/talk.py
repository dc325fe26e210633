"""A program on a node, as its supervisor serves it: greeting, request, streams, end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from hpctl import timeouts
from hpctl.adapters.local.typed import BLOCK, Typed
from hpctl.adapters.ssm import bootstrap
from hpctl.adapters.ssm.broken import EncryptedError, HopelessError, NotBegunError, SessionError
from hpctl.adapters.ssm.link import Link
from hpctl.adapters.ssm.node.supervisor import WINDOW
from hpctl.adapters.ssm.speech import Line, Lines, end_of

_BANNER: Final = 64 * 1024
"""Bytes that a session may say before the command's greeting."""

_CREDIT: Final = WINDOW // 8
"""Taken bytes are told together: a line for each would be as many lines as there is output."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What the program printed: "O" is stdout, "E" stderr."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Exited:
    """The program has ended; `timed_out`: because its time was up."""

    code: int
    timed_out: bool


async def greeted(link: Link, nonce: str) -> bytes:
    """Wait for the command's greeting and return what came behind it; `NotBegunError` when it does not come."""
    seen, greeting = b"", bootstrap.greeting(nonce)
    try:
        await link.open()
        async with asyncio.timeout(timeouts.SESSION_BEGINS_S):
            while greeting not in seen:
                came = await link.receive()
                if not came or len(seen) > _BANNER:
                    raise _silent(seen)
                seen += came
    except TimeoutError:
        raise NotBegunError(_tail(seen) or "the session began and said nothing", again=False) from None
    except HopelessError as error:
        raise NotBegunError(str(error), again=False, encrypted=isinstance(error, EncryptedError)) from error
    except NotBegunError:
        raise
    except SessionError as error:
        raise NotBegunError(str(error), again=not _tail(seen)) from error
    return seen.partition(greeting)[2]


def _silent(seen: bytes) -> NotBegunError:
    """A session that ended with nothing said is worth another; what a shell complains of stays."""
    said = _tail(seen)
    return NotBegunError(said or "the session began and said nothing", again=not said)


class Talk:
    """The asynchronous side of one program; what happens is told to `tell`, whose last is an end or an error."""

    def __init__(
        self, link: Link, nonce: str, request: Line, typed: Typed | None, tell: Callable[[object], None]
    ) -> None:
        """Run nothing yet; `typed` is the program's input, none where there is None."""
        self._link, self._nonce, self._request, self._typed, self._tell = link, nonce, request, typed, tell
        self._lines = Lines()
        self._taken, self._moved = 0, asyncio.Event()
        self._owed, self._eaten = 0, asyncio.Event()

    async def run(self) -> None:
        """Run the program to its end; cancelled, end the session and with it the program."""
        try:
            rest = await greeted(self._link, self._nonce)
            await self._link.send(bootstrap.program() + self._request.encode())
            if self._typed is not None:  # not before: what another attempt needs is still to be read
                threading.Thread(target=self._typed.read, daemon=True).start()
            ended: Exited | SessionError = await self._served(rest)
        except SessionError as error:
            ended = error
        except asyncio.CancelledError:
            await self._link.close(terminate=True)
            self._tell(SessionError("it was ended from here"))
            raise
        await self._link.close(terminate=isinstance(ended, SessionError))
        self._tell(ended)

    def taken(self, count: int) -> None:
        """Take note that so many bytes of output are no longer here; called in the loop."""
        self._taken += count
        if self._taken >= _CREDIT:
            self._moved.set()

    async def _served(self, rest: bytes) -> Exited:
        beside = [asyncio.create_task(self._alive()), asyncio.create_task(self._fed())]
        try:
            exited = await self._heard(rest)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        await self._link.send(Line("Q").encode())
        with suppress(TimeoutError):
            async with asyncio.timeout(timeouts.SESSION_ENDS_S):
                await self._link.drained()
        return exited

    async def _heard(self, rest: bytes) -> Exited:
        """Tell what the program prints until it ends."""
        came = rest
        while True:
            for line in self._lines.of(came):
                match line.letter:
                    case "O" | "E":
                        self._tell(Printed(line.letter, line.data))
                    case "C":
                        self._owed -= int(line.data)
                        self._eaten.set()
                    case "X":
                        return Exited(*end_of(line))
                    case _:
                        pass
            came = await self._next()
            if not came:
                raise SessionError("the session ended before the program did")

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(timeouts.SESSION_LEASE_S):
                return await self._link.receive()
        except TimeoutError:
            raise SessionError("nothing was heard of the program any more") from None

    async def _alive(self) -> None:
        """Say now and then that hpctl is there, and how much of the output was taken."""
        with suppress(SessionError):
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeouts.SESSION_ALIVE_S):
                        await self._moved.wait()
                self._moved.clear()
                taken, self._taken = self._taken, 0
                await self._link.send(Line("C", str(taken).encode()).encode() if taken else Line("A").encode())

    async def _fed(self) -> None:
        """Pass on what is typed, no more at once than the supervisor has room for."""
        with suppress(SessionError):
            while self._typed is not None and (block := await self._typed.next()):
                await self._link.send(Line("I", block).encode())
                self._owed += len(block)
                while self._owed > WINDOW - BLOCK:
                    self._eaten.clear()
                    await self._eaten.wait()
            await self._link.send(Line("E").encode())


def _tail(seen: bytes) -> str:
    """The last line that a session said before it ended: a shell's complaint, mostly."""
    said = seen.decode(errors="replace").strip()
    return said.splitlines()[-1].strip() if said else ""
