"""What a command prints on nodes, as it comes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TextIO

from hpctl.errors import ClosedPipeError, UsageError
from hpctl.render.ranks import RankPrinter
from hpctl.render.terminal import Terminal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class NodePrinter:
    """Makes the streams of nodes: their lines with the node before them, or what one node says as it is."""

    def __init__(self, terminal: Terminal, *, prefixed: bool) -> None:
        """Print on this terminal."""
        self._terminal, self._prefixed = terminal, prefixed
        self._lines = RankPrinter(terminal)

    def stdout(self, node: str) -> io.BytesIO | io.RawIOBase:
        """Return where a node's output goes."""
        if self._prefixed:
            return self._lines.stdout(node)
        return _plain(self._terminal.stdout)

    def stderr(self, node: str) -> io.BytesIO | io.RawIOBase:
        """Return where a node's errors go."""
        if self._prefixed:
            return self._lines.stderr(node)
        return _plain(self._terminal.stderr)
