"""Bodies of answers are the same however the connection cut them."""

from __future__ import annotations

import http.client
import io
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.kube.chunks import Body


def body(wire: bytes, *cuts: int, chunked: bool = True, length: int | None = None) -> Body:
    parts, at = [], 0
    for cut in (*sorted({*cuts}), len(wire)):
        parts.append(wire[at:cut])
        at = cut
    waiting = [part for part in parts if part]
    answer = SimpleNamespace(
        fp=SimpleNamespace(read1=lambda most: waiting.pop(0) if waiting else b""), chunked=chunked, length=length
    )
    return Body(cast("http.client.HTTPResponse", answer), 65_536)


def whole(found: Body) -> bytes:
    return b"".join(iter(found.read, b""))


def chunks(*data: bytes) -> bytes:
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in data if part) + b"0\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.randoms())
def test_chunks_are_joined_wherever_they_were_cut(data: list[bytes], chance: random.Random) -> None:
    wire = chunks(*data)
    assert whole(body(wire, *(chance.randint(1, len(wire)) for _ in range(6)))) == b"".join(data)


def test_extensions_of_chunks_are_passed_over() -> None:
    assert whole(body(b"3;name=value\r\nabc\r\n0\r\n\r\n")) == b"abc"


@pytest.mark.parametrize("cut", [0, 1, 2, 4, 5, 6, 7])
def test_an_end_before_the_last_chunk_is_no_end(cut: int) -> None:
    with pytest.raises(http.client.IncompleteRead):
        whole(body(b"3\r\nabc\r\n0\r\n\r\n"[:cut]))


@pytest.mark.parametrize("wire", [b"x\r\n", b"\r\n\r\n", b"9" * 2000])
def test_what_is_no_chunk_is_an_error(wire: bytes) -> None:
    with pytest.raises(http.client.IncompleteRead):
        whole(body(wire))


def test_a_body_of_known_length_ends_there_and_not_before() -> None:
    assert whole(body(b"abcdef", 3, chunked=False, length=6)) == b"abcdef"
    with pytest.raises(http.client.IncompleteRead):
        whole(body(b"abc", chunked=False, length=6))


def test_a_body_without_length_ends_with_the_connection() -> None:
    assert whole(body(b"abc", chunked=False)) == b"abc"


def test_a_real_answer_is_read_by_its_parts() -> None:
    class Wire:
        def makefile(self, *_: Any) -> io.BufferedReader:
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            return io.BufferedReader(io.BytesIO(head + chunks(b"one", b"two")))

    response = http.client.HTTPResponse(cast("Any", Wire()))
    response.begin()
    assert whole(Body(response, 1024)) == b"onetwo"
