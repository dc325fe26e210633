"""The output files of jobs on Slurm, read on a node over Session Manager, as a port.

A file has a name, an inode and bytes, and no times beside its lines. What a session has told up to its end, however it
ended, is exact: the next one goes on at the marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from hpctl.facts.slurm_jobs import SlurmPlace

REMEMBERED: Final = 64
"""Bytes before a mark that are compared: a file that was emptied may have grown past the mark again."""


@dataclass(frozen=True, slots=True)
class FilePattern:
    """Files of one folder: those whose whole name matches `name`, a regular expression."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class FileMark:
    """How far a file was read: `offset` bytes of the file with this `inode`, the last of which were `last`."""

    inode: int
    offset: int
    last: bytes = b""


@dataclass(frozen=True, slots=True)
class FilesAsked:
    """Which files to read as which user, from where. `tail` is how many last lines of files without a mark to read."""

    user: str
    patterns: tuple[FilePattern, ...]
    marks: Mapping[str, FileMark] = field(default_factory=dict, hash=False)
    tail: int | None = None


class Beginning(StrEnum):
    """Why a file is read from a new place."""

    FOUND = "found"
    TRUNCATED = "truncated"
    """It was emptied and written anew; what was not read before is gone."""
    REPLACED = "replaced"
    """Another file has its name; the one before was read to its end."""
    LOST = "lost"
    """The same, and the end of the one before may not have been read."""


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A file is read from `offset` on."""

    path: str
    inode: int
    offset: int
    why: Beginning


@dataclass(frozen=True, slots=True)
class FileBytes:
    """Bytes of a file from `offset` on; `written_ns` is when it was last written then (epoch)."""

    path: str
    offset: int
    data: bytes = field(repr=False)
    written_ns: int


@dataclass(frozen=True, slots=True)
class FileTrouble:
    """A file cannot be read now, in the words of the node's operating system; it is tried on."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class AllRead:
    """Every file that is there was read to its end once; a sign of life otherwise."""


FileNews = FileBegun | FileBytes | FileTrouble | AllRead


class LogFeed(Protocol):
    """One session that tells news of files."""

    def __iter__(self) -> Iterator[FileNews]:
        """Yield news as they come; ends after `finish` with all read. `UnavailableError` when the session broke."""
        ...

    def finish(self) -> None:
        """Let it read what is there and come to an end; from any thread."""
        ...


class SlurmLogs(Protocol):
    """Output files of jobs, as the shared file system has them."""

    def open(self, at: SlurmPlace, asked: FilesAsked) -> AbstractContextManager[LogFeed]:
        """Begin a session on the controller; leaving it lets go at once. Its news raise the errors of `Sessions`.

        Also `NotFoundError` where the node has no such user.
        """
        ...
