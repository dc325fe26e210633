"""A job file for a model is one that hpctl reads, with the layout that was found."""

from __future__ import annotations

import pytest

from hpctl.estimate.training import Task
from hpctl.services.model.check import check_model
from hpctl.services.model.draft import job_yaml
from hpctl.services.model.question import Question
from hpctl.spec.job import JobSpec
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.source import TextSource
from tests.unit.services.model.configs import QWEN3_8B, config


def drafted(instance_type: str, name: str = "Qwen/Qwen3-8B", task: Task = Task.FINETUNE) -> str:
    return job_yaml(check_model(config(QWEN3_8B, name), (), Question(task, (instance_type,))))


@pytest.mark.parametrize("instance_type", ["ml.trn1.32xlarge", "ml.p5.48xlarge"])
def test_the_draft_is_a_job_file(instance_type: str) -> None:
    source = TextSource("job.yaml", drafted(instance_type))
    job = load_job(source, env={"IMAGE": "train:1"}, set_values={}, overrides=JobOverrides()).wish
    assert isinstance(job, JobSpec)
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
