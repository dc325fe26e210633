"""Which model a job trains, where that stands, and how it goes on the job's nodes; never a guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpctl.facts.job_model import JobModel, Origin
from hpctl.facts.model_ports import EMPTY_HUB
from hpctl.facts.placement import Placement
from hpctl.services.model.job_model import job_model
from hpctl.spec.job import Choice, JobSpec
from hpctl.spec.job_model import ModelWish
from hpctl.terms import Outcome
from tests.unit.services.model.configs import QWEN3_8B

BIG, SMALL, MIXTURE = "meta-llama/Llama-3.1-70B", "Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B"


class Cache:
    """A Hub of which one configuration is on this machine, and which must not be asked."""

    def __init__(self, model_id: str, path: Path) -> None:
        self._found = {model_id: path}

    def cached(self, model_id: str) -> Path | None:
        return self._found.get(model_id)

    def fetch(self, model_id: str) -> str:
        raise AssertionError(model_id)


def placed(instance_type: str | None = "ml.p5.48xlarge", devices: int = 8) -> Placement:
    return Placement(Choice(), instance_type, devices=devices)


def a_job(**members: Any) -> JobSpec:
    return JobSpec(**({"name": "train", "run": "python train.py"} | members))


def said(name: str, placement: Placement | None = None, nodes: int = 1, **words: Any) -> JobModel:
    job = a_job(nodes=nodes, model=ModelWish(name=name, **words))
    found = job_model(job, placement or placed(), EMPTY_HUB)
    assert found is not None
    assert (found.name, found.origin, found.where) == (name, Origin.SAID, "`model`")
    return found


def read(placement: Placement | None = None, **members: Any) -> JobModel | None:
    return job_model(a_job(**members), placement or placed(), EMPTY_HUB)


def test_a_model_that_fits_passes_with_what_it_needs_and_what_there_is() -> None:
    found = said(SMALL)
    (answer,) = found.answers
    assert (found.place, answer.task, answer.outcome) == ("1 x ml.p5.48xlarge", "finetune", Outcome.PASS)
    assert answer.evidence[0].startswith("needs 29.")
    assert "a device with dp=8,zero=3 (" in answer.evidence[0]
    assert answer.evidence[1] == "has 80.0 GiB a device"
    assert answer.remedy is None


def test_one_that_does_not_fails_and_says_on_how_many_nodes_it_would() -> None:
    (answer,) = said(BIG).answers
    assert answer.outcome is Outcome.FAIL
    assert answer.said[0].startswith("does not fit: optimizer")
    assert answer.remedy == (
        "it goes on 3 x ml.p5.48xlarge: dp=12,tp=2,zero=3\n"
        "hpctl check-model meta-llama/Llama-3.1-70B --instance-type ml.p5.48xlarge --task finetune --explain"
    )
    assert said(BIG, nodes=3).answers[0].outcome is Outcome.PASS


def test_the_layout_that_the_file_names_is_the_one_that_is_judged() -> None:
    (answer,) = said(BIG, nodes=3, parallel="tp=8,zero=1").answers
    assert answer.outcome is Outcome.FAIL
    assert "with dp=3,tp=8,zero=1 (" in answer.evidence[0]
    assert str(answer.remedy).startswith("it goes on 3 x ml.p5.48xlarge: dp=12,tp=2,zero=3\n")


def test_sequences_and_batches_of_the_file_count() -> None:
    (short,) = said(SMALL, seq_len=2048, parallel="zero=3").answers
    (long,) = said(SMALL, seq_len=16_384, micro_batch=8, parallel="zero=3").answers
    assert short.outcome is Outcome.PASS
    assert long.outcome is Outcome.FAIL


def test_what_saves_memory_counts() -> None:
    one = placed(devices=1)
    assert said(BIG, one, task="lora").answers[0].outcome is Outcome.FAIL
    words: dict[str, Any] = {"quantize": "nf4", "loss": "fused", "recompute": "full", "offload": ("activations",)}
    assert said(BIG, one, task="lora", **words).answers[0].outcome is Outcome.PASS


def test_what_no_framework_has_on_the_device_fails_and_says_where_it_goes() -> None:
    (answer,) = said(MIXTURE, placed("ml.trn1.32xlarge", 16)).answers
    assert answer.outcome is Outcome.FAIL
    assert "no framework has a class that splits `qwen3_moe`" in answer.said[0]
    assert str(answer.remedy).startswith("it goes on NVIDIA GPUs: transformers with PyTorch (supported)\nhpctl check-")


def test_what_must_be_pinned_is_a_warning() -> None:
    (answer,) = said(SMALL, placed("ml.trn1.32xlarge", 16)).answers
    assert answer.outcome is Outcome.WARN
    assert answer.said[0].startswith("pin Neuron SDK 2.26.1: ")
    assert answer.evidence[1] == "has 16.0 GiB a device"


def test_a_job_that_takes_a_part_of_its_nodes_is_judged_on_that_part() -> None:
    (whole,), (part,) = said(SMALL).answers, said(SMALL, placed(devices=1)).answers
    assert whole.outcome is Outcome.PASS
    assert part.outcome is Outcome.FAIL
    (chips,) = said(SMALL, placed("ml.trn1.32xlarge", 8)).answers
    assert chips.outcome is Outcome.WARN
    assert "dp=1,tp=16,zero=1" in chips.evidence[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"parallel": "tp=3"}, "`tp=3` takes multiples of 3 devices; there are 8"),
        ({"parallel": "xx=3"}, "`xx` is no degree of parallelism"),
        ({"precision": "bf61"}, "`bf61`"),
        ({"global_batch": 7, "parallel": "zero=3"}, "a global batch of 7 is no multiple of 1 x dp=8"),
        ({"quantize": "nf5"}, "`nf5` is no way of storing weights"),
        ({"optimizer": "adamx"}, "`adamx` is no optimizer whose state is known"),
    ],
)
def test_words_that_do_not_exist_fail_with_what_does(words: dict[str, Any], message: str) -> None:
    (answer,) = said(SMALL, **words).answers
    assert answer.outcome is Outcome.FAIL
    assert message in answer.said[0]
    assert answer.remedy


@pytest.mark.parametrize(
    ("name", "placement", "message"),
    [
        ("Qwen/Qwen3-8BB", placed(), "no model `Qwen/Qwen3-8BB` is known here"),
        ("Qwen3", placed(), "`Qwen3` is a family of models"),
        ("./nowhere", placed(), "there is no file `nowhere`"),
        (SMALL, placed(None), "the job's instance type is not known"),
        (SMALL, placed("ml.c5.large", 0), "the job asks for no accelerators, and models are judged on those alone"),
    ],
)
def test_what_cannot_be_judged_is_said_and_no_pass(name: str, placement: Placement, message: str) -> None:
    found = said(name, placement)
    assert found.answers == ()
    assert found.blind is not None
    assert found.blind.message == message
    assert found.blind.hint


def test_a_name_that_is_not_known_gets_the_nearest_and_no_flag_that_submit_does_not_have() -> None:
    blind = said("Qwen/Qwen3-8BB").blind
    assert blind is not None
    hint = str(blind.hint)
    assert hint.startswith("the nearest names are `Qwen/Qwen3-8B`")
    assert hint.endswith("bring that into the cache: hf download Qwen/Qwen3-8BB config.json")


def test_a_folder_and_the_hubs_cache_are_enough(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_8B), encoding="utf-8")
    assert said(str(tmp_path)).answers[0].outcome is Outcome.PASS
    cached = job_model(a_job(env={"MODEL_ID": "me/mine"}), placed(), Cache("me/mine", tmp_path / "config.json"))
    assert cached is not None
    assert cached.where == "the variable MODEL_ID"


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"env": {"MODEL_NAME": SMALL}}, "the variable MODEL_NAME"),
        ({"run": f"torchrun train.py --model_name_or_path {SMALL}"}, "`--model_name_or_path` of `run`"),
        ({"run": f"torchrun train.py \\\n  --model-name-or-path='{SMALL}' --x"}, "`--model-name-or-path` of `run`"),
        ({"run": 'vllm --model "${NAME}"', "env": {"NAME": SMALL}}, "`--model` of `run`"),
        ({"run": f"echo it's\nvllm --model {SMALL}"}, "`--model` of `run`"),
    ],
)
def test_a_name_that_plainly_stands_there_is_read_and_judged_for_every_task(members: Any, where: str) -> None:
    found = read(**members)
    assert found is not None
    assert (found.name, found.origin, found.where) == (SMALL, Origin.READ, where)
    assert [answer.task for answer in found.answers] == ["pretrain", "finetune", "lora", "inference"]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"env": {"MODEL_NAME": "my-run-42"}},
        {"env": {"MODEL_NAME": "Qwen3"}},
        {"env": {"MODEL_NAME": SMALL, "MODEL_ID": MIXTURE}},
        {"env": {"TEACHER": SMALL}},
        {"run": f"python train.py --model_name_or_path /fsx/{SMALL}"},
        {"run": f"python train.py --output {SMALL}"},
        {"run": f"# python train.py --model {SMALL}"},
        {"run": "python train.py --model $UNSET"},
        {"run": "python train.py --model"},
    ],
)
def test_nothing_is_claimed_of_what_may_be_anything(members: Any) -> None:
    assert read(**members) is None


def test_a_name_that_was_only_read_needs_a_place_to_be_judged_on() -> None:
    env = {"MODEL_NAME": SMALL}
    assert read(placed("ml.c5.large", 0), env=env) is None
    assert read(placed(None), env=env) is None
    assert job_model(a_job(env=env), None, EMPTY_HUB) is None


def test_what_the_file_says_wins_over_what_is_read() -> None:
    found = job_model(a_job(env={"MODEL_NAME": SMALL}, model=ModelWish(name=BIG)), placed(), EMPTY_HUB)
    assert found is not None
    assert (found.name, found.origin) == (BIG, Origin.SAID)
