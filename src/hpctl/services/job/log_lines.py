"""A stream of bytes becomes lines with their times.

Each line of a log that is asked for with `timestamps=true` begins with the moment at which the node's container runtime
read it, in nanoseconds (pkg/kubelet/kuberuntime/logs: `2016-10-06T00:17:09.669794202Z`, with the node's offset where
that is not UTC). A line that the runtime cut into parts has the moment of its first part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Bytes that are kept of one line: one without an end would fill the memory."""

_STAMP: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)(?: |$)")
_SECOND: Final = 10**9
_DIGITS: Final = 9
# The form that every kubelet writes, by places: `2016-10-06T00:17:09.` `669794202` `Z `.
_DOT, _NANOS, _TEXT = 20, 29, 31


@dataclass(slots=True)
class Lines:
    """Lines, and beside each its time. `strays` are lines without one: what the server says, or a line's later part.

    `open_end` says that the last line has no end of its own.
    """

    times_ns: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    strays: list[bytes] = field(default_factory=list)
    cut_bytes: int = 0
    open_end: bool = False


class Splitter:
    """Takes one connection's bytes as they come."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._parts: list[bytes] = []
        self._held = 0
        self._cut = 0
        self._second = b""
        self._base = 0

    @property
    def held_bytes(self) -> int:
        """How much of a line is here that has not ended yet."""
        return self._held

    def feed(self, data: bytes) -> Lines:
        """Return the lines that end in `data`."""
        head, end, tail = data.rpartition(b"\n")
        if not end:
            self._hold(data)
            return Lines()
        first, *others = head.split(b"\n")
        self._hold(first)
        found = self._read([self._let_go(), *others])
        found.cut_bytes, self._cut = self._cut, 0
        self._hold(tail)
        return found

    def end(self) -> Lines:
        """Return the last line when it has no end of its own."""
        if not self._held:
            return Lines()
        found = self._read([self._let_go()])
        found.open_end = bool(found.lines)
        return found

    def _hold(self, data: bytes) -> None:
        room = LONGEST_LINE - self._held
        kept = data if len(data) <= room else data[:room]
        self._cut += len(data) - len(kept)
        if kept:
            self._parts.append(kept)
            self._held += len(kept)

    def _let_go(self) -> bytes:
        line = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts, self._held = [], 0
        return line

    def _read(self, raw: list[bytes]) -> Lines:
        found = Lines()
        times, lines, second, base = found.times_ns, found.lines, self._second, self._base
        for line in raw:
            # Thousands of lines a second have the same second: it is read once.
            if line[:_DOT] == second and line[_NANOS:_TEXT] == b"Z " and (nanos := line[_DOT:_NANOS]).isdigit():
                times.append(base + int(nanos))
                lines.append(line[_TEXT:])
                continue
            stamp = _STAMP.match(line)
            if stamp is None or (moment := _moment(stamp)) is None:
                found.strays.append(line)
                continue
            times.append(moment)
            lines.append(line[stamp.end() :])
            second, base = line[:_DOT], moment - moment % _SECOND
        self._second, self._base = second, base
        return found


def _moment(stamp: re.Match[bytes]) -> int | None:
    text, nanos, zone = stamp.groups()
    try:
        seconds = datetime.fromisoformat((text + zone).decode("ascii")).timestamp()
    except ValueError:
        return None
    return int(seconds) * _SECOND + int((nanos or b"").ljust(_DIGITS, b"0"))
