"""What a command prints in several ranks, as it comes: whole lines, each with its rank before it, and safe."""

from __future__ import annotations

import io
from threading import Lock
from typing import TYPE_CHECKING, Final, TextIO

from hpctl.render.logs import shown_lines
from hpctl.render.page import Style
from hpctl.render.safe import flat
from hpctl.render.screen import Screen
from hpctl.render.terminal import Terminal, write

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_LONGEST: Final = 1024 * 1024
"""Bytes that are kept of a line that does not end."""


class RankPrinter:
    """Makes the streams of ranks; lines of two never run into each other."""

    def __init__(self, terminal: Terminal) -> None:
        """Print on this terminal."""
        self._terminal, self._lock = terminal, Lock()

    def stdout(self, label: str) -> RankStream:
        """Return where a rank's output goes."""
        return RankStream(label, self._terminal.stdout, self._lock, colour=self._terminal.colour)

    def stderr(self, label: str) -> RankStream:
        """Return where a rank's errors go."""
        return RankStream(label, self._terminal.stderr, self._lock, colour=self._terminal.colour_stderr)


class RankStream(io.BytesIO):
    """Takes bytes and writes lines; what the last newline is missing of is written when it is closed.

    Without a label nothing stands before a line.
    """

    def __init__(self, label: str, stream: TextIO, lock: Lock, *, colour: bool) -> None:
        """Begin with nothing written."""
        super().__init__()
        front = Screen(width=None, colour=colour).paint(f"[{flat(label)}]", Style.DIM)
        self._prefix = f"{front} " if label else ""
        self._stream, self._lock, self._rest = stream, lock, b""

    def write(self, data: ReadableBuffer) -> int:
        """Write the lines that are complete now; raises what `terminal.write` raises."""
        told = bytes(data)
        *lines, self._rest = (self._rest + told).split(b"\n")
        if len(self._rest) > _LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        self._show(lines)
        return len(told)

    def close(self) -> None:
        """Write what is left."""
        left, self._rest = self._rest, b""
        super().close()
        self._show([left] if left else [])

    def _show(self, lines: list[bytes]) -> None:
        texts = (line.decode("utf-8", "backslashreplace") for line in lines)
        text = "".join(f"{self._prefix}{shown}\n" for line in texts for shown in shown_lines(line))
        if text:
            with self._lock:
                write(self._stream, text)
