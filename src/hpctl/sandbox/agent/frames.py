"""Frames of Session Manager's data channel as the agent writes and reads them.

A frame is a header of 116 bytes, the length of its payload, and the payload; numbers are big-endian (session manager
plugin, `service/message.go`).
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

INPUT, OUTPUT, ACKNOWLEDGE, CLOSED = "input_stream_data", "output_stream_data", "acknowledge", "channel_closed"
DATA, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
DISCONNECT_TO_PORT, TERMINATE_SESSION, CONNECT_TO_PORT_ERROR = 1, 2, 3
LARGEST_PAYLOAD: Final = 1024
_HEADER: Final = struct.Struct("!I32sIQqQ16s32sI")
_HEADER_LENGTH: Final = 116
_LENGTH: Final = struct.Struct("!I")
_SYN, _ACKNOWLEDGEMENT = 1, 3


class FrameError(ValueError):
    """These bytes are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message on the channel."""

    kind: str
    sequence: int
    flags: int
    id: uuid.UUID
    payload_type: int
    payload: bytes

    def packed(self) -> bytes:
        """Return it as it is sent."""
        head = _HEADER.pack(
            _HEADER_LENGTH,
            self.kind.encode().ljust(32),
            1,
            time.time_ns() // 1_000_000,
            self.sequence,
            self.flags,
            # The two halves of the id change places.
            self.id.bytes[8:] + self.id.bytes[:8],
            hashlib.sha256(self.payload).digest(),
            self.payload_type,
        )
        return head + _LENGTH.pack(len(self.payload)) + self.payload


def read(data: bytes) -> Frame:
    """Read a frame; raises FrameError."""
    try:
        length, kind, _, _, sequence, flags, halves, digest, payload_type = _HEADER.unpack_from(data)
        (size,) = _LENGTH.unpack_from(data, length)
    except struct.error as error:
        raise FrameError(str(error)) from error
    payload = data[length + _LENGTH.size :]
    if length != _HEADER_LENGTH or len(payload) != size:
        raise FrameError("the lengths of a frame do not agree with it")
    if payload and hashlib.sha256(payload).digest() != digest:
        raise FrameError("the digest of a payload is another one")
    name = kind.rstrip(b" \0").decode("ascii", "replace")
    return Frame(name, sequence, flags, uuid.UUID(bytes=halves[8:] + halves[:8]), payload_type, payload)


def output(sequence: int, payload_type: int, payload: bytes) -> Frame:
    """Return a frame of the stream to the client."""
    return Frame(OUTPUT, sequence, 0 if sequence else _SYN, uuid.uuid4(), payload_type, payload)


def acknowledgement(of: Frame) -> Frame:
    """Return the frame that says that another one has come."""
    told = {
        "AcknowledgedMessageType": of.kind,
        "AcknowledgedMessageId": str(of.id),
        "AcknowledgedMessageSequenceNumber": of.sequence,
        "IsSequentialMessage": True,
    }
    return _unnumbered(ACKNOWLEDGE, told, _ACKNOWLEDGEMENT)


def closed(session_id: str, words: str) -> Frame:
    """Return the frame that ends a session."""
    own = uuid.uuid4()
    told = {
        "MessageId": str(own),
        "CreatedDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "DestinationId": str(uuid.uuid4()),
        "SessionId": session_id,
        "MessageType": CLOSED,
        "SchemaVersion": 1,
        "Output": words,
    }
    return _unnumbered(CLOSED, told, 2)


def _unnumbered(kind: str, told: dict[str, Any], flags: int) -> Frame:
    return Frame(kind, 0, flags, uuid.uuid4(), 0, json.dumps(told).encode())
