"""Folders and files of this machine as gzipped tars: the port `facts.local_files.LocalFiles`."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from hpctl.adapters.local.ignoring import Selection
from hpctl.adapters.local.sensitive import looks_sensitive
from hpctl.errors import UsageError
from hpctl.facts.local_files import MEMBERS, PACKED_BYTES, UNPACKED_BYTES, Packed, Sensitive

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_LEVEL: Final = 6
"""What gzip itself takes: the highest is three times slower for a few hundredths of the size."""

_HEAD_BYTES: Final = 64 * 1024
"""How much of a file is looked at for keys and tokens, which stand in small files."""

_NAMED: Final = 5
"""Files that an error names."""

_PART: Final = 100
"""Files that are smaller by this factor than the largest are not to blame."""

_LONG_AGO: Final = 315_532_800
"""The beginning of 1980, before which ZIP files, and so wheels, know no time: every file's, or bytes would differ."""

_SECRET_BYTES: Final = 1024 * 1024 - 64 * 1024
"""A Secret holds 1 MiB in all (Kubernetes API reference)."""

_SMALLER: Final = (
    "leave files out with `.skyignore` or `.gitignore`\n"
    "or put data on shared storage and mount that: `mounts: [{path: /fsx, claim: NAME}]`, in a SkyPilot task `volumes`"
)


@dataclass(slots=True)
class _Found:
    """What is to be packed: entries with their status by the name in the archive, and what was wrong with some."""

    entries: dict[PurePosixPath, tuple[Path, os.stat_result]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    leading_out: list[str] = field(default_factory=list)

    @property
    def unpacked_bytes(self) -> int:
        return sum(status.st_size for _, status in self.entries.values() if stat.S_ISREG(status.st_mode))


class WorkingFiles:
    """Packs and reads below a folder that relative paths count from."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Take `folder` for `.` and `home` for `~`."""
        self._folder = folder
        self._home = home

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of this path."""
        where = self._path(path)
        if not where.exists():
            raise UsageError(f"there is no file or folder `{path}`", hint=f"paths count from `{self._folder}`")
        return where.is_dir()

    def pack(self, sources: Mapping[str, str], sensitive: Sensitive = Sensitive.REFUSED) -> Packed:
        """Return files and folders in one archive."""
        found = _Found()
        for name, path in sources.items():
            self.is_folder(path)
            with _readable(path):
                _collect(found, PurePosixPath(name), self._path(path).resolve())
        _demand_inside(found)
        _demand_moderate(found)
        with _readable(", ".join(sources.values())):
            return _packed(found, sensitive)

    def read(self, path: str) -> str:
        """Return the text of a file without its last newline."""
        where = self._path(path)
        with _readable(path, "give the path of a text file"), where.open("rb") as file:
            content = file.read(_SECRET_BYTES + 1)
        if len(content) > _SECRET_BYTES:
            raise UsageError(f"`{path}` is larger than the {_SECRET_BYTES // 1024} KiB that a Secret takes")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"`{path}` is no UTF-8 text, which a variable has to be") from None
        if "\0" in text:
            raise UsageError(f"`{path}` has a NUL character, which no variable can hold")
        return text.removesuffix("\n").removesuffix("\r")

    def _path(self, path: str) -> Path:
        if path == "~" or path.startswith("~/"):
            return self._home / path[2:]
        return self._folder / path


class _readable:  # noqa: N801  a context manager that reads as a word
    """Turns what the operating system says about a path into a `UsageError`."""

    def __init__(self, path: str, hint: str = "leave it out with `.skyignore`") -> None:
        self._path, self._hint = path, hint

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            where = error.filename or self._path
            said = os.strerror(error.errno) if error.errno else str(error)
            raise UsageError(f"`{where}` cannot be read: {said}", hint=self._hint) from error


def _collect(found: _Found, name: PurePosixPath, source: Path) -> None:
    if not source.is_dir():
        found.entries[name] = (source, source.stat())
        return
    selection = Selection(source)
    for below, status in selection.entries():
        here = source / below
        if stat.S_ISLNK(status.st_mode) and not _leads_inside(here, source):
            found.leading_out.append(f"`{below}` -> `{here.readlink()}`")
        found.entries[name / below] = (here, status)
    found.notices += selection.notices


def _leads_inside(link: Path, root: Path) -> bool:
    """Whether a link stays below the root, both as it is written and as it resolves."""
    target = link.readlink()
    if target.is_absolute():
        return False
    written = Path(os.path.normpath(link.parent / target))
    return written.is_relative_to(root) and Path(os.path.realpath(link)).is_relative_to(root)


def _demand_inside(found: _Found) -> None:
    if found.leading_out:
        raise UsageError(
            f"links lead out of the folder, to where a pod has nothing: {_some(found.leading_out)}",
            hint="leave them out with `.skyignore`, or make them relative and lead inside",
        )


def _demand_moderate(found: _Found) -> None:
    if len(found.entries) > MEMBERS:
        raise UsageError(
            f"{len(found.entries)} files and folders are more than the {MEMBERS} that go along with a job",
            hint=_SMALLER,
        )
    if found.unpacked_bytes > UNPACKED_BYTES:
        raise _too_large(found, f"{_size(found.unpacked_bytes)} are more than the {_size(UNPACKED_BYTES)}")


def _packed(found: _Found, sensitive: Sensitive) -> Packed:
    buffer, suspects = _Limited(), []
    try:
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=buffer, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for name, (path, status) in sorted(found.entries.items()):
                if _add(tar, name, path, status) and sensitive is Sensitive.REFUSED:
                    suspects.append(f"`{name}`")
    except _FullError:
        raise _too_large(found, f"they are more than the {_size(PACKED_BYTES)} (gzipped)") from None
    if suspects:
        raise UsageError(
            f"files that look like credentials do not go along with a job: {_some(suspects)}",
            hint="leave them out with `.skyignore` and pass what is secret with --secret NAME\n"
            "to send them nevertheless, for everybody who reads the namespace to see: --include-sensitive",
        )
    files = sum(stat.S_ISREG(status.st_mode) for _, status in found.entries.values())
    return Packed(buffer.getvalue(), files, found.unpacked_bytes, tuple(found.notices))


def _add(tar: tarfile.TarFile, name: PurePosixPath, path: Path, status: os.stat_result) -> bool:
    """Add one entry, without whose it was and when it changed; return whether it looks like credentials."""
    info = tarfile.TarInfo(str(name))
    info.mtime, info.mode = _LONG_AGO, 0o755
    if stat.S_ISREG(status.st_mode):
        info.size = status.st_size
        info.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(0)
            tar.addfile(info, file)
        return looks_sensitive(name, head)
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
    else:
        info.type = tarfile.DIRTYPE
    tar.addfile(info)
    return False


class _FullError(Exception):
    """More was written than goes along."""


class _Limited(io.BytesIO):
    """Takes so many bytes and no more."""

    def write(self, data: Buffer) -> int:
        """Write, unless it becomes too much."""
        if self.tell() + len(memoryview(data)) > PACKED_BYTES:
            raise _FullError
        return super().write(data)


def _too_large(found: _Found, said: str) -> UsageError:
    sizes = [(status.st_size, name) for name, (_, status) in found.entries.items() if stat.S_ISREG(status.st_mode)]
    telling = [one for one in sorted(sizes, reverse=True) if one[0] * _PART >= max(sizes)[0]]
    largest = [f"`{name}` ({_size(size)})" for size, name in telling]
    return UsageError(
        f"the files of this machine are too much: {said} that go along with a job; the largest are {_some(largest)}",
        hint=_SMALLER,
    )


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 1024:.1f} KiB"


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more
