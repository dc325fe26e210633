"""One event loop for every session of this process, in a thread of its own: callers stay synchronous."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hpctl.adapters.ssm.broken import SessionError

if TYPE_CHECKING:
    import asyncio

_LAST_STEPS_S: Final = 10.0
_LAST_WORDS_S: Final = 0.5
"""How long the loop goes on after all work has ended: whoever waited for some hears of it there."""


class Work:
    """A coroutine that runs in the loop; `done` is set once it has ended, its last steps included."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None], tell: Callable[[object], None]
    ) -> None:
        """Begin it soon; what it raises is told to `tell`, which is called in the loop."""
        self._loop, self._coroutine, self._tell = loop, coroutine, tell
        self._task: asyncio.Task[None] | None = None
        self.done = threading.Event()
        loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> None:
        """Have it end early."""
        self._loop.call_soon_threadsafe(self._cancel)

    def end(self) -> None:
        """Have it end early, and wait for its last steps, which are bounded."""
        self.cancel()
        self.done.wait(_LAST_STEPS_S)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._coroutine)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # before its first step, perhaps, in which case it could not tell
            self._tell(SessionError("it was ended from here"))
        elif (error := task.exception()) is not None:
            self._tell(error)
        self.done.set()

    def _cancel(self) -> None:
        """Cancel it once: a second time would hit its last steps."""
        if self._task is not None and not self._task.cancelling():
            self._task.cancel()


class Hub:
    """The loop, which begins with the first work, and what runs in it."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[Work] = set()
        self.stopped = threading.Event()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        import asyncio

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                weakref.finalize(self, _stop, self._loop)
                threading.Thread(target=_serve, args=(self._loop,), name="hpctl-sessions", daemon=True).start()
            return self._loop

    def soon(self, call: Callable[..., object], *arguments: object) -> None:
        """Call something in the loop, if that goes on."""
        with suppress(RuntimeError):  # it has stopped
            self.loop.call_soon_threadsafe(call, *arguments)

    def start(self, coroutine: Coroutine[Any, Any, None], tell: Callable[[object], None]) -> Work:
        """Run a coroutine; what it raises is told to `tell`."""
        work = Work(self.loop, coroutine, tell)
        with self._lock:
            self._running = {one for one in self._running if not one.done.is_set()} | {work}
        return work

    def stop(self) -> None:
        """Cancel everything that runs, let nothing else begin, and wait a little for it."""
        self.stopped.set()
        with self._lock:
            running = list(self._running)
        for work in running:
            work.cancel()
        for work in running:
            work.done.wait(_LAST_STEPS_S)
        if self._loop is not None:
            self.soon(self._loop.call_later, _LAST_WORDS_S, self._loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it has stopped already
        loop.call_soon_threadsafe(loop.stop)
