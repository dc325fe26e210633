"""What came as a stream of tar from a machine that is not trusted, on its way to its place.

Entries are made in a new folder beside that place: files and folders first, links last, so that no name can lead
through one. Links that would lead outside, devices and the like are left out, and said so.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final, Self

from hpctl.errors import UsageError
from hpctl.facts.copy_ports import Moved

_FILE: Final = "file"
_FOLDER: Final = "folder"
_MODE: Final = 0o777
"""Of a mode, what is taken over: no node decides what runs as somebody else here."""


@dataclass
class Arrived:
    """A file or a folder, beside the place where it is kept."""

    place: Path
    beside: Path
    files: int = 0
    total_bytes: int = 0
    left_out: list[str] = field(default_factory=list)
    _root_mode: int | None = None
    _modes: dict[Path, int] = field(default_factory=dict)
    _links: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def read(cls, stream: IO[bytes], path: Path, said: str, name: str) -> Self:
        """Read everything; raises `UsageError` when it cannot be written."""
        place = path / name if path.is_dir() else path
        if not path.is_dir() and (said.endswith("/") or not place.parent.is_dir()):
            raise UsageError(f"there is no folder `{said if said.endswith('/') else place.parent}` to copy into")
        with _writable(place):
            arrived = cls(place, Path(tempfile.mkdtemp(prefix=".hpctl-copy-", dir=place.parent.resolve())))
        try:
            with _writable(place):
                arrived._take(stream)
        except BaseException:
            arrived.discard()
            raise
        return arrived

    def keep(self) -> Moved:
        """Put it in its place: whole and at once where nothing was, else file by file."""
        root = self.beside / _FOLDER
        source = root if root.is_dir() else self.beside / _FILE
        if not os.path.lexists(source):
            raise UsageError("what the node sent was empty")
        if source.is_dir() and os.path.lexists(self.place) and not self.place.is_dir():
            raise UsageError(f"`{self.place}` is a file, and what comes is a folder", hint="name another place")
        if not source.is_dir() and self.place.is_dir():
            raise UsageError(f"`{self.place}` is a folder, and what comes is a file", hint="name another place")
        with _writable(self.place):
            new = not os.path.lexists(self.place)
            _put(source, self.place)
            if new and self._root_mode is not None:
                self.place.chmod(self._root_mode)
        self.discard()
        return Moved(self.files, self.total_bytes, tuple(self.left_out))

    def discard(self) -> None:
        """Remove what is still beside the place."""
        shutil.rmtree(self.beside, ignore_errors=True)

    def _take(self, stream: IO[bytes]) -> None:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for entry in tar:
                    self._make(tar, entry)
        except tarfile.TarError as error:
            raise UsageError(f"what the node sent is no archive, or broke off: {error}") from error
        for link, leads_to in self._links.items():
            self._link(link, leads_to)
        for folder, mode in reversed(self._modes.items()):
            folder.chmod(mode)

    def _make(self, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        path = self._below(entry)
        if path is None:
            self.left_out.append(f"{entry.name}: its name leads outside")
        elif entry.isdir():
            path.mkdir(parents=True, exist_ok=True)
            self._keep_mode(path, entry.mode & _MODE)
        elif entry.isreg():
            self._write(tar, entry, path)
        elif entry.issym():
            self._links[path] = entry.linkname
        elif entry.islnk():
            self._second_name(entry, path)
        else:
            self.left_out.append(f"{entry.name}: neither file, folder nor link")

    def _keep_mode(self, folder: Path, mode: int) -> None:
        """Remember a folder's mode until it is full; a folder that is not to be written could not be moved either."""
        if folder == self.beside / _FOLDER:
            self._root_mode = mode
        else:
            self._modes[folder] = mode

    def _below(self, entry: tarfile.TarInfo) -> Path | None:
        """Return where an entry goes: `.` is the folder, everything else in it; None for what leads outside."""
        name = PurePosixPath(entry.name)
        if name.is_absolute() or ".." in name.parts or "\0" in entry.name:
            return None
        root = self.beside / _FOLDER
        in_folder = entry.name == "." or entry.name.startswith("./") or root.is_dir()
        return root / name if in_folder else self.beside / _FILE

    def _write(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = tar.extractfile(entry)
        with suppress(FileNotFoundError):
            path.unlink()
        with path.open("xb") as file:
            if content is not None:
                shutil.copyfileobj(content, file)
        path.chmod(entry.mode & _MODE)
        with suppress(OSError, OverflowError, ValueError):  # a time that no file can have
            os.utime(path, (entry.mtime, entry.mtime))
        self.files, self.total_bytes = self.files + 1, self.total_bytes + entry.size

    def _second_name(self, entry: tarfile.TarInfo, path: Path) -> None:
        first = self._below(tarfile.TarInfo(entry.linkname))
        if first is None or not first.is_file():
            self.left_out.append(f"{entry.name}: it is another name of `{entry.linkname}`, which did not come")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(first, path)
        self.files += 1

    def _link(self, link: Path, leads_to: str) -> None:
        """Make a link, unless it leads outside."""
        root = self.beside / _FOLDER
        if not self._leads_inside(link, PurePosixPath(leads_to)):
            self.left_out.append(f"{link.relative_to(root)}: a link to `{leads_to}`, outside")
            return
        if link.parent.resolve() != link.parent:
            self.left_out.append(f"{link.relative_to(root)}: its name leads through a link")
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(leads_to)
        self.files += 1

    def _leads_inside(self, link: Path, goal: PurePosixPath) -> bool:
        """Whether a link stays in the folder: upward steps come first, for `..` behind a link is anywhere."""
        upward = next((at for at, part in enumerate(goal.parts) if part != ".."), len(goal.parts))
        depth = len(link.relative_to(self.beside).parts) - 2
        return not goal.is_absolute() and ".." not in goal.parts[upward:] and upward <= depth


def _put(source: Path, place: Path) -> None:
    """Move a file, or a folder into one that is there already."""
    if not source.is_dir() or source.is_symlink() or not os.path.lexists(place):
        source.replace(place)
        return
    if place.is_symlink() or not place.is_dir():
        place.unlink()
        source.replace(place)
        return
    for one in sorted(source.iterdir()):
        _put(one, place / one.name)


@contextmanager
def _writable(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(f"`{error.filename2 or error.filename or place}` cannot be written: {said}") from error
