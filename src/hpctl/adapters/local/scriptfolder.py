"""Folders of lifecycle scripts on this machine: read whole, and written file by file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hpctl.errors import ConflictError, UsageError

MOST_FILES: Final = 300
MOST_BYTES: Final = 1024 * 1024
"""Of one file: what hpctl reads of an object in S3, too."""

_EXECUTABLE: Final = 0o755
_READABLE: Final = 0o644


def read(folder: Path) -> dict[str, bytes]:
    """Return what is below a folder by relative name with slashes, without hidden files and Python's leftovers.

    Raises:
        UsageError: there is no such folder, it cannot be read, or holds what is no script: links, or too much.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder `{folder}`", hint="`hpctl lifecycle init FOLDER` makes one")
    try:
        files = {name: _content(path) for name, path in _paths(folder)}
    except OSError as error:
        raise UsageError(f"`{error.filename or folder}` cannot be read: {error.strerror}") from error
    if len(files) > MOST_FILES:
        message = f"`{folder}` has {len(files)} files, more than {MOST_FILES}"
        raise UsageError(message, hint="name a folder that holds the scripts and nothing else")
    return files


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made when it is not there; scripts can be executed.

    Raises:
        ConflictError: something else is there under one of the names; nothing is written then.
        UsageError: the folder cannot be written.
    """
    try:
        taken = [name for name, text in files.items() if _differs(folder / name, text)]
        if taken:
            names = ", ".join(f"`{folder / name}`" for name in taken)
            raise ConflictError(f"there is something else already: {names}", hint="name another folder, or remove it")
        for name, text in files.items():
            _write(folder / name, text)
    except OSError as error:
        raise UsageError(f"`{error.filename or folder}` cannot be written: {error.strerror}") from error


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    for root, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name != "__pycache__")
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(("~", ".pyc")):
                path = Path(root, name)
                yield path.relative_to(folder).as_posix(), path


def _content(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"`{path}` is no file of its own, and S3 knows no links", hint="put a copy there")
    if status.st_size > MOST_BYTES:
        raise UsageError(f"`{path}` has {status.st_size} bytes, and a script {MOST_BYTES} at most")
    return path.read_bytes()


def _differs(path: Path, text: bytes) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != text)


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    path.chmod(_EXECUTABLE if text.startswith(b"#!") else _READABLE)
