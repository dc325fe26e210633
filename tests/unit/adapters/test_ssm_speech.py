"""What hpctl and the supervisor say to each other, and marks of terminals, however bytes are cut."""

from __future__ import annotations

import ast
import base64
import hashlib
import inspect
import json
import zlib
from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.ssm import bootstrap
from hpctl.adapters.ssm.broken import SessionError
from hpctl.adapters.ssm.interact import Marks
from hpctl.adapters.ssm.node import relay, supervisor
from hpctl.adapters.ssm.speech import Line, Lines, end_of, request

NONCE = "0123456789abcdef"


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


@given(st.lists(st.tuples(st.sampled_from("OECAX"), st.binary(max_size=50)), max_size=8), st.lists(st.integers(0)))
def test_lines_are_whole_however_they_are_cut(said: list[tuple[str, bytes]], cuts: list[int]) -> None:
    lines = Lines()
    data = b"".join(Line(letter, carried).encode() for letter, carried in said)
    found = [line for piece in pieces(data, cuts) for line in lines.of(piece)]
    assert found == [Line(letter, carried) for letter, carried in said]


@pytest.mark.parametrize("data", [b"O!!!\n", b"bash: no\n", b"x" * 2_000_000])
def test_what_no_supervisor_says_is_no_answer(data: bytes) -> None:
    with pytest.raises(SessionError, match="not what hpctl runs there"):
        list(Lines().of(data))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"code": "x", "timed_out": true}'])
def test_an_end_that_cannot_be_read_is_unknown(data: bytes) -> None:
    with pytest.raises(SessionError):
        end_of(Line("X", data))
    assert end_of(Line("X", b'{"code": 3, "timed_out": false}')) == (3, False)


def test_words_travel_as_the_bytes_that_they_were() -> None:
    command = ("echo", "a b", "$(x)", "'\"\n", "\udcff", "ü")
    told = json.loads(request(command, timeout_s=2.5).data)
    assert [base64.b64decode(word) for word in told["command"]] == [
        *(b"echo", b"a b", b"$(x)", b"'\"\n", b"\xff", "ü".encode()),
    ]
    assert (told["terminal"], told["timeout_s"]) == (False, 2.5)


def test_what_aws_records_of_a_session_holds_nothing_of_the_callers_and_its_own_greeting_is_not_in_it() -> None:
    command = bootstrap.command(NONCE)
    assert len(command) < 1000
    assert "\n" not in command
    assert command.count("'") == 2
    assert bootstrap.greeting(NONCE).strip().decode() not in command


def test_the_supervisor_travels_whole() -> None:
    digest, _, packed = bootstrap.program().strip().partition(b" ")
    data = base64.b64decode(packed)
    assert hashlib.sha256(data).hexdigest().encode() == digest
    assert b"def main(" in zlib.decompress(data)


@pytest.mark.parametrize("module", [supervisor, relay], ids=lambda module: str(module.__name__))
def test_what_runs_on_nodes_can_be_read_by_their_python(module: ModuleType) -> None:
    assert read_by_old_python(inspect.getsource(module)).body
    with pytest.raises(SyntaxError, match=r"Python 3\.8"):
        read_by_old_python("found = (word := 1)")


def read_by_old_python(source: str) -> ast.Module:
    return ast.parse(source, feature_version=(3, 7))


@given(st.binary(max_size=60), st.lists(st.integers(0)))
def test_a_mark_is_found_and_not_shown_however_it_is_cut(shown: bytes, cuts: list[int]) -> None:
    marks, seen, said = Marks(NONCE), b"", None
    for piece in pieces(shown + f"\x1b]{NONCE};42\x07".encode(), cuts):
        visible, told = marks.of(piece)
        seen, said = seen + visible, said or told
    assert (seen, said) == (shown, "42")


def test_marks_of_others_are_shown_and_what_comes_behind_ones_own_is_kept_for_later() -> None:
    marks = Marks(NONCE)
    assert marks.of(b"\x1b]0;title\x07$ ") == (b"\x1b]0;title\x07$ ", None)
    assert marks.of(f"a\x1b]{NONCE};began\x07prompt".encode()) == (b"a", "began")
    assert marks.of(b"$ ") == (b"prompt$ ", None)
