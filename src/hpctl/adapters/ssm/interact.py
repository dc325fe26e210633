"""A terminal on a node, with this process's keyboard and screen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from os import terminal_size
from typing import BinaryIO, Final
from uuid import uuid4

from hpctl import timeouts
from hpctl.adapters.local.output import printed
from hpctl.adapters.local.screen import terminal
from hpctl.adapters.local.typed import Typed
from hpctl.adapters.ssm import bootstrap
from hpctl.adapters.ssm.broken import SessionError
from hpctl.adapters.ssm.link import Link
from hpctl.adapters.ssm.speech import request
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.adapters.ssm.talk import greeted
from hpctl.facts.session_ports import Target

_LONGEST_MARK: Final = 64
_BELL: Final = b"\x07"


class Marks:
    """Takes what a terminal prints and keeps back this session's own marks, wherever the bytes are cut."""

    def __init__(self, nonce: str) -> None:
        """Know the marks by `nonce`."""
        self._start = f"\x1b]{nonce};".encode()
        self._held = b""

    def of(self, data: bytes) -> tuple[bytes, str | None]:
        """Return what is to be shown, and what a mark behind it says; nothing behind a mark is taken yet."""
        seen = self._held + data
        before, mark, after = seen.partition(self._start)
        if mark:
            said, bell, rest = after.partition(_BELL)
            if bell:
                self._held = rest
                return before, said.decode(errors="replace")
            self._held = mark + after if len(after) < _LONGEST_MARK else b""
            return before, None
        kept = next(
            (n for n in range(min(len(seen), len(self._start) - 1), 0, -1) if self._start.startswith(seen[-n:])), 0
        )
        self._held = seen[len(seen) - kept :]
        return seen[: len(seen) - kept], None


def attempt(starter: Starter, node: Target, command: Sequence[str], term: str, ends: tuple[BinaryIO, BinaryIO]) -> int:
    """Start a session, give it the terminal, and return the exit code; raises as `execute.attempt` does."""
    nonce = uuid4().hex[:16]
    opened = starter.start(node, INTERACTIVE, {"command": [bootstrap.command(nonce)]})
    return asyncio.run(_Terminal(Link(opened, starter), nonce, ends).run(command, term))


class _Terminal:
    """One terminal's way to a node and back."""

    def __init__(self, link: Link, nonce: str, ends: tuple[BinaryIO, BinaryIO]) -> None:
        self._link, self._nonce, self._marks = link, nonce, Marks(nonce)
        self._keyboard, self._screen = ends
        self._typing: asyncio.Task[None] | None = None

    async def run(self, command: Sequence[str], term: str) -> int:
        """Run the command, or a shell, to its end."""
        terminate = True
        try:
            rest = await greeted(self._link, self._nonce)
            asked = request(command, terminal=True, term=term)
            await self._link.send(bootstrap.program() + asked.encode())
            await self._begun(rest)
            with terminal(self._keyboard, self._resized) if self._keyboard.isatty() else nullcontext():
                self._typing = asyncio.create_task(self._typed())
                code = await self._shown()
            terminate = False
        finally:
            if self._typing is not None:
                self._typing.cancel()
            await self._link.close(terminate=terminate)
        return code

    async def _begun(self, rest: bytes) -> None:
        """Wait until the terminal is the program's; only then does it take keys as a terminal does."""
        came = rest
        with suppress(TimeoutError):
            async with asyncio.timeout(timeouts.SESSION_BEGINS_S):
                while True:
                    _, said = self._marks.of(came)
                    if said is not None:
                        return
                    came = await self._next()
        raise SessionError("the terminal did not begin")

    async def _shown(self) -> int:
        """Show what the terminal prints until its end, and return the exit code."""
        came = b""
        while True:
            shown, said = self._marks.of(came)
            if shown:
                # Whoever reads here may be slow: the channel is kept alive meanwhile.
                await asyncio.to_thread(printed, self._screen, shown)
            if said is not None:
                return int(said) if said.isdecimal() else 1
            came = await self._next()

    async def _next(self) -> bytes:
        came = await self._link.receive()
        if not came:
            raise SessionError("the session ended before the program did")
        return came

    async def _typed(self) -> None:
        """Pass on what is typed; the end of input is what a terminal makes of it."""
        typed = Typed(self._keyboard, asyncio.get_running_loop())
        threading.Thread(target=typed.read, daemon=True).start()
        with suppress(SessionError):
            while block := await typed.next():
                await self._link.send(block)

    async def _resized(self, size: terminal_size) -> None:
        with suppress(SessionError):
            await self._link.resize(size.columns, size.lines)
