"""What is waited for is told where it takes long, and nothing of it stays."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from threading import Event

import pyte
import pytest

from hpctl.render.looking import looking
from tests.unit.render.fakes import TtyStream, err, in_a_pipe, on_a_tty, out

PATIENCE_S = 60.0


class Watched(TtyStream):
    """A terminal that tells when a word was written to it."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word, self.seen = word, Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.word in text:
            self.seen.set()
        return written


def screen_of(text: str) -> tuple[list[str], bool]:
    screen = pyte.Screen(80, 5)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()], not screen.cursor.hidden


def test_what_takes_long_is_told_and_then_gone_with_the_cursor_back() -> None:
    stream = Watched("looking at the jobs of \u6771\u4eac")
    terminal = replace(on_a_tty(), stderr=stream)
    with looking("looking at the jobs of \u6771\u4eac", terminal, after_s=0):
        assert stream.seen.wait(PATIENCE_S)
    assert screen_of(stream.getvalue()) == ([], True)
    assert out(terminal) == ""


def test_it_is_gone_before_an_error_is_told() -> None:
    stream = Watched("looking")
    with suppress(KeyboardInterrupt), looking("looking", replace(on_a_tty(), stderr=stream), after_s=0):
        assert stream.seen.wait(PATIENCE_S)
        raise KeyboardInterrupt
    assert screen_of(f"{stream.getvalue()}error: stopped\n") == (["error: stopped"], True)


def test_what_is_quick_is_not_told() -> None:
    terminal = on_a_tty()
    with looking("looking", terminal, after_s=PATIENCE_S):
        pass
    assert err(terminal) == ""


@pytest.mark.scorecard(11)
@pytest.mark.parametrize("env", [{"CI": "yes"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"GITHUB_ACTIONS": "true"}])
def test_where_nothing_is_redrawn_nothing_turns(env: dict[str, str]) -> None:
    for terminal in (on_a_tty(**env), in_a_pipe()):
        with looking("looking", terminal, after_s=0):
            pass
        assert err(terminal) == ""


def test_a_long_name_is_cut_at_the_edge_and_an_old_encoding_turns_plainly() -> None:
    stream = Watched("looking")
    assert stream.encoding is None
    with looking("looking at " + "x" * 100, replace(on_a_tty(COLUMNS="40"), stderr=stream), after_s=0):
        assert stream.seen.wait(PATIENCE_S)
        shown, _ = screen_of(stream.getvalue())
    assert shown[0].startswith("- looking at xxx")
    assert len(shown[0]) < 40
    assert isinstance(stream, io.StringIO)
