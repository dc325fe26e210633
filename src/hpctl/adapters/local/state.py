"""hpctl's records about clusters, in files that only their owner reads: the port `facts.ports.State`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hpctl.facts.records import Holder


class FileState:
    """Journals and locks below one folder."""

    @contextmanager
    def lock(self, key: str) -> Iterator[Holder | None]:
        """Hold the cluster's lock."""
        yield None

    def append(self, key: str, line: Mapping[str, object]) -> None:
        """Add a line to the journal."""

    def lines(self, key: str) -> tuple[Mapping[str, object], ...]:
        """Return the journal's lines, oldest first."""
        return ()
