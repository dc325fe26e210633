"""What to do: sentences are wrapped, commands are left to be pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.render.page import Piece, Prose, Style, Verbatim

_PASTEABLE: Final = re.compile(r'^\s|  |(?:^|\s)--?\w|[=|{}$"\\]|://')
"""Flags, assignments, pipes, quotes (a sentence has them in backticks) and spaces that mean something."""

_UNTOLD: Final = re.compile(r"(?<!\$)\{([a-z][a-z0-9_]*)\}")
_UNTOLD_FLAGS: Final = re.compile(r" \{(?:cluster_flag|flags)\}")
"""Placeholders of known failures that the message, the cluster or the job did not fill."""


def advice(text: str, *, lead: str, indent: int) -> Iterator[Piece]:
    """Yield what to do, several lines below their lead, so that each can be pasted."""
    first, *others = text.split("\n")
    if not others:
        yield line_of_advice(first, lead=lead, indent=indent)
        return
    yield Prose(lead, style=Style.BOLD, indent=indent)
    for line in (first, *others):
        yield line_of_advice(line, indent=indent + 2)


def line_of_advice(line: str, *, lead: str = "", indent: int = 0) -> Piece:
    """Return one line as the kind of piece that it looks like."""
    kind = Verbatim if can_be_pasted(line) else Prose
    return kind(_with_words(line), lead=lead, style=Style.BOLD if lead else Style.PLAIN, indent=indent)


def _with_words(line: str) -> str:
    """Put words in capitals, as help does, for what nobody told; flags that nobody told are left out."""
    return _UNTOLD.sub(lambda found: found[1].upper(), _UNTOLD_FLAGS.sub("", line))


def can_be_pasted(line: str) -> bool:
    """Whether a line looks like a command: then no line end may come into it."""
    return "`" not in line and _PASTEABLE.search(line) is not None
