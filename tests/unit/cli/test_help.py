"""`hpctl help`: topics, the help of commands, and what is meant by a name that is neither."""

from __future__ import annotations

import pytest

from hpctl.cli.commands.help import help as told
from hpctl.cli.topics import TOPICS
from hpctl.errors import ExitCode, UsageError


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    told(list(words))
    return capsys.readouterr().out


@pytest.mark.scorecard(63)
def test_every_exit_code_is_told_with_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    rows = said(capsys, "exit-codes").splitlines()
    assert {f"{code.value:<4}  {code.meaning}" for code in ExitCode} <= set(rows)


@pytest.mark.scorecard(63)
def test_every_topic_is_listed_and_has_rows(capsys: pytest.CaptureFixture[str]) -> None:
    listed = said(capsys)
    for name, topic in TOPICS.items():
        assert f"{name:<11}  {topic.title}" in listed
        page = said(capsys, name)
        assert all(text in page for row in topic.rows() for text in row)


def test_variables_that_stand_for_an_option_are_among_them(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(one for one in said(capsys, "environment").splitlines() if one.startswith("HPCTL_CLUSTER "))
    assert row.endswith("Stands for `--cluster` of every command that has it")


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (("job", "submit"), "Usage: hpctl job submit [OPTIONS]"),
        (("job",), "Usage: hpctl job [OPTIONS] COMMAND"),
        (("doctor",), "Usage: hpctl doctor [OPTIONS]"),
    ],
)
def test_a_commands_help_is_that_of_its_own_option(
    words: tuple[str, ...], usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, *words).startswith(usage)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("exit-code",), "hpctl help exit-codes"),
        (("job", "submitt"), "hpctl help job submit"),
        (("qqqq",), "hpctl help lists the topics, hpctl --help the commands"),
        (("exit-codes", "more"), "hpctl help exit-codes"),
    ],
)
def test_what_is_neither_is_refused_with_the_nearest(words: tuple[str, ...], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        told(list(words))
    assert caught.value.hint == hint
