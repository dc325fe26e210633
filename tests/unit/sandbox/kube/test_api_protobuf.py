"""Bytes of kubectl: objects in protocol buffers, and the SPDY of its port forwarding."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube import spdy
from hpctl.sandbox.kube.protobuf import decoded
from hpctl.sandbox.kube.status import StatusError


def _integer(value: int) -> bytes:
    more, out = value, bytearray()
    while more > 127:
        out.append(more & 127 | 128)
        more >>= 7
    return bytes([*out, more])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _integer(number << 3) + _integer(value)
    return _integer(number << 3 | 2) + _integer(len(value)) + value


def _envelope(api_version: bytes, kind: bytes, raw: bytes) -> bytes:
    return b"k8s\x00" + _field(1, _field(1, api_version) + _field(2, kind)) + _field(2, raw)


def test_a_secret_with_its_maps_and_times() -> None:
    metadata = _field(1, b"s") + _field(8, _field(1, 1_772_625_600)) + _field(11, _field(1, b"a") + _field(2, b"b"))
    raw = _field(1, metadata) + _field(2, _field(1, b"key") + _field(2, b"\x00\xff")) + _field(3, b"Opaque")
    assert decoded(_envelope(b"v1", b"Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "creationTimestamp": "2026-03-04T12:00:00Z", "labels": {"a": "b"}},
        "data": {"key": "AP8="},
        "type": "Opaque",
    }


def test_members_that_json_shows_inside_others_and_values_of_two_kinds() -> None:
    volume = _field(1, b"v") + _field(2, _field(2, _field(1, b"Memory") + _field(2, _field(1, b"1Gi"))))
    probe = _field(1, _field(2, _field(2, _field(1, 0) + _field(2, 80)))) + _field(2, 0)
    container = _field(1, b"c") + _field(10, probe)
    raw = _field(2, _field(1, volume) + _field(2, container))
    (spec,) = (decoded(_envelope(b"v1", b"Pod", raw))["spec"],)
    assert spec["volumes"] == [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]
    assert spec["containers"] == [{"name": "c", "livenessProbe": {"httpGet": {"port": 80}}}]


def test_delete_options_are_of_no_group() -> None:
    raw = _field(1, 5) + _field(4, b"Foreground")
    found = decoded(_envelope(b"apps/v1", b"DeleteOptions", raw))
    assert (found["gracePeriodSeconds"], found["propagationPolicy"]) == (5, "Foreground")


@pytest.mark.parametrize("body", [b"", b"{}", _envelope(b"v1", b"Nothing", b""), _envelope(b"v1", b"Pod", b"\x0a\x7f")])
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(StatusError, match="protobuf") as refused:
        decoded(body)
    assert refused.value.code == 400


@given(st.binary(max_size=200))
def test_no_bytes_are_worse_than_refused(raw: bytes) -> None:
    try:
        decoded(_envelope(b"v1", b"Pod", raw))
    except StatusError as refused:
        assert refused.code == 400  # noqa: PT017 - most bytes are refused, and some are a pod


def _stream(deflater: Any, number: int, **headers: str) -> bytes:
    words = b"".join(struct.pack(">I", len(word)) + word.encode() for pair in headers.items() for word in pair)
    block = deflater.compress(struct.pack(">I", len(headers)) + words) + deflater.flush(zlib.Z_SYNC_FLUSH)
    body = struct.pack(">IIH", number, 0, 0) + block
    return bytes(struct.pack(">II", 0x80030001, len(body)) + body)


def test_the_dictionary_is_that_of_spdy() -> None:
    assert zlib.adler32(spdy.DICTIONARY) == 0xE3C6A7C2


@given(st.integers(1, 50))
def test_frames_come_whole_however_they_are_cut(size: int) -> None:
    deflater = zlib.compressobj(zdict=spdy.DICTIONARY)
    sent = _stream(deflater, 1, streamtype="error", requestid="0") + _stream(deflater, 3, streamtype="data", port="80")
    sent += spdy.data(3, b"hello", spdy.FIN)
    reader, frames = spdy.Reader(), list[spdy.Frame]()
    for start in range(0, len(sent), size):
        frames += reader.read(sent[start : start + size])
    assert [(frame.kind, frame.stream, frame.flags) for frame in frames] == [(1, 1, 0), (1, 3, 0), (0, 3, 1)]
    assert frames[1].headers == {"streamtype": "data", "port": "80"}
    assert frames[2].data == b"hello"


def test_a_reply_can_be_read_by_the_other_end() -> None:
    writer, reader = spdy.Writer(), spdy.Reader()
    replies = [frame for number in (1, 3) for frame in reader.read(writer.reply(number))]
    assert [(frame.kind, frame.stream, frame.headers) for frame in replies] == [(2, 1, {}), (2, 3, {})]


def test_what_is_no_spdy_is_refused() -> None:
    with pytest.raises(ValueError, match="SPDY version 2"):
        list(spdy.Reader().read(b"\x80\x02\x00\x01\x00\x00\x00\x00"))
