"""Copies to nodes and from them: how far they are, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Lock
from typing import Final

from hpctl.render.page import Aside, Piece, Prose
from hpctl.render.safe import one_line
from hpctl.render.terminal import Terminal, write
from hpctl.render.words import size
from hpctl.report.node_copy import NodeCopy, NodeCopyListReport

_EVERY_S: Final = 0.2
_MOST_REMARKS: Final = 10
"""Files that were left out are named; all of them stand in the JSON form."""


class CopyProgress:
    """How much has been copied, on one line of a terminal that is written again; nothing where there is none."""

    def __init__(self, terminal: Terminal) -> None:
        """Begin with nothing."""
        self._terminal, self._lock = terminal, Lock()
        self._bytes, self._told_at = 0, time.monotonic()

    def passed(self, count: int) -> None:
        """Count bytes, from any thread."""
        with self._lock:
            self._bytes += count
            now = time.monotonic()
            if self._terminal.live and now - self._told_at >= _EVERY_S:
                self._told_at = now
                write(self._terminal.stderr, f"\r\x1b[Kcopied {size(self._bytes)}")

    def end(self) -> None:
        """Leave the line empty."""
        if self._terminal.live:
            write(self._terminal.stderr, "\r\x1b[K")


def node_copy_list(report: NodeCopyListReport) -> Iterator[Piece]:
    """Yield what was copied, then what was not."""
    done = [one for one in report.copies if one.result == "copied"]
    if done:
        yield Prose(_sentence(report, done))
    for one in report.copies:
        yield from _remarks(one)
    hints = dict.fromkeys(one.error.hint for one in report.copies if one.error and one.error.hint)
    yield from (Aside(f"hint: {one_line(hint)}") for hint in hints)


def _sentence(report: NodeCopyListReport, done: list[NodeCopy]) -> str:
    files, total = done[0].files, size(done[0].total_bytes)
    where = f"`{done[0].node}`" if len(report.copies) == 1 else f"{len(done)} of {len(report.copies)} nodes"
    what = f"{files} file{'' if files == 1 else 's'}, {total}"
    if report.direction == "to":
        return f"copied `{report.source}` to `{report.destination}` on {where}: {what}"
    return f"copied `{report.source}` of {where} to `{report.destination}`: {what}"


def _remarks(one: NodeCopy) -> Iterator[Piece]:
    if one.error:
        yield Aside(f"{one.node}: {one_line(one.error.message)}")
    for left in one.left_out[:_MOST_REMARKS]:
        yield Aside(f"{one.node}: left out {one_line(left)}")
    if len(one.left_out) > _MOST_REMARKS:
        yield Aside(f"{one.node}: left out {len(one.left_out) - _MOST_REMARKS} more")
