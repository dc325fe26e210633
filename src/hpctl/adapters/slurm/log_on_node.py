"""What runs on a node while the logs of a job are read: Python 3.8's standard library alone, and nothing of hpctl.

It reads one line of JSON from standard input and follows the files that it names until standard input ends; then it
reads what is there and ends. It writes frames: a line of JSON each, and `n` bytes behind it. Files are read as the
user: root is nobody on a shared file system that squashes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import resource
import select
import stat
import time
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035  Python 3.8

_REMEMBERED = 64
_PORTION = 256 * 1024
_LOOK_S = 0.2
_LISTED_S = 1.0
_BEAT_S = 5.0
_BACK = 64 * 1024
_REQUEST = 64 * 1024 * 1024


class Frame:
    """What is told: a head, and bytes."""

    def __init__(self, kind: str, data: bytes = b"", **head: Any) -> None:
        """Keep both."""
        self.head, self.data = {"t": kind, "n": len(data), **head}, data

    def packed(self) -> bytes:
        """Return it as it is sent."""
        return json.dumps(self.head).encode("ascii") + b"\n" + self.data


class File:
    """One file, as far as it was told."""

    def __init__(self, path: str, mark: dict[str, Any] | None, tail: int | None) -> None:
        """Begin at a mark, at the last lines, or at the beginning."""
        self.path, self._tail = path, tail
        self._fd = -1
        self._inode = mark["inode"] if mark else None
        self._offset = mark["offset"] if mark else 0
        self._last = bytes.fromhex(mark["last"]) if mark else b""
        self._said = ""

    def step(self, *, anew: bool) -> Iterator[Frame]:
        """Tell what is new, a portion at most; `anew` opens it again, which makes a network file system look."""
        try:
            yield from self._step(anew)
            self._said = ""
        except OSError as error:
            self._close()
            said = error.strerror or str(error)
            if said != self._said:
                self._said = said
                yield Frame("trouble", p=self.path, m=said)

    def _step(self, anew: bool) -> Iterator[Frame]:  # noqa: FBT001
        with contextlib.suppress(FileNotFoundError):  # it is not there any more: what is left of it is told
            if anew or self._fd < 0 or Path(self.path).stat().st_ino != self._inode:
                yield from self._open()
        yield from self._portion()

    def _open(self) -> Iterator[Frame]:
        fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError(0, "it is no ordinary file")
        why = "" if found.st_ino == self._inode else "found" if self._inode is None else "lost"
        if why == "lost" and self._fd >= 0:
            why = "replaced"
            while rest := list(self._portion()):
                yield from rest
        self._close()
        self._fd = fd
        if why:
            self._inode = found.st_ino
            self._offset = _start_of(fd, found.st_size, self._tail) if why == "found" else 0
            known = min(self._offset, _REMEMBERED)
            self._last = os.pread(fd, known, self._offset - known)
            yield self._begun(why)

    def _portion(self) -> Iterator[Frame]:
        """Tell the next bytes, after a look at those before them."""
        if self._fd < 0:
            return
        found = os.fstat(self._fd)
        before = len(self._last)
        told = os.pread(self._fd, before + _PORTION, self._offset - before)
        if found.st_size < self._offset or told[:before] != self._last:
            self._offset, self._last = 0, b""
            yield self._begun("truncated")
            told, before = os.pread(self._fd, _PORTION, 0), 0
        data = told[before:]
        if data:
            yield Frame("data", data, p=self.path, o=self._offset, w=found.st_mtime_ns)
            self._offset += len(data)
            self._last = (self._last + data)[-_REMEMBERED:]

    def _begun(self, why: str) -> Frame:
        return Frame("begun", p=self.path, i=self._inode, o=self._offset, y=why)

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


class Reader:
    """All files that are asked for."""

    def __init__(self, asked: dict[str, Any]) -> None:
        """Begin with the files that have a mark."""
        self._patterns = [(one["folder"], re.compile(one["name"])) for one in asked["patterns"]]
        self._tail = asked["tail"]
        self._files = {path: File(path, mark, None) for path, mark in asked["marks"].items()}
        self._listed = float("-inf")

    def look(self, *, last: bool = False) -> Iterator[Frame]:
        """Tell a portion of each file that has news."""
        if last or time.monotonic() - self._listed >= _LISTED_S:
            self._listed = time.monotonic()
            self._find()
        for path in sorted(self._files, key=_natural):
            yield from self._files[path].step(anew=last)

    def all_was_read(self) -> None:
        """Take files that appear from now on from their beginning."""
        self._tail = None

    def _find(self) -> None:
        for folder, name in self._patterns:
            with contextlib.suppress(OSError):
                for one in os.scandir(folder):
                    path = str(Path(folder, one.name))
                    if name.fullmatch(one.name) and path not in self._files:
                        self._files[path] = File(path, None, self._tail)


def _natural(path: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]+)", path) if part]


def _start_of(fd: int, size: int, tail: int | None) -> int:
    """Return where the last `tail` lines begin; a last line without its end is one, too."""
    if tail is None:
        return 0
    if tail == 0:
        return size
    at, left = size, tail + 1
    if size and os.pread(fd, 1, size - 1) != b"\n":
        left -= 1
    while at > 0:
        begin = max(0, at - _BACK)
        block = os.pread(fd, at - begin, begin)
        while (found := block.rfind(b"\n")) >= 0:
            left -= 1
            if not left:
                return begin + found + 1
            block = block[:found]
        at = begin
    return 0


def _become(user: str) -> None:
    """Leave root for the user."""
    who = pwd.getpwnam(user)
    if os.getuid() == 0:
        os.initgroups(who.pw_name, who.pw_gid)
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)


def _request() -> dict[str, Any]:
    text = b""
    while not text.endswith(b"\n") and len(text) < _REQUEST:
        more = os.read(0, 1 << 16)
        if not more:
            break
        text += more
    asked: dict[str, Any] = json.loads(text)
    return asked


def _tell(frames: Iterator[Frame]) -> bool:
    told = False
    for frame in frames:
        _write(frame.packed())
        told = told or frame.head["t"] in ("data", "begun")
    return told


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def main() -> None:
    """Follow until standard input ends, and read to the end then."""
    asked = _request()
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        _become(asked["user"])
    except KeyError:
        _tell(iter([Frame("no-user")]))
        return
    reader, beat, ends = Reader(asked), float("-inf"), False
    while True:
        # The sign to end is heard before the look: what was written until then is told.
        ends = ends or bool(select.select([0], [], [], 0)[0])
        if _tell(reader.look(last=ends)):
            continue
        if ends:
            break
        if time.monotonic() - beat >= _BEAT_S:
            beat = time.monotonic()
            reader.all_was_read()
            _tell(iter([Frame("all")]))
        select.select([0], [], [], _LOOK_S)
    _tell(iter([Frame("end")]))


if __name__ == "__main__":
    main()
