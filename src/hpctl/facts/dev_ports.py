"""What development pods need of this machine, as ports: files for ssh, and the folder that is synced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Protocol

from hpctl.facts.copy_ports import Moved
from hpctl.facts.dev_sync import Entry


class SshFiles(Protocol):
    """A key pair, keys of hosts and entries for ssh, in hpctl's own records: nothing of the person's own is touched.

    Every method may raise `StateError`, and `UsageError` where OpenSSH is missing.
    """

    @property
    def identity(self) -> str:
        """The path of the private key."""
        ...

    def public_key(self) -> str:
        """Return the public key, in one line; the pair is made when it is needed first."""
        ...

    def known_hosts(self, alias: str) -> str:
        """Return the path of the file with the key of a host."""
        ...

    def know(self, alias: str, key: str) -> None:
        """Remember the key of a host, in place of the one before."""
        ...

    def write(self, alias: str, text: str) -> str:
        """Write the entry of a host and return the line by which ~/.ssh/config has all of them."""
        ...

    def config(self, alias: str) -> str:
        """Return the path of the entry of a host."""
        ...

    def remove(self, alias: str) -> None:
        """Forget a host."""
        ...


class SyncedFolder(Protocol):
    """A folder of this machine. Paths are below it, with `/` between parts; what is ignored is not seen.

    Every method may raise `UsageError` for what cannot be read or written.
    """

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    def entries(self) -> Mapping[str, Entry]:
        """Return the files and links that take part."""
        ...

    def takes(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those paths, of files that may not be here, that no rule ignores."""
        ...

    def pack(self, paths: Iterable[str], expected: Mapping[str, Entry | None], into: IO[bytes]) -> int:
        """Write files and links as tar, with what is expected in their places, and return their bytes.

        `BrokenPipeError` of `into` goes through.
        """
        ...

    def unpack(self, stream: IO[bytes], expected: Mapping[str, Entry | None]) -> Moved:
        """Take files and links from a tar, each replaced whole; what leads outside is left out.

        Raises `ConflictError` when something else is in their places than is expected, and takes nothing then.
        """
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files, and the folders that this empties."""
        ...

    def base(self, key: str) -> Mapping[str, Entry]:
        """Return what was the same on both sides when this folder was last synced with `key`; empty at first."""
        ...

    def keep_base(self, key: str, entries: Mapping[str, Entry]) -> None:
        """Remember what is the same on both sides."""
        ...
