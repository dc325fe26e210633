"""Lifecycle scripts: what is in a folder and in S3, what was written, and what rules say of them."""

from __future__ import annotations

from typing import Literal

from hpctl.facts.records import Identity
from hpctl.report.base import Part, Report

Standing = Literal["new", "same", "different", "only in S3"]
"""How a file of the folder and the object of its name stand to each other."""


class ScriptStanding(Part):
    """One file: `sha256` of the folder's content (None for what is only in S3), `etag` of the object that is there."""

    name: str
    state: Standing
    size: int
    sha256: str | None = None
    etag: str | None = None


class ScriptFile(Part):
    """One file of a folder."""

    name: str
    size: int
    sha256: str


class ScriptUploadReport(Report):
    """A folder of scripts beside a folder in S3; `uploaded` names what was put there and read back.

    With `overwrite` objects that differ are replaced; what is only in S3 stays in any case.
    """

    kind: Literal["ScriptUpload"] = "ScriptUpload"
    identity: Identity
    folder: str
    uri: str
    overwrite: bool = False
    files: tuple[ScriptStanding, ...]
    uploaded: tuple[str, ...] = ()

    @property
    def different(self) -> tuple[ScriptStanding, ...]:
        """Objects in S3 with other content than the folder's file."""
        return tuple(row for row in self.files if row.state == "different")

    @property
    def wanted(self) -> tuple[ScriptStanding, ...]:
        """What an upload puts into S3."""
        return tuple(row for row in self.files if row.state in {"new", "different"})

    def names(self) -> tuple[str, ...]:
        """Return the addresses of what an upload puts, or has put, into S3."""
        rows = self.uploaded or tuple(row.name for row in self.wanted)
        return tuple(f"{self.uri}{name}" for name in rows)


class ScriptFolderReport(Report):
    """Scripts that were written into a folder; `then` are the commands that come next."""

    kind: Literal["ScriptFolder"] = "ScriptFolder"
    folder: str
    orchestrator: str
    files: tuple[ScriptFile, ...]
    then: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the files."""
        return tuple(f"{self.folder}/{row.name}" for row in self.files)
