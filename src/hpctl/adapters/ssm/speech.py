"""The lines that hpctl and the supervisor on a node say to each other (`node/supervisor.py` knows the letters)."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hpctl import timeouts
from hpctl.adapters.ssm.broken import SessionError
from hpctl.adapters.ssm.node.supervisor import WINDOW

_LONGEST: Final = 2 * WINDOW
"""Bytes of a line, at most: an end that says more without an end of line is not a supervisor."""


@dataclass(frozen=True, slots=True)
class Line:
    """A letter, and what it carries."""

    letter: str
    data: bytes = b""

    def encode(self) -> bytes:
        """Return it as it travels."""
        return self.letter.encode() + base64.b64encode(self.data) + b"\n"


def request(command: Sequence[str], *, terminal: bool = False, timeout_s: float | None = None, term: str = "") -> Line:
    """Return the line that says what to run; words travel as bytes, in whatever encoding they were typed."""
    wanted = {
        "command": [base64.b64encode(os.fsencode(word)).decode() for word in command],
        "terminal": terminal,
        "timeout_s": timeout_s,
        "lease_s": timeouts.SESSION_LEASE_S,
        "term": term,
    }
    return Line("R", json.dumps(wanted).encode())


class Lines:
    """Takes bytes as they come and gives whole lines."""

    def __init__(self) -> None:
        """Begin at the start of a line."""
        self._rest = b""

    def of(self, data: bytes) -> Iterator[Line]:
        """Yield the lines that `data` completes; `SessionError` for what no supervisor says."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise SessionError("what came from the node is not what hpctl runs there")
        for line in whole:
            yield Line(line[:1].decode("latin-1"), _decoded(line[1:]))


def end_of(line: Line) -> tuple[int, bool]:
    """Read how a program ended: its exit code, and whether its time was up."""
    try:
        told: dict[str, Any] = json.loads(line.data)
        return int(told["code"]), bool(told["timed_out"])
    except (KeyError, TypeError, ValueError) as error:
        raise SessionError("how the program ended cannot be read") from error


def _decoded(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise SessionError("what came from the node is not what hpctl runs there") from error
