"""Files and folders of this machine as streams of tar, as a port: for copies to nodes and from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Protocol


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied; `left_out` names what was not, and why: devices, sockets, links that lead outside."""

    files: int
    total_bytes: int
    left_out: tuple[str, ...] = ()


class Unpacked(Protocol):
    """What came, beside its place and not in it yet."""

    def keep(self) -> Moved:
        """Put it in its place; raises as `LocalCopies.unpack`."""
        ...

    def discard(self) -> None:
        """Forget it; after `keep`, nothing is left to forget."""
        ...


class LocalCopies(Protocol):
    """What is copied from this machine and to it. A stream has one entry `data`, and `complete` at its end."""

    def name_of(self, path: str) -> str:
        """Return what a file or folder is called; `UsageError` when there is none."""
        ...

    def pack(self, path: str, into: IO[bytes]) -> Moved:
        """Write a file or folder as tar: modes and names as they are, owners not.

        Raises `UsageError` when something cannot be read, and lets `BrokenPipeError` of `into` through.
        """
        ...

    def unpack(self, stream: IO[bytes], path: str, name: str) -> Unpacked:
        """Read a tar of a file, or of `.` for a folder, to be kept as `path`, or in it as `name` if it is a folder.

        Nothing of it gets outside, whatever its entries are called. Raises `UsageError` when it cannot be written.
        """
        ...
