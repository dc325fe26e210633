"""Paragraphs, broken into lines of a given width."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from hpctl.render.safe import one_line

_QUOTED: Final = re.compile("`[^`]*`")
_TIE: Final = "\0"  # stands for a space that must not break; cannot occur in safe text


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
    tied = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _TIE), line)
    rows = textwrap.wrap(
        tied, width, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
    yield from (row.replace(_TIE, " ") for row in rows)
