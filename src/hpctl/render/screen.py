"""Where lines are laid out for: how wide it is and whether it takes colour."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.render.page import Style


@dataclass(frozen=True)
class Screen:
    """`width` None is a pipe, where nothing is wrapped and no column is dropped; `every_column` is `-o wide`."""

    width: int | None
    colour: bool
    every_column: bool = False

    def room(self, taken: int) -> int | None:
        """Return the columns left beside `taken` ones, None without a limit."""
        return None if self.width is None else max(self.width - taken, 1)

    def paint(self, text: str, style: Style) -> str:
        """Return `text` with emphasis, if the screen takes it."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style and text else text


def cell_width(text: str) -> int:
    """Return the columns that `text` takes on a screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, columns: int) -> str:
    """Return as much of `text` as has room, with an ellipsis for what has not."""
    if cell_width(text) <= columns:
        return text
    while text and cell_width(text) > columns - 1:
        text = text[:-1]
    return f"{text}\u2026"
