from __future__ import annotations

import pytest

from hpctl.errors import UnconfirmedError
from hpctl.render.notices import ask, say
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out


def test_a_remark_goes_to_stderr() -> None:
    terminal = in_a_pipe()
    say("using cluster `ml`", terminal)
    assert (out(terminal), err(terminal)) == ("", "using cluster `ml`\n")


def test_a_question_goes_to_stderr_and_one_line_is_the_answer() -> None:
    terminal = on_a_tty(" hp-cluster \nmore\n")
    assert ask("type the cluster's name to delete it: ", terminal) == "hp-cluster"
    assert (out(terminal), err(terminal)) == ("", "type the cluster's name to delete it: ")
    assert terminal.stdin.readline() == "more\n"


def test_an_empty_answer_is_an_answer() -> None:
    assert ask("sure?", on_a_tty("\n")) == ""


def test_the_end_of_input_is_no_answer() -> None:
    with pytest.raises(UnconfirmedError, match=r"^nobody answered the question$") as caught:
        ask("sure?", on_a_tty(""))
    assert caught.value.hint == "add `--yes` to go on without being asked"
