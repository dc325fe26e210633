"""Files that only their owner reads: where hpctl's records lie, and what it means when the disk says no."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

from hpctl.errors import StateError

ELSEWHERE: Final = "to keep hpctl's records in another folder: HPCTL_STATE_HOME=DIR"

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077

_REMEDIES: Final = {
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some of your disk quota",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EIO: "the disk has a fault: look at the system's log",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "the folder belongs to somebody else or is not writable",
    errno.EPERM: "the folder belongs to somebody else or is not writable",
    errno.ENOTDIR: "a file stands where a folder should be: move it away",
    errno.EEXIST: "a file stands where a folder should be: move it away",
    errno.ENOLCK: "the file system knows no locks",
    errno.EOPNOTSUPP: "the file system knows no locks",
}


def records_home(env: Mapping[str, str]) -> Path:
    """Return the folder of hpctl's records: `HPCTL_STATE_HOME`, else where the platform keeps such things.

    Raises:
        StateError: nothing says where the caller's home is.
    """
    folder = Path(env.get("HPCTL_STATE_HOME") or platformdirs.user_state_path("hpctl"))
    if env.get("HPCTL_STATE_HOME") or folder.is_absolute():
        return folder.absolute()
    raise StateError("nothing says where your home directory is, and hpctl keeps its records there", hint=ELSEWHERE)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into a `StateError`."""
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        remedy = _REMEDIES.get(error.errno or 0)
        raise StateError(
            f"hpctl's records cannot be kept in `{path}`: {said}",
            hint=f"{remedy}\n{ELSEWHERE}" if remedy else ELSEWHERE,
        ) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, for the owner alone whatever the umask; raises `OSError`."""
    missing = [folder, *folder.parents]
    for one in reversed(missing[: next(number for number, one in enumerate(missing) if one.exists())]):
        one.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & _OTHERS:
        folder.chmod(_FOLDER_MODE)


def open_file(path: Path, flags: int) -> int:
    """Open or make a file that only its owner reads and return its descriptor; raises `OSError`."""
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    except FileExistsError:
        descriptor = os.open(path, flags)
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
            os.fchmod(descriptor, _FILE_MODE)
    else:
        sync_folder(path.parent)
    return descriptor


def sync_folder(folder: Path) -> None:
    """Let the names in `folder` outlast a crash of the machine; raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
