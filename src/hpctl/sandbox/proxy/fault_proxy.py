"""`FaultProxy`: the proxy as an object, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from hpctl.sandbox.proxy.door import Door
from hpctl.sandbox.proxy.faults import Fault, Injection
from hpctl.sandbox.proxy.ledger import Active, Ledger

if TYPE_CHECKING:
    from types import TracebackType

    from hpctl.sandbox.proxy.calls import Call

_LOOPBACK = "127.0.0.1"


class FaultProxy:
    """A proxy on loopback in front of an HTTP address; use it in a `with` statement.

    `calls` are the requests that came by, in order; `strike` lets a fault hit one of them:

        with FaultProxy(upstream) as proxy:
            proxy.strike(Fault.LOST_RESPONSE, call=3)

    All methods may be called from any thread, and what they do holds when they return.
    """

    def __init__(self, upstream: str, listener: socket.socket | None = None, ledger: Ledger | None = None) -> None:
        """Listen on a bound socket (else on any free port of loopback), with the faults of a ledger (else none)."""
        there = urlsplit(upstream)
        self._listener = listener or socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{_LOOPBACK}:{self.port}"
        self.ledger = ledger or Ledger(partial(datetime.now, UTC))
        self._door = Door(self._listener, (there.hostname or _LOOPBACK, there.port or 80), self.ledger)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    def start(self) -> Self:
        """Begin to accept connections, unless a fault says otherwise."""
        self._thread.start()
        self._settle()
        return self

    def stop(self) -> None:
        """Reset all connections and end."""
        self._run(self._door.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The requests that have come by since the start, or since `forget`."""
        return tuple(self._door.calls)

    @property
    def mutations(self) -> tuple[Call, ...]:
        """Those of the calls that may change something."""
        return tuple(call for call in self.calls if call.mutates)

    def strike(self, fault: Fault, *, call: int | None = None, **members: Any) -> Active:
        """Let a fault strike once: the call of this number (from 1), or the next one.

        Of REFUSE, the connection that the call would come over. `members` are those of `Injection`: with `service`
        and `operation` the matching call after `skip` others is struck, and `count` says how many after it are, too.
        """
        if call is not None:
            members["skip"] = call - 1 - len(self._door.calls)
        if fault is not Fault.REFUSE:
            members.setdefault("count", 1)
        return self.inject(Injection.read({"fault": fault, **members}))

    def inject(self, injection: Injection) -> Active:
        """Put a fault in force until its bounds, or until it is cleared."""
        active = self.ledger.inject(injection)
        self._settle()
        return active

    def clear(self, fault_id: str | None = None) -> None:
        """End a fault, or all."""
        self.ledger.clear(fault_id)
        self._settle()

    def forget(self) -> None:
        """Start over: no faults, no calls."""
        self.clear()
        self._door.calls.clear()

    def _settle(self) -> None:
        self._run(self._door.settle())

    def _run(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result()
