"""Files and folders as streams of tar, of which nothing gets outside: the port `facts.copy_ports.LocalCopies`."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from hpctl.adapters.local.unpacking import Arrived
from hpctl.errors import UsageError
from hpctl.facts.copy_ports import Moved

DATA: Final = "data"
COMPLETE: Final = "complete"
_MODE: Final = 0o777
"""Of a file's mode, what goes along: on a node it is root's, and must not run as root for everybody there."""


class TarCopies:
    """Copies below a folder that relative paths count from."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Take `folder` for `.` and `home` for `~`."""
        self._folder, self._home = folder, home

    def name_of(self, path: str) -> str:
        """Return what a file or folder is called; `UsageError` when there is none."""
        where = self._path(path)
        if not where.exists():
            raise UsageError(f"there is no file or folder `{path}`", hint=f"paths count from `{self._folder}`")
        return where.resolve().name if where.name in ("", ".", "..") else where.name

    def pack(self, path: str, into: IO[bytes]) -> Moved:
        """Write a file or folder as tar, then an empty entry that says it is whole."""
        files, total, left_out = 0, 0, list[str]()
        with _readable(path), tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name, here in _entries(self._path(path)):
                entry = _entry(tar, name, here)
                if entry is None:
                    left_out.append(f"{here}: neither file, folder nor link")
                    continue
                files, total = files + (not entry.isdir()), total + entry.size
                _add(tar, entry, here)
            tar.addfile(tarfile.TarInfo(COMPLETE))
        return Moved(files, total, tuple(left_out))

    def unpack(self, stream: IO[bytes], path: str, name: str) -> Arrived:
        """Read a tar of a file or a folder, to be kept as `path`, or in it as `name`."""
        return Arrived.read(stream, self._path(path), path, name)

    def _path(self, path: str) -> Path:
        if path == "~" or path.startswith("~/"):
            return self._home / path[2:]
        return self._folder / path


def _entries(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield a file, or a folder with everything below it, by the names in the archive; links are not followed."""
    if not root.is_dir():
        yield DATA, root.resolve()
        return
    top = root.resolve()
    yield DATA, top
    for folder, folders, files in os.walk(top, onerror=_refuse):
        folders.sort()
        for one in (*folders, *sorted(files)):
            here = Path(folder, one)
            yield f"{DATA}/{here.relative_to(top)}", here


def _refuse(error: OSError) -> None:
    raise error


def _entry(tar: tarfile.TarFile, name: str, path: Path) -> tarfile.TarInfo | None:
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return None
    entry = tar.gettarinfo(path, name)
    if entry.islnk():  # a second name of a file that went already: it goes once more
        entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", status.st_size
    entry.mode &= _MODE
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
    if not entry.isreg():
        tar.addfile(entry)
        return
    with path.open("rb") as file:
        tar.addfile(entry, file)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else f"it changed while it was read ({error})"
        raise UsageError(f"`{error.filename or path}` cannot be read: {said}") from error
