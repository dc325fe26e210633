"""From a name to an answer, a refusal or a job file."""

from __future__ import annotations

import pytest

from hpctl.errors import ChecksFailedError
from hpctl.estimate.training import Task
from hpctl.facts.model_ports import EMPTY_HUB
from hpctl.report.model import ModelFamilyReport, ModelReport
from hpctl.services.model.answer import Detail, Network, answer, demand, draft
from hpctl.services.model.question import Question, Threshold

ON_P5 = Question(Task.FINETUNE, ("p5.48xlarge",))


def test_formulas_are_told_when_they_are_wanted() -> None:
    for detail, lines in ((Detail.NUMBERS, False), (Detail.FORMULAS, True)):
        report = answer("Qwen/Qwen3-8B", ON_P5, EMPTY_HUB, Network.OFF, detail)
        assert isinstance(report, ModelReport)
        assert bool(report.instance_types[0].explanation) is lines


def test_a_family_is_an_answer_until_it_is_asked_about_a_type() -> None:
    report = answer("Qwen3", ON_P5, EMPTY_HUB, Network.OFF, Detail.NUMBERS)
    assert isinstance(report, ModelFamilyReport)
    demand(report, Question(Task.FINETUNE), Threshold.WARN)
    with pytest.raises(ChecksFailedError, match="`Qwen3` is a family: whether it fits depends on the model") as caught:
        demand(report, ON_P5, Threshold.FAIL)
    assert caught.value.hint == "for example: hpctl check-model Qwen/Qwen3-0.6B"


def test_no_job_file_is_written_for_a_family_or_for_what_does_not_go() -> None:
    with pytest.raises(ChecksFailedError, match="`Qwen3` is a family of models") as family:
        draft("Qwen3", ON_P5, EMPTY_HUB, Network.OFF)
    assert family.value.hint == "for example: --model Qwen/Qwen3-0.6B"
    one = Question(Task.FINETUNE, ("p5.48xlarge",), nodes=1)
    with pytest.raises(ChecksFailedError) as large:
        draft("meta-llama/Llama-3.1-70B", one, EMPTY_HUB, Network.OFF)
    assert large.value.hint == "it does on 3 x ml.p5.48xlarge: dp=12,tp=2,zero=3"
    assert "nodes: 3\n" in draft("meta-llama/Llama-3.1-70B", ON_P5, EMPTY_HUB, Network.OFF)
