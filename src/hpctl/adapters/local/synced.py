"""A folder of this machine that is synced: the port `facts.dev_ports.SyncedFolder`."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from hpctl.adapters.local.ignoring import Selection
from hpctl.adapters.local.planfile import Saved, write
from hpctl.adapters.local.private import in_words, make_folder, records_home
from hpctl.adapters.local.unpacking import Arrived
from hpctl.errors import ConflictError, UsageError
from hpctl.facts.copy_ports import Moved
from hpctl.facts.dev_sync import Entry

_BLOCK: Final = 1024 * 1024
_BASE: Final = Saved("record of what was synced", "sync again", 1024**3)
_MODE: Final = 0o777


class Folder:
    """A folder, and in hpctl's records what of it was the same elsewhere."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        """Take a folder that is there; `env` says where records are."""
        self._root, self._env = path.resolve(), env
        if not self._root.is_dir():
            raise UsageError(f"there is no folder `{path}`")
        self._selection = Selection(self._root)

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self._root)

    def entries(self) -> Mapping[str, Entry]:
        """Return the files and links that take part."""
        with _readable(self._root):
            return {
                str(name): self._entry(str(name), status)
                for name, status in self._selection.entries()
                if not stat.S_ISDIR(status.st_mode) and not self._leads_out(str(name), status)
            }

    def takes(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those paths, of files that may not be here, that no rule ignores."""
        with _readable(self._root):
            return frozenset(path for path in paths if self._selection.takes(PurePosixPath(path).parts))

    def pack(self, paths: Iterable[str], expected: Mapping[str, Entry | None], into: IO[bytes]) -> int:
        """Write files and links as tar, with what is expected in their places, and return their bytes."""
        total = 0
        with _readable(self._root), tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            _add_text(tar, "expected", b"".join(map(_sum_line, _sums_of(expected))))
            _add_text(tar, "absent", b"".join(_bytes(path) + b"\0" for path, one in expected.items() if one is None))
            _add_folder(tar, "data")
            for path in paths:
                total += _add(tar, f"data/{path}", self._root / path)
            _add_text(tar, "complete", b"")
        return total

    def unpack(self, stream: IO[bytes], expected: Mapping[str, Entry | None]) -> Moved:
        """Take files and links from a tar, each replaced whole; what leads outside is left out."""
        arrived = Arrived.read(stream, self._root.parent, str(self._root.parent), self._root.name)
        try:
            for path, one in expected.items():
                if self._now(path) != one:
                    raise ConflictError(f"`{path}` changed while it was synced", hint="sync again")
            return arrived.keep()
        finally:
            arrived.discard()

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files, and the folders that this empties."""
        with _readable(self._root):
            for path in paths:
                (self._root / path).unlink(missing_ok=True)
                for folder in (self._root / path).parents:
                    if folder == self._root or any(folder.iterdir()):
                        break
                    folder.rmdir()

    def base(self, key: str) -> Mapping[str, Entry]:
        """Return what was the same on both sides when this folder was last synced with `key`; empty at first."""
        try:
            rows = json.loads(self._record(key).read_text(encoding="utf-8", errors="surrogateescape"))
            return {path: Entry(str(content), bool(executable)) for path, (content, executable) in rows.items()}
        except (OSError, ValueError, TypeError, AttributeError):  # without it, what differs is told as a conflict
            return {}

    def keep_base(self, key: str, entries: Mapping[str, Entry]) -> None:
        """Remember what is the same on both sides."""
        file = self._record(key)
        with in_words(file):
            make_folder(file.parent)
        rows = {path: (one.content, one.executable) for path, one in entries.items()}
        write(file, json.dumps(rows), _BASE)

    def _record(self, key: str) -> Path:
        told = hashlib.sha256(f"{key}\0{self._root}".encode("utf-8", "surrogateescape")).hexdigest()
        return records_home(self._env) / "dev" / "synced" / f"{told}.json"

    def _now(self, path: str) -> Entry | None:
        try:
            return self._entry(path, (self._root / path).lstat())
        except OSError:
            return None

    def _entry(self, path: str, status: os.stat_result) -> Entry:
        here = self._root / path
        if stat.S_ISLNK(status.st_mode):
            return Entry(f"-> {here.readlink()}")
        digest = hashlib.sha256()
        with here.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return Entry(digest.hexdigest(), bool(status.st_mode & stat.S_IXUSR))

    def _leads_out(self, path: str, status: os.stat_result) -> bool:
        return stat.S_ISLNK(status.st_mode) and (self._root / path).readlink().is_absolute()


def _sums_of(expected: Mapping[str, Entry | None]) -> Iterator[tuple[str, str]]:
    for path, one in expected.items():
        if one is not None and not one.content.startswith("-> "):
            yield one.content, path


def _sum_line(row: tuple[str, str]) -> bytes:
    """Return a line as `sha256sum --check` reads it: with a backslash before one whose name is escaped."""
    told, path = row
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return _bytes(f"{'' if escaped == path else chr(92)}{told}  {escaped}\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _add(tar: tarfile.TarFile, name: str, path: Path) -> int:
    entry = tar.gettarinfo(path, name)
    if entry.islnk():  # a second name of a file that went already: it goes once more
        entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.lstat().st_size
    entry.mode &= _MODE
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    if not entry.isreg():
        tar.addfile(entry)
        return 0
    with path.open("rb") as file:
        tar.addfile(entry, file)
    return entry.size


def _add_text(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(entry)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else f"it changed while it was read ({error})"
        raise UsageError(f"`{error.filename or folder}` cannot be read or written: {said}") from error
