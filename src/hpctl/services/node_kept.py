"""What a command on a node writes, kept for an answer at the end: its beginning, and how much it was."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from hpctl.report.node_run import NodeOutput

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MOST_BYTES: Final = 1024 * 1024
"""Of one stream of one node: a thousand nodes still fit into the memory of a laptop."""


class Kept(io.RawIOBase):
    """A stream that takes everything and keeps the beginning."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin with nothing."""
        super().__init__()
        self._kept, self._total, self._most = bytearray(), 0, most_bytes

    def writable(self) -> bool:
        """Tell that it is made to be written to."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Take bytes."""
        told = bytes(data)
        self._kept += told[: self._most - len(self._kept)]
        self._total += len(told)
        return len(told)

    @property
    def output(self) -> NodeOutput:
        """What was written, also after the end."""
        text = self._kept.decode("utf-8", "backslashreplace")
        return NodeOutput(text=text, total_bytes=self._total, truncated=self._total > len(self._kept))
