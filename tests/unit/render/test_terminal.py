from __future__ import annotations

import io
import sys

import pytest

from hpctl.render.terminal import Terminal, write
from tests.unit.render.fakes import TtyStream, in_a_pipe, on_a_tty


def test_a_person_at_a_terminal_can_be_asked_sees_colour_and_redrawing() -> None:
    terminal = on_a_tty()
    assert (terminal.interactive, terminal.colour, terminal.colour_stderr, terminal.live) == (True, True, True, True)


def test_a_pipe_gets_neither_questions_nor_colour_nor_redrawing() -> None:
    terminal = in_a_pipe()
    assert (terminal.interactive, terminal.colour, terminal.colour_stderr, terminal.live) == (False,) * 4


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_stream_that_is_no_terminal_is_enough_to_ask_nothing(place: int) -> None:
    streams = [TtyStream(), TtyStream(), TtyStream()]
    streams[place] = io.StringIO()  # type: ignore[call-overload]
    assert not Terminal(streams[0], streams[1], streams[2], {}).interactive


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "True", "yes", "on", "woodpecker"])
@pytest.mark.parametrize("name", ["CI", "GITHUB_ACTIONS", "CODEBUILD_BUILD_ID", "TF_BUILD"])
def test_a_ci_system_is_neither_asked_nor_redrawn_for(name: str, value: str) -> None:
    terminal = on_a_tty(**{name: value})
    assert not terminal.interactive
    assert not terminal.live


@pytest.mark.parametrize("value", ["", "0", "false", "FALSE", "no", "off"])
def test_a_ci_variable_that_says_no_is_no_ci(value: str) -> None:
    assert on_a_tty(CI=value).interactive


def test_no_input_can_be_asked_for() -> None:
    assert not on_a_tty(HPCTL_NO_INPUT="1").interactive
    assert on_a_tty(HPCTL_NO_INPUT="1").live


def test_a_dumb_terminal_gets_plain_lines_and_no_question() -> None:
    terminal = on_a_tty(TERM="dumb")
    assert (terminal.interactive, terminal.colour, terminal.live) == (False, False, False)


def test_no_color_takes_every_escape_code_away_and_no_question() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    assert (terminal.colour, terminal.colour_stderr, terminal.live, terminal.interactive) == (False, False, False, True)
    assert on_a_tty(NO_COLOR="").colour, "an empty NO_COLOR is an unset one"


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "PY_COLORS"])
def test_nothing_forces_colour_into_a_pipe(name: str) -> None:
    assert not in_a_pipe(**{name: "1"}).colour
    assert not in_a_pipe(**{name: "1"}).colour_stderr


@pytest.mark.parametrize(
    ("told", "width"), [("120", 120), ("0", 80), ("-3", 80), ("wide", 80), ("", 80), ("\u0663", 80)]
)
def test_the_width_is_what_columns_says_if_it_says_a_number(told: str, width: int) -> None:
    assert on_a_tty(COLUMNS=told).width == width


def test_a_stream_closed_before_the_start_is_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    terminal = Terminal.current()
    assert terminal.stdin.readline() == ""
    assert not terminal.interactive
    write(terminal.stderr, "nobody reads this")


def test_what_the_encoding_does_not_have_is_escaped_and_no_crash() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write(stream, "caf\u00e9 \U0001f680\n")
    assert raw.getvalue() == b"caf\\xe9 \\U0001f680\n"
