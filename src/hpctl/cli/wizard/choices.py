"""Options as rows of a list: aligned, cut to the screen, and those that cannot be chosen with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hpctl.render.safe import one_line
from hpctl.render.wrap import wrapped
from hpctl.services.wizard.prepare import Prepared
from hpctl.services.wizard.question import Option

if TYPE_CHECKING:
    from questionary import Choice, Separator

OTHER: Final = "\0other"
"""The value of the row that lets something else be typed."""

_LEAD: Final = 5
"""Columns that stand before an option: the pointer, and the mark of one that cannot be chosen."""


def rows(question: Prepared, width: int) -> list[Choice]:
    """Return the options of a question, and what lets another answer be typed."""
    from questionary import Choice

    room = width - _LEAD
    widest = max((len(one.value) for one in question.options if len(one.value) < room // 2), default=0)
    found = [row for one in question.options for row in _rows_of(one, widest, room)]
    return found if question.closed else [*found, Choice("something else: type it", OTHER)]


def _rows_of(option: Option, widest: int, room: int) -> Iterator[Choice]:
    from questionary import Choice

    value, why = one_line(option.value), one_line(option.refused or "")
    if not why:
        yield Choice(_cut(f"{value:<{widest}}  {one_line(option.label)}".rstrip(), room), option.value)
        if option.lacking:
            yield from _below(f"not alone: {one_line(option.lacking)}", room)
    elif len(value) + len(why) + len(" ()") <= room:
        yield Choice(value, option.value, disabled=why)
    else:  # the reason matters more than a line: what cannot be chosen is not looked for again
        yield Choice(_cut(value, room), option.value, disabled=True)  # type: ignore[arg-type]  # it is shown as no text
        yield from _below(why, room)


def _below(text: str, room: int) -> Iterator[Separator]:
    from questionary import Separator

    for line in wrapped(text, room - 4):
        yield Separator(f"    {_cut(line, room - 4)}")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
