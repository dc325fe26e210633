"""Ctrl-C and SIGTERM of this process: the port `facts.ports.Signals`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ProcessSignals:
    """The signals that the process gets."""

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let a first signal take effect at the end of the `with` only."""
        yield
