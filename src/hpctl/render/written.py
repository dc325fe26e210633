"""A file that a wizard wrote."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.diagnoses import next_steps
from hpctl.render.page import Aside, Blank, Piece, Prose, Style, Verbatim
from hpctl.render.words import counted, listed
from hpctl.report.written import WrittenReport


def written(report: WrittenReport) -> Iterator[Piece]:
    """Yield the file, what nobody could verify, the command that writes it again, and what to type next."""
    yield Prose(f"`{report.file}` is written; nothing else was changed")
    if report.failed:
        yield Aside(f"warning: {counted(len(report.failed), 'check')} failed: {listed(report.failed)}")
    if report.unverified:
        yield Aside(f"note: not verified, for AWS could not be asked: {listed(report.unverified)}")
    yield Blank()
    yield Prose("the same without questions:", style=Style.BOLD)
    yield Verbatim(report.command, indent=2)
    yield from next_steps(report.next_steps)
