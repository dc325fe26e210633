"""A real pseudo-terminal around a command, and all that stands in it: on the screen and above it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import pexpect
import pyte
from pyte.screens import Char

PATIENCE_S: Final = 120.0
_CTRL_C: Final = "\x03"
_SHADES: Final = {2: (90,), 22: (22, 39)}
_LONG: Final = frozenset({38, 48})

Row = tuple[Char, ...]
"""A line of the terminal: a character a column; the second column of a wide one has no text."""


@dataclass(frozen=True)
class Size:
    """Columns and lines of a terminal."""

    columns: int
    lines: int


class _Shades(pyte.HistoryScreen):
    """pyte does not know faint text (ECMA-48 SGR 2): here it is grey."""

    def select_graphic_rendition(self, *attributes: int) -> None:
        """Set how text looks from here on; the numbers after 38 and 48 are those of a colour."""
        cut = min((place for place, one in enumerate(attributes) if one in _LONG), default=len(attributes))
        shades = (_SHADES.get(one, (one,)) for one in attributes[:cut])
        super().select_graphic_rendition(*(one for several in shades for one in several), *attributes[cut:])


class Terminal:
    """A command in a terminal; end it by leaving the `with` block."""

    def __init__(self, words: Sequence[str], size: Size, env: Mapping[str, str], folder: Path) -> None:
        """Start it."""
        self._process: Any = pexpect.spawn(
            words[0],
            list(words[1:]),
            env=dict(env),
            cwd=str(folder),
            dimensions=(size.lines, size.columns),
            timeout=PATIENCE_S,
        )
        self._process.delaybeforesend = None
        self._size = size
        self._screen = _Shades(size.columns, size.lines, history=10_000)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the command if it still runs."""
        self._process.close(force=True)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return what stands there from the first line on, without empty lines at the end."""
        kept = [*self._screen.history.top, *(self._screen.buffer[line] for line in range(self._size.lines))]
        rows = [tuple(row[column] for column in range(self._size.columns)) for row in kept]
        while rows and not text_of(rows[-1]).strip():
            rows.pop()
        return tuple(rows)

    def type(self, keys: str) -> None:
        """Type keys."""
        self._process.send(keys)

    def until(self, text: str) -> None:
        """Read on until `text` stands there; raises `AssertionError` when the command ends or is silent before."""
        self._until(lambda: any(text in text_of(row) for row in self.rows), text)

    def leave(self) -> None:
        """Leave as a person does, so that nothing stays behind."""
        self.type(_CTRL_C)
        self.end()

    def end(self) -> int:
        """Read on until the command ends, and return its exit code (negative: the signal)."""
        while self._read():
            pass
        self._process.close()
        code: int | None = self._process.exitstatus
        return -int(self._process.signalstatus) if code is None else code

    def _until(self, shown: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not shown():
            if not self._read() or time.monotonic() > end:
                told = "\n".join(map(text_of, self.rows))
                message = f"`{what}` did not appear in:\n{told}"
                raise AssertionError(message)

    def _read(self) -> bool:
        try:
            self._stream.feed(self._process.read_nonblocking(65536, timeout=PATIENCE_S))
        except pexpect.EOF:
            return False
        return True


def text_of(row: Row) -> str:
    """Return a line's text without blanks at its end."""
    return "".join(char.data for char in row).rstrip()
