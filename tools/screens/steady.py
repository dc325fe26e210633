"""What differs from run to run is replaced, column for column, by what is always the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from pyte.screens import Char

from tools.screens.terminal import Row

_NO_TEXT: Final = "\0"
"""Stands for the second column of a wide character."""

_IDS: Final = (
    r"(?<![0-9a-z])(?:eni|i|sg|subnet|vpc)-([0-9a-f]{17})(?![0-9a-f])",
    r"(?<=:cluster/)([a-z0-9]{12})(?![a-z0-9-])",
)
_ALWAYS: Final = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-20T09:00:00Z"),
    (r"(?<![\dT-])\d\d:\d\d:\d\dZ", "09:00:00Z"),
    (r"(?<![\w.])\d{3}s(?!\w)", "100s"),
    (r"(?<![\w.])\d{2}s(?!\w)", "20s"),
    (r"(?<![\w.])\d(?=s(?!\w))", "5"),
    ("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋"),  # a spinner
    (r"(?<=127\.0\.0\.1:)\d{5}", "43327"),
)


class Steady:
    """Stand-ins of one story: an id has the same wherever it is met."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[str, str] = {}

    def __call__(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return the rows with stand-ins; what a terminal cut at its edge is found too."""
        text = "".join(char.data if len(char.data) == 1 else _NO_TEXT for row in rows for char in row)
        for pattern in _IDS:
            text = re.sub(pattern, self._id, text)
        for pattern, always in _ALWAYS:
            text = re.sub(pattern, always, text)
        fresh = iter(text)
        return tuple(tuple(_with(char, next(fresh)) for char in row) for row in rows)

    def _id(self, found: re.Match[str]) -> str:
        digits = found[1]
        fresh = hashlib.sha256(str(len(self._known)).encode()).hexdigest()[: len(digits)]
        stand_in = self._known.setdefault(digits, fresh)
        return found[0].removesuffix(digits) + stand_in


def _with(char: Char, text: str) -> Char:
    return char if text in (char.data, _NO_TEXT) else char._replace(data=text)
