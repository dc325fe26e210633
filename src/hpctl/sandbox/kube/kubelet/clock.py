"""The kubelet's time: how long it waits between tries, probes and signals. Tests pass their own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import Event


class Clock:
    """Seconds that only grow."""

    def monotonic(self) -> float:
        """Return the seconds of now."""
        return time.monotonic()

    async def wait(self, event: Event, seconds: float) -> bool:
        """Wait for something to happen, but no longer than this; returns whether it has."""
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True
