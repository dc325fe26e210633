"""A job for a model, from its draft to its submission: judged on the nodes that there are."""

from __future__ import annotations

import pytest

from hpctl.errors import ExitCode
from tests.functional.job.cli.conftest import Jobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(180)]


def test_a_draft_is_submitted_and_one_that_outgrows_its_nodes_is_not(jobs: Jobs) -> None:
    model = ("--model", "meta-llama/Llama-3.1-70B", "--instance-type", "ml.p5.48xlarge")
    draft = jobs.hpctl("job", "init", *model, "--task", "lora").out
    file = jobs.write("model.yaml", draft)
    shown = jobs.hpctl("job", "submit", file, "--set", "IMAGE=train:1", "--dry-run").out
    assert "goes for lora on 1 x ml.p5.48xlarge\n" in shown
    jobs.write("model.yaml", draft.replace("task: lora", "task: finetune"))
    ended = jobs.hpctl("job", "submit", file, "--set", "IMAGE=train:1", "--dry-run", ends=ExitCode.CHECKS_FAILED)
    assert "does not go for finetune on 1 x ml.p5.48xlarge: does not fit" in ended.out
    assert "it goes on 3 x ml.p5.48xlarge: dp=12,tp=2,zero=3\n" in ended.out
    assert "at: model.yaml:" in ended.out
