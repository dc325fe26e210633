"""Bytes to a port of a pod and from it, in channels as Kubernetes speaks them."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from hpctl.adapters.kube.forward import PodTunnel
from hpctl.errors import ConflictError, UnavailableError

T = TypeVar("T")

PORT = (46522).to_bytes(2, "little")
BEGIN = (b"\0" + PORT, b"\1" + PORT)
ENDED = Close(1000, "")


class FakeConnection:
    """Gives messages, or raises, one after the other; keeps what is sent."""

    def __init__(self, *messages: bytes | Exception) -> None:
        self._messages = list(messages)
        self.sent: list[bytes] = []

    async def recv(self) -> bytes:
        message = self._messages.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, data: bytes) -> None:
        self.sent.append(data)


def done(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits for nothing, and so needs no event loop with its sockets."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    value: T = ended.value.value
    return value


def over(*messages: bytes | Exception) -> PodTunnel:
    return PodTunnel(FakeConnection(*messages), None, "port 46522 of pod `dev-0`")  # type: ignore[arg-type]


def test_the_first_message_of_a_channel_is_its_port_and_no_data() -> None:
    tunnel = over(*BEGIN, b"\0SSH-2.0", b"\0", b"\0more", ConnectionClosedOK(ENDED, ENDED, rcvd_then_sent=True))
    assert [done(tunnel._received()) for _ in range(3)] == [b"SSH-2.0", b"more", b""]


def test_what_goes_wrong_there_is_told() -> None:
    refused = over(*BEGIN, b"\1error forwarding port 46522:\nconnection refused")
    with pytest.raises(ConflictError, match=r"cannot be reached: error forwarding port 46522: connection refused"):
        refused._received().send(None)
    with pytest.raises(UnavailableError, match="the connection to port 46522 of pod `dev-0` broke"):
        over(ConnectionClosedError(None, None))._received().send(None)


def test_what_is_sent_goes_out_in_pieces_of_the_channel_of_data() -> None:
    connection = FakeConnection()
    content = bytes(range(256)) * 300
    done(PodTunnel(connection, None, "a port")._sent(content))  # type: ignore[arg-type]
    assert all(message[:1] == b"\0" and len(message) <= 32 * 1024 + 1 for message in connection.sent)
    assert b"".join(message[1:] for message in connection.sent) == content
