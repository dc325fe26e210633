"""A container's log on disk, in the format of the container runtime interface, in files that are bounded.

A line is `<time> <stdout|stderr> <F|P> <text>`: P marks a part of a line that goes on, as containerd cuts lines after
16 KiB and marks a last line without its end (Kubernetes, "CRI logging"). Files of an instance are numbered and never
renamed: `0.000001.log` is the first one of the container's first instance.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# containerd's `max_container_log_line_size`; the kubelet's `containerLogMaxSize` and `containerLogMaxFiles`.
LONGEST_LINE: Final = 16 * 1024
LARGEST_FILE: Final = 10 * 1024 * 1024
MOST_FILES: Final = 5
NAMES: Final = {1: b"stdout", 2: b"stderr"}


class ContainerLog:
    """The log of one instance of a container: lines come in as they are written, whole ones go to the file at once."""

    def __init__(self, folder: Path, instance: int, *, largest: int = LARGEST_FILE, most: int = MOST_FILES) -> None:
        """Write to files of this folder; `largest` is the size in bytes after which another one begins."""
        self._folder, self._instance, self._largest, self._most = folder, instance, largest, most
        self._number = self._size = 0
        self._open: dict[int, bytearray] = {}
        self._last = 0
        self._file = self._next_file()

    def write(self, stream: int, data: bytes) -> None:
        """Take what a container has written to its standard output (1) or error (2)."""
        rest = self._open.pop(stream, bytearray())
        rest += data
        pieces = rest.split(b"\n")
        left = pieces.pop()
        rows = [row for piece in pieces for row in self._rows(stream, piece, b"F")]
        while len(left) > LONGEST_LINE:
            rows.append(self._row(stream, b"P", left[:LONGEST_LINE]))
            left = left[LONGEST_LINE:]
        if left:
            self._open[stream] = left
        if rows:
            self._put(rows)

    def close(self) -> None:
        """Write what is left of lines that never ended."""
        rows = [self._row(stream, b"P", text) for stream, text in self._open.items()]
        self._open = {}
        if rows:
            self._put(rows)
        os.close(self._file)

    def _rows(self, stream: int, text: bytearray, tag: bytes) -> list[bytes]:
        rows = []
        while len(text) > LONGEST_LINE:
            rows.append(self._row(stream, b"P", text[:LONGEST_LINE]))
            text = text[LONGEST_LINE:]
        return [*rows, self._row(stream, tag, text)]

    def _row(self, stream: int, tag: bytes, text: bytes | bytearray) -> bytes:
        # Each line has a moment of its own, later than the one before: who reads on from a moment loses nothing.
        self._last = moment = max(time.time_ns(), self._last + 1)
        return b"%s %s %s %s\n" % (stamp(moment), NAMES[stream], tag, text)

    def _put(self, rows: list[bytes]) -> None:
        for row in rows:
            self._size += len(row)
        os.write(self._file, b"".join(rows))
        if self._size >= self._largest:
            os.close(self._file)
            self._file = self._next_file()

    def _next_file(self) -> int:
        self._number, self._size = self._number + 1, 0
        if (stale := self._number - self._most) > 0:
            self._path(stale).unlink(missing_ok=True)
        return os.open(self._path(self._number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._instance}.{number:06}.log"


_second: tuple[int, bytes] = (-1, b"")


def stamp(moment_ns: int) -> bytes:
    """Return a moment since the epoch as RFC 3339 with nine digits, in UTC."""
    global _second  # noqa: PLW0603  # one second's text serves all lines of it
    seconds, nanoseconds = divmod(moment_ns, 1_000_000_000)
    if _second[0] != seconds:
        _second = seconds, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode()
    return b"%s.%09dZ" % (_second[1], nanoseconds)
