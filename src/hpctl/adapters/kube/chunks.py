"""The body of an answer that may never end, as it comes: whole reads of the connection, not one a chunk.

A log that is followed comes in a chunk a line or so; `http.client` makes several calls of each. Source: RFC 9112,
sections 6.3 and 7.1.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Final

_LINE_END: Final = b"\r\n"
_LONGEST_SIZE: Final = 1024
"""Bytes of a chunk's size with its extensions: what is longer is no chunk."""


class Body:
    """Reads a body; b"" is its end, and nothing but its end."""

    def __init__(self, response: http.client.HTTPResponse, most: int) -> None:
        """Take over the reading of `response`, at most `most` bytes at once."""
        self._read_more: Callable[[int], bytes] = response.fp.read1
        self._most = most
        self._raw = b""
        self._chunk_left = 0
        self._within = False
        self._ended = response.fp is None
        self._plain_left = response.length
        self._chunked = bool(response.chunked)

    def read(self) -> bytes:
        """Return what came next.

        Raises:
            http.client.IncompleteRead: the connection ended before the body did.
            OSError: it broke, or (`TimeoutError`) was silent for too long.
        """
        if not self._chunked:
            return self._plain()
        while not self._ended:
            if data := self._decoded():
                return data
            if self._ended:
                break
            more = self._read_more(self._most)
            if not more:
                raise http.client.IncompleteRead(b"")
            self._raw += more
        return b""

    def _plain(self) -> bytes:
        if self._plain_left == 0:
            return b""
        data = self._read_more(self._most if self._plain_left is None else min(self._most, self._plain_left))
        if self._plain_left is not None:
            if not data:
                raise http.client.IncompleteRead(b"")
            self._plain_left -= len(data)
        return data

    def _decoded(self) -> bytes:
        """Return the data of all chunks that have come, and keep what belongs to the next."""
        raw, at, found = self._raw, 0, []
        while at < len(raw):
            if self._chunk_left:
                part = raw[at : at + self._chunk_left]
                found.append(part)
                at += len(part)
                self._chunk_left -= len(part)
                continue
            size_at = at + len(_LINE_END) if self._within else at
            end = raw.find(_LINE_END, size_at)
            if end < 0:
                if len(raw) - at > _LONGEST_SIZE:
                    raise http.client.IncompleteRead(b"")
                break
            self._chunk_left = _size(raw[size_at:end])
            self._within = True
            at = end + len(_LINE_END)
            if not self._chunk_left:
                self._ended = True
                break
        self._raw = raw[at:]
        return b"".join(found)


def _size(text: bytes) -> int:
    try:
        return int(text.partition(b";")[0], 16)
    except ValueError as error:
        raise http.client.IncompleteRead(b"") from error
