"""CloudWatch Logs, as a port; every method raises what the ports of `facts.ports` raise."""

from __future__ import annotations

from typing import Protocol


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
