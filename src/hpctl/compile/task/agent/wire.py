"""What nodes say to each other: a JSON object a line, the first of which proves that the speaker is of the job."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Message = dict[str, Any]

PORT = 26590
"""Where the first node listens: below the ports that Linux gives to connections (32768 and up, ip(7)), one of which
would be in the way where a pod has the host's network."""
STDERR = 2
"""Written to in whole lines, beside what the scripts write."""
_LONGEST = 1024 * 1024
_KEEPALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30000))


class WireError(OSError):
    """The other side does not speak as agreed."""


class Lines:
    """Puts lines together from what arrives."""

    def __init__(self) -> None:
        self._rest = b""

    def fed(self, data: bytes) -> list[Message]:
        """Return the messages that are complete with this data; raises WireError."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise WireError("a line has no end")
        return [_read(line) for line in lines]


def heard(connection: socket.socket, lines: Lines) -> tuple[list[Message], bool]:
    """Return the messages that have come, and whether more may: a break is an end."""
    try:
        data = connection.recv(65536)
        return lines.fed(data), bool(data)
    except OSError:
        return [], False


def written(message: Message) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def proof(token: bytes, nonce: str, hello: Message) -> str:
    """Return what only a node of this job can say: every word of its hello, and the coordinator's nonce, are in it."""
    told = json.dumps({name: hello[name] for name in sorted(hello) if name != "proof"}, sort_keys=True)
    return hmac.new(token, (nonce + told).encode(), hashlib.sha256).hexdigest()


def is_proven(token: bytes, nonce: str, hello: Message) -> bool:
    """Whether a hello comes from a node of this job."""
    return hmac.compare_digest(str(hello.get("proof", "")).encode(), proof(token, nonce, hello).encode())


def stay_awake(connection: socket.socket) -> None:
    """Notice within a minute when the other machine is gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _read(line: bytes) -> Message:
    try:
        message = json.loads(line.decode())
    except ValueError as error:
        raise WireError("a line is no JSON") from error
    if not isinstance(message, dict):
        raise WireError("a line is no object")
    return message
