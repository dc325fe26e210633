"""A terminal's lines as SVG: for dark and for light pages, without a font or anything else from elsewhere.

Rich could write SVG too, but for one background only, and it squeezes wide characters into one column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from pyte.screens import Char

from tools.screens.terminal import Row

_PALETTE: Final = {
    "default": ("#c9d1d9", "#1f2328"),
    "red": ("#ff7b72", "#cf222e"),
    "green": ("#3fb950", "#116329"),
    "brown": ("#d29922", "#7d4e00"),
    "blue": ("#58a6ff", "#0969da"),
    "magenta": ("#bc8cff", "#8250df"),
    "cyan": ("#39c5cf", "#1b7c83"),
    "brightblack": ("#8b949e", "#57606a"),
}
"""pyte's names of the colours that hpctl uses, on a dark and on a light background; brown is yellow."""

_PAGE: Final = ("#161b22", "#f6f8fa")
_EDGE: Final = "#8b949e"
_FONT: Final = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'
_COLUMN: Final = 8.4
_LINE: Final = 18
_MARGIN: Final = 12
_BASE: Final = 13  # of a line's height, where its characters stand
_SECOND: Final = "\0"
"""Stands for the second column of a wide character, which has no text."""

Run = tuple[int, int, str, Char]
"""Where a run of like characters begins, how many columns it has, its text, and one of the characters."""


def svg(rows: Sequence[Row], title: str) -> str:
    """Return the picture of these lines."""
    width = round(len(rows[0]) * _COLUMN + 2 * _MARGIN)
    height = len(rows) * _LINE + 2 * _MARGIN
    runs = [(number, run) for number, row in enumerate(rows) for run in _runs(row)]
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    name = f'role="img" aria-label={quoteattr(title)}'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} xml:space="preserve" {name}>',
        f"<title>{escape(title)}</title>",
        *_styles(),
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>',
        *(_background(number, run) for number, run in runs if run[3].reverse),
        *(_text(number, run) for number, run in runs),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _styles() -> Iterator[str]:
    yield "<style>"
    yield f"text {{ font: 14px {_FONT}; }}"
    yield from _colours(0)
    yield ".bold { font-weight: bold; }"
    yield ".underlined { text-decoration: underline; }"
    yield "@media (prefers-color-scheme: light) {"
    yield from _colours(1)
    yield "}"
    yield "</style>"


def _colours(background: int) -> Iterator[str]:
    yield f".page {{ fill: {_PAGE[background]}; stroke: {_EDGE}; stroke-opacity: 0.5; }}"
    for name, colours in _PALETTE.items():
        yield f".{name} {{ fill: {colours[background]}; }}"
    yield f".reversed {{ fill: {_PAGE[background]}; }}"


def _runs(row: Row) -> Iterator[Run]:
    """Yield what a line has: words of one look, apart where a table is; no blanks but those with a background."""
    column = 0
    for _, group in groupby(row, lambda char: char._replace(data="")):
        chars = list(group)
        text = "".join(char.data or _SECOND for char in chars)
        for found in re.finditer(".+" if chars[0].reverse else r"\S+(?: \S+)*", text):
            yield column + found.start(), len(found[0]), found[0].replace(_SECOND, ""), chars[0]
        column += len(chars)


def _text(number: int, run: Run) -> str:
    column, columns, text, char = run
    look = _filled("reversed" if char.reverse else char.fg, *_emphasis(char))
    place = f'x="{_MARGIN + column * _COLUMN:g}" y="{_MARGIN + number * _LINE + _BASE}"'
    return f'<text {look} {place} textLength="{columns * _COLUMN:g}">{escape(text)}</text>'


def _filled(colour: str, *names: str) -> str:
    """Return attributes: the colours of the palette are the page's, any other is itself on every page."""
    if colour in _PALETTE or colour == "reversed":
        return f'class="{" ".join((colour, *names))}"'
    return f'class="{" ".join(names)}" fill="#{colour}"'


def _emphasis(char: Char) -> Iterator[str]:
    if char.bold:
        yield "bold"
    if char.underscore:
        yield "underlined"


def _background(number: int, run: Run) -> str:
    column, columns, _, char = run
    place = f'x="{_MARGIN + column * _COLUMN:g}" y="{_MARGIN + number * _LINE}"'
    return f'<rect {_filled(char.fg)} {place} width="{columns * _COLUMN:g}" height="{_LINE}"/>'
