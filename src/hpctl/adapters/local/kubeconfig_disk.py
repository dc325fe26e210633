"""Kubeconfig files on the disk: read whole, replaced whole or not at all, for their owner alone."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hpctl.adapters.local.private import sync_folder
from hpctl.errors import Problem, SpecError, UsageError

_MOST_BYTES: Final = 10 * 1024 * 1024
_PRIVATE: Final = 0o600
_FOLDER: Final = 0o700
_OTHERS: Final = 0o077

_REMEDIES: Final = {
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some of your disk quota",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "it belongs to somebody else or is not writable",
    errno.EPERM: "it belongs to somebody else or is not writable",
    errno.EBUSY: "it is a mount of its own: mount its folder instead",
    errno.EXDEV: "it is on another file system than its folder",
}
_ELSEWHERE: Final = "or name another file: --kubeconfig FILE"


@contextmanager
def in_words(path: Path, what: str) -> Iterator[None]:
    """Turn what the operating system says into a `UsageError`; `what` is `read` or `written`."""
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        remedy = _REMEDIES.get(error.errno or 0)
        raise UsageError(
            f"the kubeconfig `{path}` cannot be {what}: {said}",
            hint=f"{remedy}\n{_ELSEWHERE}" if remedy else _ELSEWHERE.removeprefix("or "),
        ) from error


def read(path: Path) -> str | None:
    """Return the text of a kubeconfig, None when there is no such file.

    Raises:
        UsageError: it cannot be read, or is no file.
        SpecError: it is no text.
    """
    with in_words(path, "read"):
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # /dev/null must not be replaced, and a pipe may never end
                raise UsageError(f"the kubeconfig `{path}` is no file", hint=_ELSEWHERE.removeprefix("or "))
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return None
    if len(data) > _MOST_BYTES:
        raise _unreadable(path, 1, 1, "the file is larger than 10 MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        raise _unreadable(path, before.count(b"\n") + 1, column, "the file is no UTF-8 text") from error


def shared(path: Path) -> str | None:
    """Return the mode of a file that others than its owner may read or write, as `0644`."""
    with suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        return f"{mode:04o}" if mode & _OTHERS else None
    return None


def replace(path: Path, text: str) -> None:
    """Write a kubeconfig whole or not at all; a link stays one, and its target is replaced. Raises `OSError`."""
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _fill(beside, text, _owner(target))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)


def make_folders(path: Path) -> None:
    """Make the folders that a kubeconfig lies in, where they are missing, for the owner alone. Raises `OSError`."""
    for one in {path.parent, Path(os.path.realpath(path)).parent}:
        missing = [folder for folder in (one, *one.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=_FOLDER, exist_ok=True)


def _fill(path: Path, text: str, owner: tuple[int, int] | None) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _PRIVATE)  # whatever the umask
        if owner is not None:
            os.fchown(descriptor, *owner)
        file.write(text.encode())
        file.flush()
        os.fsync(descriptor)


def _owner(path: Path) -> tuple[int, int] | None:
    """Return whose file it is when root writes for somebody else, as with sudo: it must stay theirs."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_uid, found.st_gid) if os.geteuid() == 0 and found.st_uid != 0 else None


def _unreadable(path: Path, line: int, column: int, what: str) -> SpecError:
    return SpecError(
        f"`{path}` is no kubeconfig, and nothing was changed in it", (Problem(str(path), line, column, "", what),)
    )
