"""A file that a wizard wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from hpctl.render.diagnoses import next_steps
from hpctl.render.page import Aside, Blank, Piece, Prose, Style, Verbatim
from hpctl.render.words import counted, listed
from hpctl.report.written import WrittenReport

_NAMED: Final = 5
"""Checks that are named one by one."""


def written(report: WrittenReport) -> Iterator[Piece]:
    """Yield the file, what nobody could verify, the command that writes it again, and what to type next."""
    yield Prose(f"`{report.file}` is written; nothing else was changed")
    if report.failed:
        yield Aside(f"warning: {counted(len(report.failed), 'check')} failed: {listed(report.failed)}")
    if report.unverified:
        yield Aside(f"note: not verified, for AWS could not be asked: {_by_area(report.unverified)}")
    yield Blank()
    yield Prose("the same without questions:", style=Style.BOLD)
    yield Verbatim(report.command, indent=2)
    yield from next_steps(report.next_steps)


def _by_area(ids: Sequence[str]) -> str:
    """Return the checks, or how many there are of each area where they would fill the screen: JSON has them all."""
    if len(ids) <= _NAMED:
        return listed(ids)
    areas = Counter(one.partition("-")[0] for one in ids)
    return f"{len(ids)} checks ({', '.join(f'{area} {count}' for area, count in areas.items())})"
