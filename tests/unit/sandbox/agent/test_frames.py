from __future__ import annotations

import uuid

import pytest

from hpctl.sandbox.agent import frames
from hpctl.sandbox.agent.frames import Frame, FrameError

# The layout of the session manager plugin (service/message.go): the two halves of the id change places.
ID = uuid.UUID("dd01e56b-ff48-483e-a508-b5f073f31b16")
HEAD = (
    b"\x00\x00\x00\x74" + b"output_stream_data".ljust(32) + b"\x00\x00\x00\x01",
    b"\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x02"
    + bytes.fromhex("a508b5f073f31b16dd01e56bff48483e"),
    b"\x00\x00\x00\x01\x00\x00\x00\x05hello",
)


def test_a_frame_is_laid_out_as_the_plugin_has_it() -> None:
    packed = Frame(frames.OUTPUT, 5, 2, ID, 1, b"hello").packed()
    assert (packed[:40], packed[48:80], packed[112:]) == HEAD
    assert packed[80:112].hex() == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_a_frame_is_read_as_it_was_written() -> None:
    frame = Frame(frames.INPUT, 2**40, 1, ID, 3, bytes(range(256)))
    assert frames.read(frame.packed()) == frame


@pytest.mark.parametrize("kept", [0, 60, 124])
def test_what_is_cut_is_no_frame(kept: int) -> None:
    with pytest.raises(FrameError):
        frames.read(Frame(frames.OUTPUT, 0, 0, ID, 1, b"hello").packed()[:kept])


def test_what_has_changed_on_the_way_is_no_frame() -> None:
    with pytest.raises(FrameError):
        frames.read(Frame(frames.OUTPUT, 0, 0, ID, 1, b"hello").packed()[:-1] + b"!")
