"""Paragraphs, broken into lines of a given width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.render.safe import one_line
from hpctl.render.screen import cell_width

_QUOTED: Final = re.compile("`[^`]*`")
_TIE: Final = "\0"  # stands for a space that must not break; cannot occur in safe text
_EAST_ASIAN: Final = "\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
_CLOSING: Final = "\u3001\u3002\u300d\u300f\u3011\uff09\uff0c\uff0e"
_BREAK: Final = re.compile(f"(?<=[{_EAST_ASIAN}])(?=[{_EAST_ASIAN}])(?![{_CLOSING}])")
"""Between two characters of scripts that are written without spaces; a line does not begin with what closes."""


def wrapped(text: str, width: int | None, *, first: int = 0, further: int = 0) -> list[str]:
    """Return `text` as safe lines, the first one indented by `first`, the others by `further` spaces.

    What stands in backticks is never broken, and no id, ARN or other word is; without a width nothing is.
    """
    rows: list[str] = []
    for line in re.split(r"\r?\n", text):
        rows += _line(one_line(line), width, " " * (further if rows else first), " " * further)
    return rows


def _line(line: str, width: int | None, first: str, further: str) -> Iterator[str]:
    if width is None or not line:
        yield first + line
        return
    row, taken, begun = first, len(first), False
    for gap, word in _words(line):
        columns = cell_width(word)
        if begun and taken + len(gap) + columns > width:
            yield row
            row, taken, begun = further, len(further), False
        lead = gap if begun else ""
        row, taken, begun = row + lead + word, taken + len(lead) + columns, True
    yield row


def _words(line: str) -> Iterator[tuple[str, str]]:
    """Yield what must stay together, each with what is before it if it stands in the same row."""
    for word in _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _TIE), line).split(" "):
        gap = " "
        for part in _parts(word):
            yield gap, part.replace(_TIE, " ")
            gap = ""


def _parts(word: str) -> list[str]:
    if word.isascii() or "`" in word:
        return [word]
    return _BREAK.split(word)
