"""An event loop in a thread of its own, for what of the sandbox serves while the rest does something else."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from threading import Thread


class LoopThread(ABC):
    """Serves from `start` to `stop`; both may be called from any other thread."""

    def __init__(self, name: str) -> None:
        """Take the thread's name."""
        self.loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve; who connected before has waited."""
        self._thread.start()

    def stop(self) -> None:
        """End everything that is served; returns when all of it is over."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._ending.set)
            self._thread.join()

    @abstractmethod
    async def serve(self, ending: asyncio.Event) -> None:
        """Serve until `ending` is set, then end what was begun."""

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.serve(self._ending))
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
