"""Text from elsewhere, made safe to look at."""

from __future__ import annotations

from typing import Final

_KEPT: Final = "\n\t"


def safe_text(text: str) -> str:
    r"""Return `text` with everything that a terminal would obey or hide written as a visible escape.

    That is what Unicode calls not printable: C0 and C1 controls (ESC first of all), DEL, bidirectional and
    other format controls, separators but the space, and lone surrogates. Newline and tab stay.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _KEPT else escape(char) for char in text)


def flat(text: str) -> str:
    """Return `text` safe and in one line: newlines and tabs are spaces."""
    return safe_text(text.replace("\n", " ").replace("\t", " "))


def one_line(text: str) -> str:
    """Return `text` safe, in one line and trimmed: runs of spaces, newlines and tabs are one space."""
    return " ".join(word for word in flat(text).split(" ") if word)


def escape(char: str) -> str:
    r"""Return one character as Python would write it in a string: `\x1b`, `\u202e`, `\U000e0041`."""
    return char.encode("unicode_escape").decode("ascii")
