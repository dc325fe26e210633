"""Lines of containers on stdout: prefixed, dated where that is wished, and safe to look at.

Whole blocks are written at once. A carriage return begins a line of its own, as progress bars mean it: on a terminal it
would overwrite what is in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from hpctl.errors import ClosedPipeError, UsageError
from hpctl.render.data import compact
from hpctl.render.output import Output
from hpctl.render.page import Style
from hpctl.render.safe import flat, safe_text
from hpctl.render.screen import Screen
from hpctl.render.terminal import Terminal, write
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource, LogStep

_HARMLESS: Final = re.compile(r"[\t\n -~]*")
_SECOND: Final = 10**9
_CHUNK: Final = 256 * 1024
"""Characters that are written at once."""


@dataclass(frozen=True, slots=True)
class LogStyle:
    """How lines look: with the time in `timezone`, with a prefix that names where they come from; or as they came.

    `raw` is bytes as the container printed them, without anything in front and with everything in them.
    """

    timestamps: bool = False
    timezone: tzinfo = UTC
    raw: bool = False
    prefixed: bool = True


def show_logs(steps: Iterable[LogStep], terminal: Terminal, style: LogStyle, output: Output = Output.TABLE) -> None:
    """Write lines to stdout as they come, remarks to stderr; a gap is marked in its place, and never in raw lines.

    `-o jsonl` writes one object a line, gap or remark. Raises `ClosedPipeError` when nobody reads any more.
    """
    view = _View(Screen(width=None, colour=terminal.colour), style)
    for step in steps:
        if output is Output.JSONL:
            write(terminal.stdout, "".join(compact(each) for each in objects(step)))
        elif isinstance(step, LogLines):
            _show_lines(step, view, terminal)
        elif isinstance(step, LogGap):
            write(terminal.stderr if style.raw else terminal.stdout, view.gap(step))
        else:
            write(terminal.stderr, view.note(step, terminal))


def _show_lines(block: LogLines, view: _View, terminal: Terminal) -> None:
    if view.style.raw:
        write_raw(terminal, view.raw(block))
        return
    for text in view.texts(block):
        write(terminal.stdout, text)


def objects(step: LogStep) -> Iterator[dict[str, Any]]:
    r"""Yield a step as objects for machines; bytes that are no UTF-8 stand as `\xff`."""
    match step:
        case LogLines(source, times_ns, lines):
            for time_ns, line in zip(times_ns, lines, strict=True):
                yield {"type": "line", **_where(source), "time": stamp(time_ns, UTC), "line": _text(line)}
        case LogGap(source, after_ns, reason):
            after = None if after_ns is None else stamp(after_ns, UTC)
            yield {"type": "gap", **_where(source), "after": after, "reason": reason}
        case LogNote(message, source):
            yield {"type": "remark", **(_where(source) if source else {}), "message": message}


def write_raw(terminal: Terminal, data: bytes) -> None:
    """Write bytes as they are; raises what `terminal.write` raises."""
    stream = getattr(terminal.stdout, "buffer", None)
    if stream is None:  # a stream of text alone: the nearest to raw that it takes
        write(terminal.stdout, data.decode("utf-8", "backslashreplace"))
        return
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError as error:
        raise ClosedPipeError("nobody reads the output any more") from error
    except OSError as error:
        raise UsageError(f"the output cannot be written: {error.strerror}", hint="is the disk full?") from error


def stamp(time_ns: int, timezone: tzinfo) -> str:
    """Return a moment with all of its nanoseconds: `2026-11-22T05:00:00.123456789Z`, or with the zone's offset."""
    seconds, nanos = divmod(time_ns, _SECOND)
    at = datetime.fromtimestamp(seconds, timezone)
    offset = "Z" if timezone is UTC else at.isoformat()[len("2026-11-22T05:00:00") :]
    return f"{at:%Y-%m-%dT%H:%M:%S}.{nanos:09d}{offset}"


class _View:
    """Lines with what stands in front of them."""

    def __init__(self, screen: Screen, style: LogStyle) -> None:
        """Begin a page."""
        self._screen, self.style = screen, style
        self._prefixes: dict[str, str] = {}
        self._owed = b""

    def raw(self, block: LogLines) -> bytes:
        """Return lines as they were printed; one that had no end gets it when something comes after it."""
        before, self._owed = self._owed, b"\n" if block.open_end else b""
        return before + b"\n".join(block.lines) + (b"" if block.open_end else b"\n")

    def texts(self, block: LogLines) -> Iterator[str]:
        """Yield the block's text in portions."""
        if self.style.timestamps:
            yield from _portions(self._dated(block))
            return
        prefix = self._prefix(block.source)
        text = _text(b"\n".join(block.lines))
        if _HARMLESS.fullmatch(text):
            yield prefix + (text.replace("\n", f"\n{prefix}") if prefix else text) + "\n"
            return
        yield from _portions(f"{prefix}{shown}\n" for line in text.split("\n") for shown in shown_lines(line))

    def gap(self, gap: LogGap) -> str:
        """Return the marker of a gap."""
        after = "" if gap.after_ns is None else f" after {stamp(gap.after_ns, self.style.timezone)}"
        words = f"--- lines may be missing{after}: {flat(gap.reason)} ---"
        prefix = self._prefix(gap.source) if not self.style.raw else f"{flat(gap.source.label)}: "
        return f"{prefix}{self._screen.paint(words, Style.WARN)}\n"

    def note(self, note: LogNote, terminal: Terminal) -> str:
        """Return a remark."""
        who = f"{note.source.label}: " if note.source else ""
        screen = Screen(width=None, colour=terminal.colour_stderr)
        return screen.paint(flat(f"{who}{note.message}"), Style.DIM) + "\n"

    def _dated(self, block: LogLines) -> Iterator[str]:
        prefix = self._prefix(block.source)
        for time_ns, line in zip(block.times_ns, block.lines, strict=True):
            front = f"{prefix}{stamp(time_ns, self.style.timezone)} "
            yield from (f"{front}{shown}\n" for shown in shown_lines(_text(line)))

    def _prefix(self, source: LogSource) -> str:
        if not self.style.prefixed:
            return ""
        if source.label not in self._prefixes:
            self._prefixes[source.label] = self._screen.paint(f"[{flat(source.label)}]", Style.DIM) + " "
        return self._prefixes[source.label]


def shown_lines(line: str) -> Iterator[str]:
    """Yield a line as it is shown: safe, and in several lines where a carriage return would have overwritten it."""
    parts = line.split("\r") if "\r" in line else [line]
    shown = [safe_text(part) for part in parts if part]
    yield from shown or [""]


def _portions(lines: Iterable[str]) -> Iterator[str]:
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size > _CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _where(source: LogSource) -> dict[str, Any]:
    if source.file:
        return {"rank": source.rank, "file": source.file}
    return {"rank": source.rank, "pod": source.pod, "container": source.container}
