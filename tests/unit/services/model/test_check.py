"""One model on one instance type: the verdict, its pin, its layout, and what the exit code will be."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import ChecksFailedError, ChecksUnknownError, ChecksWarnedError, NotFoundError, UsageError
from hpctl.estimate.regimes import Optimizer
from hpctl.estimate.training import Task
from hpctl.report.model import ModelOnType, ModelReport
from hpctl.services.model.check import check_model, demand_fit, unexplained
from hpctl.services.model.question import Question, Threshold, optimizer
from hpctl.spec.model_config import ModelConfig
from tests.unit.services.model.configs import GRANITE_8B, QWEN3_8B, QWEN3_MOE, TINY, config


def asked(*types: str, **said: Any) -> Question:
    return Question(said.pop("task", Task.FINETUNE), types, **said)


def report(raw: dict[str, Any], question: Question) -> ModelReport:
    return check_model(config(raw), (), question)


def row(raw: dict[str, Any], *types: str, **said: Any) -> ModelOnType:
    (found,) = report(raw, asked(*types, **said)).instance_types
    return found


def test_qwen3_8b_on_trn1_is_split_as_the_vendor_does_and_pinned() -> None:
    found = row(QWEN3_8B, "trn1.32xlarge")
    assert found.outcome == "warn"
    assert found.framework == "optimum-neuron"
    assert found.precision == "neuron-mixed"
    assert found.nodes == 1
    assert found.layouts[0].layout == "dp=4,tp=8,zero=1"
    assert found.device_memory_gib == 16
    assert found.caveats[0] == (
        "pin Neuron SDK 2.26.1: optimum-neuron 0.4.5 is built on Neuron SDK 2.26.1 and transformers ~=4.57.1"
    )
    assert found.uncertainty is not None
    assert "no measurement of Trainium's memory is public" in found.uncertainty


@pytest.mark.parametrize(("instance_type", "degree"), [("trn1.32xlarge", 8), ("trn2.48xlarge", 4)])
def test_the_search_finds_the_tensor_parallelism_of_the_vendors_example(instance_type: str, degree: int) -> None:
    """Source: optimum-neuron 0.4.5 examples/training, which fine-tune 8B models at 2,048 tokens."""
    best = row(QWEN3_8B, instance_type, sequence=2048).layouts[0]
    assert f",tp={degree}," in best.layout


def test_the_parts_of_the_memory_make_its_sum() -> None:
    best = row(QWEN3_8B, "ml.p5.48xlarge").layouts[0]
    assert sum(item.gib for item in best.memory) == pytest.approx(best.gib, abs=0.02)
    assert best.low_gib < best.gib < best.high_gib


def test_the_facts_are_exact_and_the_answer_on_gpus_has_no_caveat() -> None:
    answer = report(QWEN3_8B, asked("p5.48xlarge"))
    assert answer.model.parameters == 8_190_735_360
    assert answer.instance_types[0].outcome == "pass"
    assert answer.names() == ("ml.p5.48xlarge",)
    demand_fit(answer, asked("p5.48xlarge"), Threshold.WARN)


def test_a_model_without_a_parallel_class_fits_one_core_or_not_at_all() -> None:
    big = row(QWEN3_MOE, "trn1.32xlarge")
    assert big.outcome == "fail"
    assert big.reasons == ("no framework has a class that splits `qwen3_moe`, and it does not fit one core",)
    assert big.alternatives == ("NVIDIA GPUs: transformers with PyTorch (supported)",)
    small = row(TINY, "trn1.32xlarge")
    assert small.outcome == "warn"
    assert {"tp", "pp"}.isdisjoint(part.partition("=")[0] for part in small.layouts[0].layout.split(","))


def test_what_failed_ends_with_what_works_instead() -> None:
    question = asked("trn1.32xlarge")
    with pytest.raises(ChecksFailedError, match=r"`a/model` does not go for finetune on `ml.trn1.32xlarge`") as caught:
        demand_fit(report(QWEN3_MOE, question), question, Threshold.FAIL)
    assert caught.value.hint == "it does on NVIDIA GPUs: transformers with PyTorch (supported)"


def test_of_the_usual_types_one_is_enough_and_of_named_ones_all_must_do() -> None:
    demand_fit(report(QWEN3_MOE, asked()), asked(), Threshold.FAIL)
    both = asked("trn1.32xlarge", "p5.48xlarge")
    with pytest.raises(ChecksFailedError):
        demand_fit(report(QWEN3_MOE, both), both, Threshold.FAIL)


def test_caveats_count_beyond_the_threshold_alone() -> None:
    question = asked("trn1.32xlarge")
    answer = report(QWEN3_8B, question)
    demand_fit(answer, question, Threshold.FAIL)
    with pytest.raises(ChecksWarnedError, match=r"`a/model` goes for finetune, with caveats") as caught:
        demand_fit(answer, question, Threshold.WARN)
    assert caught.value.hint == answer.instance_types[0].caveats[0]


def test_memory_that_nobody_has_published_is_unknown_and_no_pass() -> None:
    question = asked("p6e-gb200.36xlarge")
    answer = report(QWEN3_8B, question)
    assert answer.instance_types[0].outcome == "unknown"
    assert answer.names() == ()
    with pytest.raises(ChecksUnknownError) as caught:
        demand_fit(answer, question, Threshold.FAIL)
    assert caught.value.hint == "nobody has published the accelerator memory of `ml.p6e-gb200.36xlarge`"


def test_a_type_that_hyperpod_does_not_take_is_said_and_answered_all_the_same() -> None:
    found = row(QWEN3_8B, "trn2u.48xlarge")
    assert found.caveats[0] == "not a HyperPod instance type: CreateCluster does not take it"
    assert found.nodes == 1


def test_a_card_without_bfloat16_is_said() -> None:
    assert "NVIDIA T4 has no bfloat16: train in float16 or float32" in row(QWEN3_8B, "g4dn.12xlarge").caveats


def test_a_layout_with_a_way_that_the_framework_lacks_is_refused() -> None:
    found = row(GRANITE_8B, "trn1.32xlarge", parallel="tp=8,pp=2")
    assert found.outcome == "fail"
    assert found.reasons == ("does not fit: the framework has no pipeline parallelism for it (pp=2)",)
    assert row(GRANITE_8B, "trn1.32xlarge", parallel="tp=8").layouts[0].layout == "dp=4,tp=8,zero=1"
    assert "zero=1, not 3" in row(QWEN3_8B, "trn1.32xlarge", parallel="tp=8,zero=3").reasons[0]


def test_a_layout_that_the_heads_forbid_names_what_is_possible() -> None:
    (reason,) = row(
        QWEN3_8B | {"num_attention_heads": 28, "num_key_value_heads": 4}, "trn1.32xlarge", parallel="tp=8"
    ).reasons
    assert "28 attention heads cannot be divided by tp=8" in reason
    assert "tp=4" in reason


def test_a_layout_is_judged_on_the_nodes_that_are_asked_for() -> None:
    best = row(QWEN3_8B, "p5.48xlarge", parallel="tp=8", nodes=4).layouts[0]
    assert (best.layout, best.nodes) == ("dp=4,tp=8,zero=3", 4)
    with pytest.raises(UsageError, match="takes multiples of 16 devices"):
        row(QWEN3_8B, "p5.48xlarge", parallel="tp=8,pp=2", nodes=1)


def test_what_does_not_fit_as_asked_says_what_takes_the_memory() -> None:
    (reason,) = row(QWEN3_8B, "p5.4xlarge", parallel="tp=1").reasons
    assert reason.startswith("does not fit: ")
    assert "GiB in 80.0 GiB" in reason


def test_inference_counts_weights_and_the_cache() -> None:
    found = row(QWEN3_8B, "p5.48xlarge", task=Task.INFERENCE, sequence=32768, micro_batch=4)
    assert {item.name for item in found.layouts[0].memory} >= {"weights", "KV cache"}
    assert found.precision == "bf16"
    with pytest.raises(UsageError, match="`int3` is no precision of inference"):
        row(QWEN3_8B, "p5.48xlarge", task=Task.INFERENCE, precision="int3")


def test_lora_keeps_the_weights_frozen() -> None:
    names = {item.name for item in row(QWEN3_8B, "p5.48xlarge", task=Task.LORA).layouts[0].memory}
    assert "adapters" in names


def test_formulas_are_told_when_they_are_asked_for() -> None:
    answer = report(QWEN3_8B, asked("p5.48xlarge"))
    assert any("8,190,735,360" in line for line in answer.instance_types[0].explanation)
    assert unexplained(answer).instance_types[0].explanation == ()


def test_names_that_nobody_knows_name_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"`p5.48xlarg` is not an instance type"):
        row(QWEN3_8B, "p5.48xlarg")
    assert optimizer("lion") is Optimizer.LION
    with pytest.raises(UsageError, match="`adamv` is no optimizer") as caught:
        optimizer("adamv")
    assert caught.value.hint is not None
    assert "`adamw`" in caught.value.hint
    with pytest.raises(UsageError, match="is not a precision regime"):
        row(QWEN3_8B, "p5.48xlarge", precision="bf17")


def test_what_wraps_a_llama_is_not_supported_as_one() -> None:
    text = QWEN3_8B | {"model_type": "llama"}
    wrapped = ModelConfig("a/vlm", "config.json", "llama", None, text, {"model_type": "idefics3", "text_config": text})
    (found,) = check_model(wrapped, (), asked("trn1.32xlarge")).instance_types
    assert found.outcome == "fail"
    assert "`idefics3`" in found.reasons[0]


def test_what_the_estimate_holds_already_is_a_note_and_stops_nobody() -> None:
    question = asked("p5.48xlarge", parallel="pp=8")
    answer = report(QWEN3_8B, question)
    (found,) = answer.instance_types
    assert (found.outcome, found.caveats) == ("pass", ())
    assert found.notes == ("36 layers over pp=8: 4 stages have 5, the others 4",)
    demand_fit(answer, question, Threshold.WARN)


def test_what_somebody_should_mend_in_a_layout_is_a_caveat() -> None:
    found = row(QWEN3_8B, "p5.48xlarge", parallel="tp=16", nodes=2)
    assert (found.outcome, found.notes) == ("warn", ("tp=16 repeats each of 8 KV heads 2 times",))
    assert found.caveats == ("tp=16 reaches beyond the 8 devices of a node, over the network",)


@pytest.mark.parametrize("instance_type", ["trn1.32xlarge", "trn2.48xlarge"])
def test_on_trainium_caveats_are_of_support_and_not_that_nobody_has_measured(instance_type: str) -> None:
    found = row(QWEN3_8B, instance_type)
    assert found.uncertainty is not None
    assert "no measurement" in found.uncertainty
    assert [one for one in found.caveats if "measurement" in one] == []


def test_what_fits_on_more_nodes_or_otherwise_split_says_so() -> None:
    big = QWEN3_8B | {"num_hidden_layers": 300}
    assert row(big, "p5.48xlarge", nodes=1).alternatives == ("2 x ml.p5.48xlarge: dp=8,tp=2,zero=3",)
    (told,) = row(big, "p5.48xlarge", parallel="tp=8,zero=1").alternatives
    assert told.startswith("2 x ml.p5.48xlarge: ")
    assert row(big, "trn1.32xlarge", nodes=1).alternatives[0].startswith("4 x ml.trn1.32xlarge: ")


def test_more_tokens_than_the_model_has_positions_is_a_caveat() -> None:
    assert row(QWEN3_8B, "p5.48xlarge", sequence=40_960).caveats == ()
    beyond = row(QWEN3_8B, "p5.48xlarge", sequence=65_536)
    assert beyond.outcome == "warn"
    assert beyond.caveats == ("65,536 tokens are more than the 40,960 positions of its configuration",)
