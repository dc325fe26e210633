"""The few forms of Markdown that generated pages are made of."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

NOTICE = "<!-- Written by `make docs` from {source}. Change that, not this page. -->"


def page(title: str, source: str, *parts: str) -> str:
    """Return a whole page; `source` says what it is made from."""
    return "\n\n".join([NOTICE.format(source=source), f"# {title}", *(part for part in parts if part)]) + "\n"


def table(headers: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table; None is an empty cell."""
    heads = tuple(headers)
    lines = (_row(cells) for cells in (heads, ("---",) * len(heads), *rows))
    return "\n".join(lines)


def code(text: object) -> str:
    """Return `text` as code; a backtick in it does not end it."""
    words = str(text)
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def codes(texts: Iterable[object], *, none: str = "") -> str:
    """Return several pieces of code, separated by commas."""
    return ", ".join(map(code, texts)) or none


def fence(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown: the same text whatever Python did to its indentation."""
    return inspect.cleandoc(docstring or "")


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {item}" for item in items)


def sections(parts: Iterable[tuple[str, Iterator[str]]]) -> str:
    """Return sections of the second level, each with its heading."""
    return "\n\n".join(f"## {heading}\n\n" + "\n\n".join(filter(None, body)) for heading, body in parts)


def _row(cells: Iterable[object]) -> str:
    texts = ("" if cell is None else str(cell).replace("|", r"\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"
