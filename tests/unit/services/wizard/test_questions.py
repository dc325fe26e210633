"""The tables of questions: flags, checks and what rests on what fit together."""

from __future__ import annotations

import typer

from hpctl.checks.catalogue import CHECKS
from hpctl.cli.app import command_tree
from hpctl.services.wizard import job
from hpctl.services.wizard.cluster_form import QUESTIONS
from hpctl.spec.cluster import ClusterSpec

BESIDE_QUESTIONS = {"skip", "yes", "resume", "output", "query", "profile", "verbose"}
OF_THE_MODEL = {"seq-len", "micro-batch", "parallel", "hub"}


def flags(*words: str) -> set[str]:
    command = typer.main.get_command(command_tree())
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]  # a group's, by the words
    return {str(one.name).replace("_", "-") for one in command.params}


def test_every_question_has_a_flag_and_every_flag_a_question() -> None:
    assert flags("init") - BESIDE_QUESTIONS == {one.name for one in QUESTIONS}
    assert flags("job", "init") - BESIDE_QUESTIONS - OF_THE_MODEL == {one.name for one in job.QUESTIONS}


def test_checks_of_questions_exist_and_judge_specs() -> None:
    known = {one.id for one in CHECKS if one.target is ClusterSpec}
    assert {check for one in QUESTIONS for check in one.judged_by} <= known


def test_what_an_answer_rests_on_is_asked_before() -> None:
    for rows in ([(one.name, one.rests_on) for one in QUESTIONS], [(one.name, one.rests_on) for one in job.QUESTIONS]):
        for number, (_name, rests_on) in enumerate(rows):
            assert set(rests_on) <= {name for name, _rests_on in rows[:number]}


def test_every_question_explains_itself() -> None:
    texts = [(one.text, one.help) for one in QUESTIONS] + [(one.text, one.help) for one in job.QUESTIONS]
    for text, help_ in texts:
        assert text.endswith("?")
        assert help_.endswith(".")
