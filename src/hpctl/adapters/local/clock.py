"""Time and chance as this machine has them: the port `facts.ports.Clock`."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        time.sleep(seconds)

    def jitter(self) -> float:
        """Return a number from 0 to 1."""
        return random.random()  # noqa: S311  spreads requests, guards nothing
