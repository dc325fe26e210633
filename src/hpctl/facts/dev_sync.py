"""Files on two sides that are to be the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (SHA-256 of its content, and whether it may be executed) or a link (`-> TARGET`)."""

    content: str
    executable: bool = False
