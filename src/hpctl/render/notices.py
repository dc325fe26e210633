"""Remarks to a person, and questions."""

from __future__ import annotations

import os
from contextlib import suppress

from hpctl.errors import UnconfirmedError
from hpctl.render.layout import aside_lines
from hpctl.render.safe import safe_text
from hpctl.render.screen import Screen
from hpctl.render.terminal import Terminal, write


def say(text: str, terminal: Terminal) -> None:
    """Write a remark to stderr; on a terminal it is broken at words."""
    screen = Screen(terminal.width if terminal.stderr.isatty() else None, colour=False)
    write(terminal.stderr, "".join(f"{line}\n" for line in aside_lines(text, screen)))


def say_between(text: str, terminal: Terminal) -> None:
    """Write a remark to stderr from a signal handler: past the stream, which may be in the middle of a line."""
    with suppress(OSError, ValueError):  # no file, closed, or nobody reads: a signal is obeyed all the same
        os.write(terminal.stderr.fileno(), f"\n{safe_text(text)}\n".encode(errors="backslashreplace"))


def ask(question: str, terminal: Terminal) -> str:
    """Write `question` to stderr and return the line that is typed; `UnconfirmedError` when stdin ends instead."""
    write(terminal.stderr, f"{safe_text(question).rstrip()} ")
    answer = terminal.stdin.readline()
    if not answer:
        write(terminal.stderr, "\n")
        raise UnconfirmedError("nobody answered the question", hint="add `--yes` to go on without being asked")
    return answer.strip()
