"""The skill for coding agents: where it was written."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Report


class SkillReport(Report):
    """The skill, and what became of the file: `replaced` is one that hpctl wrote earlier, or any with `--force`."""

    kind: Literal["Skill"] = "Skill"
    path: str
    result: Literal["written", "replaced", "unchanged"]

    def names(self) -> tuple[str, ...]:
        """Return the file."""
        return (self.path,)
