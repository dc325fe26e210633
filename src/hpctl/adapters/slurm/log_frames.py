"""The frames of `log_on_node.py`, read from a stream that comes in any pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.facts.slurm_log_ports import AllRead, Beginning, FileBegun, FileBytes, FileNews, FileTrouble

_LONGEST_HEAD: Final = 64 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024


class NotUnderstoodError(Exception):
    """The stream holds something else than frames."""


class Frames:
    """Takes one session's bytes as they come; a frame that is not whole tells nothing."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._held = bytearray()
        self.ended = False
        """Whether the program said that it told all."""
        self.no_user = False

    def feed(self, data: bytes) -> Iterator[FileNews]:
        """Yield the news that end in `data`; `NotUnderstoodError` when it cannot be theirs."""
        self._held += data
        while (frame := self._next()) is not None:
            head, body = frame
            if (news := self._read(head, body)) is not None:
                yield news

    def _next(self) -> tuple[Mapping[str, Any], bytes] | None:
        end = self._held.find(b"\n", 0, _LONGEST_HEAD)
        if end < 0:
            if len(self._held) >= _LONGEST_HEAD:
                raise NotUnderstoodError
            return None
        head = _head(bytes(self._held[:end]))
        until = end + 1 + head["n"]
        if len(self._held) < until:
            return None
        body = bytes(self._held[end + 1 : until])
        del self._held[:until]
        return head, body

    def _read(self, head: Mapping[str, Any], body: bytes) -> FileNews | None:
        match head:
            case {"t": "data", "p": str(path), "o": int(offset), "w": int(written)}:
                return FileBytes(path, offset, body, written)
            case {"t": "begun", "p": str(path), "i": int(inode), "o": int(offset), "y": str(why)}:
                return FileBegun(path, inode, offset, Beginning(why))
            case {"t": "trouble", "p": str(path), "m": str(message)}:
                return FileTrouble(path, message)
            case {"t": "all"}:
                return AllRead()
            case {"t": "end"}:
                self.ended = True
            case {"t": "no-user"}:
                self.no_user = True
            case _:
                raise NotUnderstoodError
        return None


def _head(line: bytes) -> Mapping[str, Any]:
    try:
        head = json.loads(line)
    except ValueError as error:
        raise NotUnderstoodError from error
    if not isinstance(head, dict) or not isinstance(head.get("n"), int) or not 0 <= head["n"] <= _MOST_BYTES:
        raise NotUnderstoodError
    return head
