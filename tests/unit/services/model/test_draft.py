"""A job file for a model is one that hpctl reads, with the layout that was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hpctl.estimate.training import Task
from hpctl.services.model.check import check_model
from hpctl.services.model.draft import job_yaml
from hpctl.services.model.question import Question
from hpctl.spec.job import JobSpec
from hpctl.spec.job_load import load_job
from hpctl.spec.job_model import ModelWish
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.source import TextSource
from tests.unit.services.model.configs import QWEN3_8B, config


def drafted(instance_type: str, name: str = "Qwen/Qwen3-8B", task: Task = Task.FINETUNE, **said: Any) -> str:
    question = Question(task, (instance_type,), **said)
    return job_yaml(check_model(config(QWEN3_8B, name), (), question), question)


def job_of(text: str, **values: str) -> JobSpec:
    source = TextSource("job.yaml", text)
    wish = load_job(source, env={"IMAGE": "train:1"}, set_values=values, overrides=JobOverrides()).wish
    assert isinstance(wish, JobSpec)
    return wish


@pytest.mark.parametrize("instance_type", ["ml.trn1.32xlarge", "ml.p5.48xlarge"])
def test_the_draft_is_a_job_file(instance_type: str) -> None:
    job = job_of(drafted(instance_type))
    assert job.name == "qwen3-8b-finetune"
    assert job.image == "train:1"
    assert job.nodes == 1


def test_the_layout_and_the_pin_are_in_it() -> None:
    text = drafted("trn1.32xlarge")
    assert "# Mind: pin Neuron SDK 2.26.1:" in text
    assert '  TENSOR_PARALLEL: "8"\n' in text
    assert '  PIPELINE_PARALLEL: "1"\n' in text
    assert '  ZERO_STAGE: "1"\n' in text
    assert '  SEQUENCE_LENGTH: "4096"\n' in text
    assert "run: torchrun --nproc_per_node=32 train.py\n" in text


def test_a_name_is_one_that_kubernetes_takes() -> None:
    assert "\nname: m-01-ai-yi-34b-lora\n" in drafted("p5.48xlarge", "x/01-ai_Yi-34B", Task.LORA)


def test_the_model_is_said_so_that_a_submission_judges_it_again() -> None:
    text = drafted("ml.trn1.32xlarge", nodes=2, micro_batch=2, sequence=2048, precision="neuron-bf16")
    job = job_of(text)
    assert job.nodes == 2
    assert job.model == ModelWish(
        name="Qwen/Qwen3-8B", parallel="tp=4,zero=1", seq_len=2048, micro_batch=2, precision="neuron-bf16"
    )
    assert "# dp=16,tp=4,zero=1, neuron-bf16:" in text


def test_a_model_in_a_folder_is_found_from_the_file() -> None:
    question = Question(Task.FINETUNE, ("p5.48xlarge",))
    for name, origin, said in (
        ("models/mine", "models/mine/config.json", "./models/mine"),
        ("mine.json", "mine.json", "./mine.json"),
        ("/models/mine", "/models/mine/config.json", "/models/mine"),
        ("a/mine", "a/mine on the Hugging Face Hub", "a/mine"),
    ):
        raw = replace(config(QWEN3_8B, name), origin=origin)
        assert f'name: "{said}"' in job_yaml(check_model(raw, (), question), question)


def test_whose_script_it_is_stands_in_it() -> None:
    assert "# train.py is yours: it lies beside this file, goes along," in drafted("p5.48xlarge")
