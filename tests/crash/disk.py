"""A disk that has a bad moment: the k-th thing that is done to the files of a folder fails, or is the last."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

_OF_A_PATH = ("mkdir", "chmod", "unlink", "replace")
_OF_A_FILE = ("write", "pwrite", "fsync", "ftruncate", "fchmod")


@dataclass
class Disk:
    """Files below `folder`. What is done to them is counted from 1; number `at` meets its fate.

    That is an error of the operating system (`errno`), or a signal to this process just before it is done, or with
    "tear" the end of the process when half of the bytes are written; "short" writes a half and has no space for the
    rest. `lasts` says that all later ones fail alike.
    """

    folder: Path
    at: int = 0
    fate: int | str = errno.ENOSPC
    lasts: bool = False
    done: list[str] = field(default_factory=list)
    _files: dict[int, str] = field(default_factory=dict)

    def meets(self, what: str, path: str) -> bool:
        """Count one; True when only half of it is to be done."""
        self.done.append(f"{what} {Path(path).name}")
        number = len(self.done)
        if number != self.at and not (self.lasts and 0 < self.at < number):
            return False
        if isinstance(self.fate, int):
            raise OSError(self.fate, os.strerror(self.fate), path)
        if self.fate in {"tear", "short"}:
            return what in {"write", "pwrite"}
        os.kill(os.getpid(), signal.Signals[self.fate])
        return False

    def halved(self, written: int) -> int:
        """Say what half a write leads to."""
        if self.fate == "tear":
            os.kill(os.getpid(), signal.SIGKILL)
        self.at, self.fate = len(self.done) + 1, errno.ENOSPC
        return written

    def concerns(self, path: object) -> bool:
        return isinstance(path, (str, os.PathLike)) and Path(path).is_relative_to(self.folder)


@contextmanager
def watched(disk: Disk) -> Iterator[Disk]:
    """Let `disk` see, and strike, what this process does to its files."""
    before = {name: getattr(os, name) for name in (*_OF_A_PATH, *_OF_A_FILE, "open", "close", "fdopen")}
    flock = fcntl.flock
    for name in _OF_A_PATH:
        setattr(os, name, _of_a_path(disk, name, before[name]))
    for name in _OF_A_FILE:
        setattr(os, name, _of_a_file(disk, name, before[name]))
    os.open = _opened(disk, before["open"])
    os.close = _closed(disk, before["close"])
    os.fdopen = partial(_as_file, before["fdopen"])
    fcntl.flock = _of_a_file(disk, "flock", flock)
    try:
        yield disk
    finally:
        for name, function in before.items():
            setattr(os, name, function)
        fcntl.flock = flock


def _of_a_path(disk: Disk, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, *arguments: Any, **more: Any) -> Any:
        if disk.concerns(path):
            disk.meets(name, os.fspath(path))
        return function(path, *arguments, **more)

    return call


def _of_a_file(disk: Disk, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(descriptor: Any, *arguments: Any) -> Any:
        path = disk._files.get(descriptor)
        if path is not None and disk.meets(name, path):
            data, *rest = arguments
            written = function(descriptor, data[: len(data) // 2], *rest)
            return disk.halved(written)
        return function(descriptor, *arguments)

    return call


def _opened(disk: Disk, function: Callable[..., int]) -> Any:
    def call(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
        if not disk.concerns(path):
            return function(path, flags, *arguments, **more)
        if flags & (os.O_WRONLY | os.O_RDWR):
            disk.meets("open", os.fspath(path))
        descriptor = function(path, flags, *arguments, **more)
        disk._files[descriptor] = os.fspath(path)
        return descriptor

    return call


def _closed(disk: Disk, function: Callable[[int], None]) -> Any:
    def call(descriptor: int) -> None:
        disk._files.pop(descriptor, None)
        function(descriptor)

    return call


class _Raw(io.RawIOBase):
    """A file that writes through `os.write`, so that it is seen."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: Any) -> int:
        return os.write(self._descriptor, bytes(data))

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def _as_file(function: Callable[..., Any], descriptor: int, mode: str = "r", **more: Any) -> Any:
    if mode != "w":
        return function(descriptor, mode, **more)
    return io.TextIOWrapper(io.BufferedWriter(_Raw(descriptor)), **more)
