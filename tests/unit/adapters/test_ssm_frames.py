"""Frames of Session Manager's channel, beside those that another client (pyssm-client 0.2.0) made of the same words."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.ssm.frames import Carried, Frame, GarbledError, Kind, acknowledgement, as_json, decode, from_json

MESSAGE_ID = UUID("01234567-89ab-cdef-fedc-ba9876543210")
OUTPUT = Frame(Kind.OUTPUT, 7, MESSAGE_ID, Carried.OUTPUT, b"hi\xff\n", created_ms=1763769600123)
RECORDED_OUTPUT = bytes.fromhex(
    "000000746f75747075745f73747265616d5f646174612020202020202020202020202020"
    "000000010000019aa8dc487b00000000000000070000000000000000"
    "fedcba98765432100123456789abcdef"
    "4454272d6165efaa058492355c078d72549b811d73383b1c10c488c022587206"
    "00000001000000046869ff0a"
)
RECORDED_ACKNOWLEDGEMENT = (
    bytes.fromhex(
        "0000007461636b6e6f776c65646765202020202020202020202020202020202020202020"
        "000000010000019aa8dc49c800000000000000000000000000000003"
        "fedcba98765432100123456789abcdef"
        "b90535cbf5f6415078acefa59b8bb2172c998ce4dac05f9c9ebc7b3d647f4ccf"
        "00000000000000b7"
    )
    + b'{"AcknowledgedMessageType": "output_stream_data", "AcknowledgedMessageId": '
    b'"01234567-89ab-cdef-fedc-ba9876543210", "AcknowledgedMessageSequenceNumber": 7, "IsSequentialMessage": true}'
)


def test_a_frame_is_what_another_client_makes_of_the_same_words() -> None:
    assert OUTPUT.encode() == RECORDED_OUTPUT
    assert decode(RECORDED_OUTPUT) == OUTPUT


def test_an_acknowledgement_is_what_another_client_says() -> None:
    assert acknowledgement(OUTPUT, MESSAGE_ID, 1763769600456).encode() == RECORDED_ACKNOWLEDGEMENT


@given(
    st.sampled_from(Kind),
    st.integers(-(2**63), 2**63 - 1),
    st.uuids(),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=1100),
)
def test_every_frame_is_read_as_it_was_written(
    kind: Kind, sequence: int, message_id: UUID, carried: int, payload: bytes
) -> None:
    frame = Frame(kind, sequence, message_id, carried, payload, 3, 17)
    assert decode(frame.encode()) == frame


@given(st.integers(0, len(RECORDED_OUTPUT) - 1))
def test_a_frame_that_is_cut_is_none(length: int) -> None:
    with pytest.raises(GarbledError):
        decode(RECORDED_OUTPUT[:length])


@given(st.sampled_from([*range(80, 112), *range(116, len(RECORDED_OUTPUT))]), st.integers(1, 255))
def test_no_change_of_what_is_carried_goes_unseen(place: int, change: int) -> None:
    changed = bytearray(RECORDED_OUTPUT)
    changed[place] ^= change
    with pytest.raises(GarbledError):
        decode(bytes(changed))


@given(st.binary(max_size=300))
def test_what_is_no_frame_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(GarbledError):
        decode(data)


@pytest.mark.parametrize("length", [b"\0\0\0\x73", b"\xff\xff\xff\xff"])
def test_a_header_of_an_impossible_length_is_refused(length: bytes) -> None:
    with pytest.raises(GarbledError, match="impossible length"):
        decode(length + RECORDED_OUTPUT[4:])


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_only_an_object_of_json_is_read(data: bytes) -> None:
    with pytest.raises(GarbledError):
        from_json(data)
    assert from_json(as_json({"a": 1})) == {"a": 1}
