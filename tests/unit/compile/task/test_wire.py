from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.task.agent.wire import Lines, WireError, heard, is_proven, proof, written

HELLO = {"rank": 1, "ip": "10.0.0.1", "codes": {"setup": 0}}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.dictionaries(TEXTS, TEXTS, max_size=4), max_size=5), st.integers(1, 7))
def test_messages_arrive_in_whatever_pieces_they_come(messages: list[dict[str, Any]], size: int) -> None:
    data, lines = b"".join(map(written, messages)), Lines()
    found = [message for start in range(0, len(data), size) for message in lines.fed(data[start : start + size])]
    assert found == messages


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no json\n", "a line is no JSON"),
        (b"\xff\xfe\n", "a line is no JSON"),
        (b"[1]\n", "a line is no object"),
        (b"x" * (1024 * 1024 + 1), "a line has no end"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        Lines().fed(data)


def test_only_who_has_the_token_can_say_hello() -> None:
    said = {**HELLO, "proof": proof(b"token", "nonce", HELLO)}
    assert is_proven(b"token", "nonce", said)
    assert not is_proven(b"other", "nonce", said)
    assert not is_proven(b"token", "another nonce", said)
    assert not is_proven(b"token", "nonce", HELLO)
    assert not is_proven(b"token", "nonce", {**HELLO, "proof": "ü"})


@pytest.mark.parametrize("change", [{"rank": 0}, {"ip": "10.0.0.9"}, {"codes": {}}, {"more": 1}])
def test_no_word_of_a_hello_can_be_changed_on_the_way(change: dict[str, Any]) -> None:
    said = {**HELLO, "proof": proof(b"token", "nonce", HELLO)}
    assert not is_proven(b"token", "nonce", said | change)


class Connection:
    """A socket that brings this, or breaks."""

    def __init__(self, brings: bytes | OSError) -> None:
        self._brings = brings

    def recv(self, _size: int) -> bytes:
        if isinstance(self._brings, OSError):
            raise self._brings
        return self._brings


@pytest.mark.parametrize(
    ("brings", "messages", "more"),
    [
        (b'{"order": "run"}\n{"order"', [{"order": "run"}], True),
        (b"", [], False),
        (ConnectionResetError(), [], False),
        (b"GET / HTTP/1.1\n", [], False),
        (b"[]\n", [], False),
    ],
    ids=["data", "its end", "a break", "another's words", "no object"],
)
def test_a_break_and_what_is_no_message_are_ends(
    brings: bytes | OSError, messages: list[dict[str, Any]], more: bool
) -> None:
    assert heard(Connection(brings), Lines()) == (messages, more)  # type: ignore[arg-type]  # all that is asked of it
