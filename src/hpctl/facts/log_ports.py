"""CloudWatch Logs, as a port; every method raises what the ports of `facts.ports` raise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some events of a stream, oldest first: times in ms since the epoch, and what was said.

    `token` asks for what follows. Where it is the one that was asked with, the end is reached for now.
    """

    times_ms: tuple[int, ...]
    messages: tuple[str, ...]
    token: str | None


class Logs(Protocol):
    """What CloudWatch Logs keeps of clusters."""

    def group_exists(self, name: str) -> bool:
        """Whether there is a log group of exactly that name."""
        ...

    def streams(self, group: str, prefix: str) -> tuple[str, ...]:
        """Return the names of the streams of a group that begin with `prefix`; `NotFoundError` without the group."""
        ...

    def last_lines(self, group: str, stream: str) -> tuple[str, ...]:
        """Return the last lines of a stream (up to 10,000), oldest first; `NotFoundError` without it."""
        ...

    def page(self, group: str, stream: str, *, since: datetime | None = None, token: str | None = None) -> LogPage:
        """Return events of a stream, the oldest first: from `since`, or from where `token` says.

        `NotFoundError` without the stream. A page may be empty although more follow.
        """
        ...

    def tail(self, group: str, stream: str, lines: int, *, since: datetime | None = None) -> LogPage:
        """Return the last events of a stream (up to 10,000), oldest first; `NotFoundError` without it."""
        ...
