"""What the kubelet and the runtime say to each other: JSON objects over a socket pair, descriptors beside them."""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH: Final = struct.Struct("!I")
_CHUNK: Final = 65536
_MOST_DESCRIPTORS: Final = 64


def packed(message: dict[str, Any], descriptors: Sequence[int] = ()) -> bytes:
    """Return a message as bytes; it says how many descriptors go with it."""
    body = json.dumps({**message, "fds": len(descriptors)}).encode()
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """What has come in on a socket, cut into messages."""

    def __init__(self, source: socket.socket) -> None:
        """Read from this socket."""
        self._source = source
        self._bytes = bytearray()
        self._descriptors: list[int] = []

    def read(self) -> bool:
        """Read once; False when the other side has closed."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._source, _CHUNK, _MOST_DESCRIPTORS)
        except ConnectionResetError:
            return False
        for each in descriptors:
            os.set_inheritable(each, False)  # noqa: FBT003  # its only form
        self._descriptors += descriptors
        self._bytes += data
        return bool(data)

    def messages(self) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """Yield the messages that are whole, each with its descriptors."""
        while len(self._bytes) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._bytes)
            if len(self._bytes) < _LENGTH.size + size:
                return
            body = bytes(self._bytes[_LENGTH.size : _LENGTH.size + size])
            del self._bytes[: _LENGTH.size + size]
            message = json.loads(body)
            count = message.pop("fds")
            mine, self._descriptors = self._descriptors[:count], self._descriptors[count:]
            yield message, mine
