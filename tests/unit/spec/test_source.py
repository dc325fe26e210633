from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import SpecError
from hpctl.spec.source import MAX_BYTES, TextSource, read


def refusal(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        read(path)
    return "; ".join(f"{one.line}:{one.column} {one.message}" for one in caught.value.problems) or caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\nb: \x00", "2:4 the character U+0000 cannot stand in a text file"),
        (b"a: \x1b[31m", "1:4 the character U+001B cannot stand in a text file"),
        ("a: é\nb: ".encode() + b"\xff", "2:4 the byte 0xFF is not UTF-8"),
        ("a: 1".encode("utf-16"), "1:1 the file is UTF-16; save it as UTF-8"),
        (b"a" * (MAX_BYTES + 1), "1:1 the file is larger than 10 MB"),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_bytes(data)
    assert refusal(path) == message


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: hp")
    assert read(path) == TextSource(str(path), "name: hp")
    assert read(TextSource("<stdin>", "\ufeffname: hp")).text == "name: hp"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    assert refusal(path) == f"there is no file `{path}`"
    assert refusal(tmp_path) == f"`{tmp_path}` cannot be read: Is a directory"
