"""SPDY/3.1 as far as `kubectl port-forward` speaks it: streams with headers, data, and their ends.

kubectl sends its frames through a websocket (k8s.io/client-go/tools/portforward/tunneling_dialer.go). Its own end
has no flow control (moby/spdystream), so there is none here.
Source: the draft "SPDY Protocol - Draft 3.1", §2; the dictionary is that of §2.6.10.1.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SYN_STREAM: Final = 1
SYN_REPLY: Final = 2
RST_STREAM: Final = 3
PING: Final = 6
GO_AWAY: Final = 7
FIN: Final = 1

_CONTROL: Final = 0x8003
_HEADER: Final = 8
_NAMES: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age "
    "allow authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_OTHERS: Final = "version HTTP/1.1 url public set-cookie keep-alive origin"
_WORDS: Final = (*_NAMES.split(), "200 OK", *_OTHERS.split())
_TEXT: Final = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY: Final = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS) + _TEXT.encode()
"""What both ends know before the first header (its Adler-32 is 0xe3c6a7c2)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: a control frame's type, or 0 of data; `headers` are those of a stream that begins."""

    kind: int
    stream: int
    flags: int = 0
    data: bytes = b""
    headers: Mapping[str, str] | None = None


class Reader:
    """Bytes in, frames out; headers are compressed as one stream over the whole connection."""

    def __init__(self) -> None:
        """Begin a connection."""
        self._buffer = bytearray()
        self._inflater = zlib.decompressobj(zdict=DICTIONARY)

    def read(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole now; raises ValueError when this is no SPDY."""
        self._buffer += data
        while len(self._buffer) >= _HEADER:
            first, second = struct.unpack_from(">II", self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if len(self._buffer) < _HEADER + length:
                return
            body = bytes(self._buffer[_HEADER : _HEADER + length])
            del self._buffer[: _HEADER + length]
            yield self._frame(first, flags, body)

    def _frame(self, first: int, flags: int, body: bytes) -> Frame:
        if not first & 0x80000000:
            return Frame(0, first, flags, body)
        if first >> 16 != _CONTROL:
            raise ValueError(f"SPDY version {(first >> 16) & 0x7FFF}")
        kind = first & 0xFFFF
        stream = struct.unpack_from(">I", body)[0] & 0x7FFFFFFF if len(body) >= 4 else 0  # noqa: PLR2004 - one word
        if kind in {SYN_STREAM, SYN_REPLY}:
            return Frame(kind, stream, flags, headers=self._headers(body[10 if kind == SYN_STREAM else 4 :]))
        return Frame(kind, stream, flags, body)

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            plain = self._inflater.decompress(block)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        words, position = [], 4
        for _ in range(2 * struct.unpack_from(">I", plain)[0]):
            (length,) = struct.unpack_from(">I", plain, position)
            words.append(plain[position + 4 : position + 4 + length].decode())
            position += 4 + length
        return dict(zip(words[::2], words[1::2], strict=True))


class Writer:
    """Frames in, bytes out."""

    def __init__(self) -> None:
        """Begin a connection."""
        self._deflater = zlib.compressobj(zdict=DICTIONARY)

    def reply(self, stream: int) -> bytes:
        """Return the frame that accepts a stream."""
        block = self._deflater.compress(struct.pack(">I", 0)) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        return _control(SYN_REPLY, 0, struct.pack(">I", stream) + block)


def data(stream: int, payload: bytes, flags: int = 0) -> bytes:
    """Return a frame of data."""
    return struct.pack(">II", stream, flags << 24 | len(payload)) + payload


def pong(frame: Frame) -> bytes:
    """Return the answer to a ping: the ping."""
    return _control(PING, 0, frame.data)


def _control(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack(">II", _CONTROL << 16 | kind, flags << 24 | len(body)) + body
