"""What becomes of answers that are not written yet, as a Protocol; `adapters/local/drafts.py` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Draft(Protocol):
    """Answers of one wizard that outlast it; every method may raise `StateError`, and `save` `UsageError`."""

    def save(self, answers: Mapping[str, tuple[str, ...]], now: datetime) -> None:
        """Keep the answers, whole or not at all."""
        ...

    def read(self, now: datetime) -> tuple[dict[str, tuple[str, ...]], datetime] | None:
        """Return the answers and when they were given; None without a draft, or with one that is old or damaged."""
        ...

    def forget(self) -> None:
        """Remove the draft, where there is one."""
        ...
