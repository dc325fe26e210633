"""A terminal that exists in memory alone, 80 columns wide."""

from __future__ import annotations

import io
from collections.abc import Mapping

from hpctl.render.terminal import Terminal


class TtyStream(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_tty(typed: str = "", **env: str) -> Terminal:
    return Terminal(TtyStream(typed), TtyStream(), TtyStream(), _environment(env))


def in_a_pipe(typed: str = "", **env: str) -> Terminal:
    return Terminal(io.StringIO(typed), io.StringIO(), io.StringIO(), _environment(env))


def out(terminal: Terminal) -> str:
    assert isinstance(terminal.stdout, io.StringIO)
    return terminal.stdout.getvalue()


def err(terminal: Terminal) -> str:
    assert isinstance(terminal.stderr, io.StringIO)
    return terminal.stderr.getvalue()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    return {"TERM": "xterm-256color", "COLUMNS": "80", **env}
