"""A terminal of 80 columns and 24 lines around the command, and somebody who reads it and types."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import pexpect
import pyte

from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Hpctl

COLUMNS, LINES = 80, 24


class Screen:
    """The command in a terminal; `raw` is every byte that it wrote there."""

    def __init__(self, hpctl: Hpctl, *words: str, program: str = str(EXECUTABLE)) -> None:
        """Start it (or a shell), with a terminal's own environment and nothing said about colour."""
        env = {"TERM": "xterm-256color"} | dict(hpctl.env)
        self._process: Any = pexpect.spawn(
            program,
            list(words),
            env=env,
            cwd=str(hpctl.folder),
            dimensions=(LINES, COLUMNS),
            timeout=PATIENCE_S,
        )
        self._process.delaybeforesend = None
        self._screen = pyte.HistoryScreen(COLUMNS, LINES, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the command if it still runs."""
        self._process.close(force=True)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, and above it in the terminal's memory; without trailing blanks."""
        above = ["".join(row[column].data for column in range(COLUMNS)) for row in self._screen.history.top]
        rows = [line.rstrip() for line in (*above, *self._screen.display)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    @property
    def cursor_is_shown(self) -> bool:
        """Whether the cursor came back."""
        return not self._screen.cursor.hidden

    def until(self, word: str, *, after: str = "") -> str:
        """Read on until `word` stands on the screen, below the last `after` if one is given; return the screen."""
        return self._until(lambda text: word in (text.rpartition(after)[2] if after else text), word)

    def asks(self, question: str, beside: str) -> str:
        """Read on until the last question (`? ...`) is this one, with `beside` on the screen too; return the screen."""

        def asked(text: str) -> bool:
            last = f"\n{text}".rpartition("\n? ")[2]
            return last.startswith(question.removeprefix("? ")) and beside in text

        return self._until(asked, question)

    def _until(self, shown: Callable[[str], bool], word: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while not shown(self.text):
            if not self._read() or time.monotonic() > end:
                message = f"`{word}` did not appear in:\n{self.text}"
                raise AssertionError(message)
        return self.text

    def type(self, keys: str) -> None:
        """Type keys."""
        self._process.send(keys)

    def end(self) -> int:
        """Read on until the command ends, and return its exit code (negative: the signal)."""
        while self._read():
            pass
        self._process.close()
        code: int | None = self._process.exitstatus
        return -int(self._process.signalstatus) if code is None else code

    def _read(self) -> bool:
        try:
            data: bytes = self._process.read_nonblocking(65536, timeout=PATIENCE_S)
        except pexpect.EOF:
            return False
        except pexpect.TIMEOUT:
            message = f"nothing came for {PATIENCE_S:.0f} s; the screen:\n{self.text}"
            raise AssertionError(message) from None
        self.raw += data
        self._stream.feed(data)
        return True
