"""Calls that are held at AWS's door: before AWS has them, or with the answer in hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hpctl.sandbox.proxy.calls import Call, call_of
from hpctl.sandbox.proxy.fault_proxy import FaultProxy
from hpctl.sandbox.proxy.wire import Answer, Request
from tests.crash.process import Running

_LOOK_S = 0.005
_REFUSED = 400


@dataclass
class Hold:
    """What is to be held: call number `call` (from 1) or the first of an `operation`, `reaching` AWS or not.

    `taken` is what AWS has taken.
    """

    call: int = 0
    operation: str | None = None
    reaching: bool = True
    arrived: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def concerns(self, call: Call) -> bool:
        return not self.arrived.is_set() and (call.number == self.call or call.operation == self.operation)

    def wait(self, running: Running) -> None:
        """Wait until the call is held; a command that ends before has not made it."""
        while not self.arrived.wait(_LOOK_S):
            assert not running.is_over, (self.seen, running.end())


@contextmanager
def holding(proxy: FaultProxy, call: int = 0, *, operation: str | None = None, reaching: bool = True) -> Iterator[Hold]:
    """Hold a call until it is let go or the block ends; what has not reached AWS by then never does."""
    hold, door = Hold(call, operation, reaching), proxy._door
    ask = door._ask

    async def asked(request: Request) -> Answer:
        told = call_of(request, len(hold.seen) + 1)
        hold.seen.append(str(told))
        is_held = hold.concerns(told)
        if is_held and not hold.reaching:
            await _held(hold)
            raise ConnectionResetError
        answer = await ask(request)
        if told.mutates and answer.status < _REFUSED:
            hold.taken.append(told.operation)
        if is_held:
            await _held(hold)
        return answer

    door_as_any: Any = door
    door_as_any._ask = asked
    try:
        yield hold
    finally:
        hold.let_go.set()
        del door_as_any._ask


async def _held(hold: Hold) -> None:
    hold.arrived.set()
    while not hold.let_go.is_set():  # noqa: ASYNC110  it is set in another thread
        await asyncio.sleep(_LOOK_S)
