"""What jobs take along from this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

PACKED_BYTES: Final = 16 * 1024 * 1024
"""What may go along with a job, gzipped, all folders and files together: it travels in ConfigMaps through etcd."""

UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""The same before it is packed: what a pod is prepared to unpack."""

MEMBERS: Final = 100_000
"""Files and folders that may go along."""


class Sensitive(StrEnum):
    """What becomes of files that look like credentials."""

    REFUSED = "refused"
    INCLUDED = "included"


@dataclass(frozen=True, slots=True)
class Packed:
    """A gzipped tar. `files` and `unpacked_bytes` count what is in it; `notices` say what was left out, and why."""

    archive: bytes = field(repr=False)
    files: int
    unpacked_bytes: int
    notices: tuple[str, ...] = ()


class LocalFiles(Protocol):
    """Files and folders of this machine; relative paths are below the folder that the command runs in."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of this path.

        Raises:
            UsageError: there is neither a folder nor a file.
        """
        ...

    def pack(self, sources: Mapping[str, str], sensitive: Sensitive = Sensitive.REFUSED) -> Packed:
        """Return files and folders in one archive: paths by what they are called in it, `.` for a folder's contents.

        The same contents give the same bytes. What `.skyignore` or `.gitignore` leave out stays here.

        Raises:
            UsageError: a path is missing or cannot be read, a link leads out, a file looks like credentials, or it is
                too much; the message names them and the way round.
        """
        ...

    def read(self, path: str) -> str:
        """Return the text of a file without its last newline.

        Raises:
            UsageError: it cannot be read, is no UTF-8 text, holds a NUL, or is larger than a Secret can be.
        """
        ...
