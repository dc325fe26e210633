"""What hpctl asks about scripts besides reading them: keeping them in S3, and what a shell says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class KeptScript:
    """One object in S3 as it is now: `etag` changes with its content."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class ShellFault:
    """What a shell does not understand: `line` counts from 1, `message` is the shell's own."""

    line: int
    message: str


class ScriptStore(Protocol):
    """S3 as a place where lifecycle scripts are put; raises what the ports of `facts.ports` raise."""

    def kept(self, bucket: str, prefix: str) -> tuple[KeptScript, ...]:
        """Return what there is below the prefix; `NotFoundError` when there is no such bucket."""
        ...

    def put(self, bucket: str, key: str, content: bytes, *, replaces: str | None) -> None:
        """Store an object where there is none, or in place of the one with the ETag `replaces`.

        S3 itself holds to that (conditional writes), and to the checksum that goes along: `ConflictError` when
        something else is there by now.
        """
        ...


class Shell(Protocol):
    """A shell that reads scripts and runs nothing of them."""

    def faults(self, script: bytes) -> tuple[ShellFault, ...]:
        """Return what Bash does not understand of a script; `UnavailableError` where there is no Bash."""
        ...
