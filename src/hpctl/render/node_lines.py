"""What a command prints on nodes, as it comes."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, TextIO

from hpctl.errors import ClosedPipeError, UsageError
from hpctl.render.ranks import RankPrinter
from hpctl.render.terminal import Terminal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class NodePrinter:
    """Makes the streams of several nodes: whole lines, safe, and each with its node before it if `prefixed`."""

    def __init__(self, terminal: Terminal, *, prefixed: bool) -> None:
        """Print on this terminal."""
        self._lines, self._prefixed = RankPrinter(terminal), prefixed

    def stdout(self, node: str) -> IO[bytes]:
        """Return where a node's output goes."""
        return self._lines.stdout(node if self._prefixed else "")

    def stderr(self, node: str) -> IO[bytes]:
        """Return where a node's errors go."""
        return self._lines.stderr(node if self._prefixed else "")


class OnlyNodePrinter:
    """Makes the streams of an only node: bytes as they are, but safe lines where a person looks."""

    def __init__(self, terminal: Terminal) -> None:
        """Print on this terminal."""
        self._terminal, self._lines = terminal, RankPrinter(terminal)

    def stdout(self, _node: str) -> IO[bytes]:
        """Return where the output goes."""
        stream = self._terminal.stdout
        return self._lines.stdout("") if stream.isatty() else Raw(stream)

    def stderr(self, _node: str) -> IO[bytes]:
        """Return where the errors go."""
        stream = self._terminal.stderr
        return self._lines.stderr("") if stream.isatty() else Raw(stream)


class Raw(io.BytesIO):
    """Takes bytes and writes them as they are; closing it leaves the stream below open."""

    def __init__(self, stream: TextIO) -> None:
        """Write to what is below a stream of text."""
        super().__init__()
        self._stream = stream.buffer

    def write(self, data: ReadableBuffer, /) -> int:
        """Write; raises what `terminal.write` raises."""
        told = bytes(data)
        try:
            self._stream.write(told)
            self._stream.flush()
        except BrokenPipeError as error:
            raise ClosedPipeError("nobody reads the output any more") from error
        except OSError as error:
            raise UsageError(f"the output cannot be written: {error.strerror}", hint="is the disk full?") from error
        return len(told)
