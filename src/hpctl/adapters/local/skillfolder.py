"""The folder of a skill on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hpctl.adapters.local.planfile import Saved, write
from hpctl.errors import UsageError

SKILL: Final = Saved("skill", "write another one: hpctl skill install DIR", 1024 * 1024)


@dataclass(frozen=True)
class SkillFolder:
    """A folder by its path; implements `hpctl.facts.skill_ports.Folder`."""

    path: Path

    def content(self, name: str) -> bytes | None:
        """Return what a file holds, None where there is none; `UsageError` when it cannot be read."""
        try:
            with (self.path / name).open("rb") as file:
                return file.read(SKILL.largest)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(
                f"`{self.path / name}` cannot be read: {error.strerror}", hint="name another folder"
            ) from error

    def put(self, name: str, text: str) -> None:
        """Write a file whole or not at all; `UsageError` when it cannot be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"`{self.path}` cannot be made: {error.strerror}", hint="name another folder") from error
        write(self.path / name, text, SKILL)
