"""One frame of Session Manager's data channel, as bytes and as a record.

Source: session-manager-plugin, `message/messageparser.go`: big-endian, a header of 116 bytes, then the length of what
is carried and that itself.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final
from uuid import UUID

MOST_PAYLOAD: Final = 1024
"""Bytes that one frame of a stream carries at most."""

_HEADER: Final = struct.Struct(">I32sIQqQ16s32sI")
_LENGTH: Final = struct.Struct(">I")
_HEADER_LENGTH: Final = 116
_LONGEST_HEADER: Final = 4096
_SCHEMA: Final = 1
_HALF: Final = 8
_OF_ACKNOWLEDGEMENTS: Final = 3


class Kind(StrEnum):
    """What a frame is, in Session Manager's words."""

    INPUT = "input_stream_data"
    OUTPUT = "output_stream_data"
    ACKNOWLEDGE = "acknowledge"
    CLOSED = "channel_closed"
    START = "start_publication"
    PAUSE = "pause_publication"


class Carried(IntEnum):
    """What a frame of a stream carries; others are passed over."""

    OUTPUT = 1
    ERROR = 2
    SIZE = 3
    PARAMETER = 4
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    ENCRYPTION_CHALLENGE = 8
    ENCRYPTION_RESPONSE = 9
    FLAG = 10
    STDERR = 11
    EXIT_CODE = 12


class Flag(IntEnum):
    """What a frame that carries a flag says."""

    DISCONNECT_TO_PORT = 1
    TERMINATE_SESSION = 2
    CONNECT_TO_PORT_ERROR = 3


class GarbledError(Exception):
    """These bytes are no frame, or not as they were sent."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `carried` stays a number, since ends may know others than `Carried`."""

    kind: str
    sequence: int
    message_id: UUID
    carried: int = 0
    payload: bytes = b""
    flags: int = 0
    created_ms: int = 0

    def encode(self) -> bytes:
        """Return its bytes."""
        header = _HEADER.pack(
            _HEADER_LENGTH,
            self.kind.encode().ljust(32),
            _SCHEMA,
            self.created_ms,
            self.sequence,
            self.flags,
            _swapped(self.message_id.bytes),
            hashlib.sha256(self.payload).digest(),
            self.carried,
        )
        return header + _LENGTH.pack(len(self.payload)) + self.payload


def decode(data: bytes) -> Frame:
    """Read a frame; `GarbledError` when it is none, or when its digest is not that of what it carries."""
    try:
        length, kind, _schema, created_ms, sequence, flags, message_id, digest, carried = _HEADER.unpack_from(data)
        if not _HEADER_LENGTH <= length <= _LONGEST_HEADER:
            raise GarbledError("its header has an impossible length")
        (size,) = _LENGTH.unpack_from(data, length)
        name = kind.rstrip(b" \0").decode("ascii")
    except (struct.error, UnicodeDecodeError) as error:
        raise GarbledError("it is too short, or its kind is no word") from error
    payload = data[length + _LENGTH.size :]
    if len(payload) != size or (payload and hashlib.sha256(payload).digest() != digest):
        raise GarbledError("what it carries is not what was sent")
    return Frame(name, sequence, UUID(bytes=_swapped(message_id)), carried, payload, flags, created_ms)


def acknowledgement(heard: Frame, message_id: UUID, created_ms: int) -> Frame:
    """Return the frame that says that `heard` has come."""
    payload = {
        "AcknowledgedMessageType": heard.kind,
        "AcknowledgedMessageId": str(heard.message_id),
        "AcknowledgedMessageSequenceNumber": heard.sequence,
        "IsSequentialMessage": True,
    }
    return Frame(
        Kind.ACKNOWLEDGE, 0, message_id, payload=as_json(payload), flags=_OF_ACKNOWLEDGEMENTS, created_ms=created_ms
    )


def as_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


def from_json(data: bytes) -> dict[str, Any]:
    """Read an object of JSON; `GarbledError` for anything else."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GarbledError("what it carries is no JSON") from error
    if not isinstance(found, dict):
        raise GarbledError("what it carries is no JSON object")
    return found


def _swapped(halves: bytes) -> bytes:
    """A UUID travels with its second half first: Java's two longs, least significant first."""
    return halves[_HALF:] + halves[:_HALF]
