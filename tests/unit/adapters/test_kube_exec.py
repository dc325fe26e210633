"""What a command in a container prints, where nobody takes it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any

import pytest

from hpctl.adapters.kube.errors import Deed
from hpctl.adapters.kube.exec import Streams, _heard
from hpctl.errors import ClosedPipeError, HpctlError, UnavailableError, UsageError

DEED = Deed("create", "pods/exec", "training", "us-west-2", "team", "train-0")
DONE = b'\x03{"status":"Success"}'


class Broken(BytesIO):
    """Takes nothing."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, data: Any) -> int:
        raise self._error


def heard(*messages: bytes, stdout: BytesIO) -> int:
    async def came() -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    hearing = _heard(came(), Streams(None, stdout, BytesIO(), tty=False), DEED)
    with pytest.raises(StopIteration) as ended:
        hearing.send(None)  # nothing is waited for here, so that no event loop, with its sockets, is needed
    return int(ended.value.value)


@pytest.fixture(autouse=True)
def written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(call: Callable[..., None], *arguments: object) -> None:
        call(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


def test_what_is_printed_arrives_and_the_status_ends_it() -> None:
    out = BytesIO()
    assert heard(b"\x01one", b"\x01two", DONE, b"\x01late", stdout=out) == 0
    assert out.getvalue() == b"onetwo"
    with pytest.raises(UnavailableError, match="ended before the command did"):
        heard(b"\x01one", stdout=out)


@pytest.mark.parametrize(
    ("error", "told", "message"),
    [
        (BrokenPipeError(32, "Broken pipe"), ClosedPipeError, "nobody reads the output any more"),
        (OSError(28, "No space left on device"), UsageError, "the output cannot be written: No space left on device"),
    ],
)
def test_a_reader_that_went_away_is_not_taken_for_a_broken_connection(
    error: OSError, told: type[HpctlError], message: str
) -> None:
    with pytest.raises(told, match=message):
        heard(b"\x01one", DONE, stdout=Broken(error))
