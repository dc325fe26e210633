"""What a wizard answers: the file that it wrote, and how to get on."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Report


class WrittenReport(Report):
    """A file that was written from answers.

    `command` writes the same file without a question, `next_steps` are what to type now. `failed` and `unverified` are
    the checks that fail on it, and those that could not look.
    """

    kind: Literal["Written"] = "Written"
    file: str
    command: str
    next_steps: tuple[str, ...]
    failed: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the file."""
        return (self.file,)
