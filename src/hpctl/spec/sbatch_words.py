"""The words of a line of directives, exactly as sbatch cuts them.

Source: sbatch 22.05.8, measured: quotes of both kinds, a backslash before any mark but white space outside of quotes,
`#` outside of quotes ends the line, and so does an empty word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SPACE = " \t\v\f\r"


class DirectiveError(ValueError):
    """A line that sbatch refuses; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        """Keep the place apart from the sentence."""
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Word:
    """A word, where it begins in its line (from 1), and whether a comment mark cut it."""

    text: str
    column: int
    cut: bool = False


def words(line: str, start: int) -> Iterator[Word]:
    """Yield the words of a line from the index `start` on. Raises `DirectiveError` where sbatch gives up."""
    index = start
    while True:
        while index < len(line) and line[index] in _SPACE:
            index += 1
        if index == len(line) or line[index] == "#":
            return
        if line[index] == ":":
            message = "sbatch takes no `:` before an option"
            raise DirectiveError(message, index + 1)
        begun = index
        text, index = _word(line, index)
        if not text:
            return
        yield Word(text, begun + 1, cut=index < len(line) and line[index] == "#")


def _word(line: str, index: int) -> tuple[str, int]:
    """Return the word that begins at an index, and the index behind it."""
    found: list[str] = []
    quote, escaped, begun = "", False, index
    while index < len(line) and (quote or line[index] not in _SPACE):
        mark = line[index]
        if escaped:
            escaped = False
            found.append(mark)
        elif mark == "\\":
            escaped = True
        elif quote and mark == quote:
            quote = ""
        elif not quote and mark in "\"'":
            quote, begun = mark, index
        elif not quote and mark == "#":
            break
        else:
            found.append(mark)
        index += 1
    if quote:
        message = f"the quote {quote} has no end in its line"
        raise DirectiveError(message, begun + 1)
    return "".join(found), index
