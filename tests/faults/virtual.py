"""Time that stands still until somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class VirtualTime:
    """The clock of a sandbox and of the hpctl that talks to it: whoever sleeps moves it on for both."""

    at: datetime = BEGIN
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def jitter(self) -> float:
        return 0.5

    def reset(self) -> None:
        self.at = BEGIN
        self.slept.clear()
