"""The port of the folder that a skill for coding agents is written to."""

from __future__ import annotations

from typing import Protocol


class Folder(Protocol):
    """One folder of this machine; it is made when the first file is put into it."""

    def content(self, name: str) -> bytes | None:
        """Return what a file holds, None where there is none; `UsageError` when it cannot be read."""

    def put(self, name: str, text: str) -> None:
        """Write a file whole or not at all; `UsageError` when it cannot be written."""
