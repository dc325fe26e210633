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
    assert {check for one in QUESTIONS for check in (*one.checks, *one.later)} <= known


def test_what_an_answer_rests_on_is_asked_before() -> None:
    for questions in (QUESTIONS, job.QUESTIONS):
        names = [one.name for one in questions]
        for number, one in enumerate(questions):
            assert set(one.rests_on) <= set(names[:number])


def test_every_question_explains_itself() -> None:
    for one in (*QUESTIONS, *job.QUESTIONS):
        assert one.text.endswith("?")
        assert one.help.endswith(".")
