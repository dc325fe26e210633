"""The four answers to "is it supported on Trainium?", each with its pin, and what works instead."""

from __future__ import annotations

import pytest

from hpctl.catalog.model_support import Status
from hpctl.estimate.training import Task
from hpctl.services.model.support import alternatives, verdicts


def said(model_type: str, task: Task, device: str) -> list[tuple[str, str, str | None]]:
    return [(row.framework, row.status, row.sdk) for row in verdicts(model_type, task, device)]


def test_qwen3_is_trained_by_optimum_neuron_with_the_sdk_to_pin() -> None:
    assert said("qwen3", Task.PRETRAIN, "trn1") == [("optimum-neuron", "supported", "2.26.1")]
    (row,) = verdicts("qwen3", Task.PRETRAIN, "trn1")
    assert row.parallelism == ("DP", "ZeRO-1", "TP", "SP", "PP")
    assert row.pin == "optimum-neuron 0.4.5 is built on Neuron SDK 2.26.1 and transformers ~=4.57.1"
    assert row.lifecycle == "Neuron SDK 2.30 and later no longer train with PyTorch/XLA: training stays on SDK 2.26.1"
    assert row.source is not None
    assert "modeling_qwen3.py" in row.source


def test_qwen3_moe_has_no_class_for_training() -> None:
    assert said("qwen3_moe", Task.FINETUNE, "trn1") == [("optimum-neuron", "fits-one-core-only", "2.26.1")]
    assert said("qwen3_moe", Task.FINETUNE, "trn2") == [
        ("TorchNeuron (native PyTorch)", "private-beta", None),
        ("optimum-neuron", "fits-one-core-only", "2.26.1"),
    ]


def test_qwen3_is_served_on_trn1_by_a_pinned_sdk() -> None:
    assert said("qwen3", Task.INFERENCE, "trn1") == [
        ("optimum-neuron (NxD decoders)", "supported", "2.26.1"),
        ("NxD Inference of SDK 2.28", "supported-pin", "2.28.1"),
        ("NxD Inference contrib", "contrib", None),
    ]


def test_the_embedding_recipe_of_vllm_does_not_make_the_generative_qwen3_supported() -> None:
    assert "vLLM Neuron" not in {framework for framework, _, _ in said("qwen3", Task.INFERENCE, "trn2")}


def test_granite_is_trained_without_pipelines() -> None:
    (row,) = verdicts("granite", Task.PRETRAIN, "trn1")
    assert "PP" not in row.parallelism
    assert "TP" in row.parallelism


def test_mixtral_needs_the_last_sdk_with_nxd_training() -> None:
    assert said("mixtral", Task.PRETRAIN, "trn1")[0] == ("NxD Training", "supported-pin", "2.28")


def test_lora_is_supported_where_the_framework_says_so() -> None:
    assert said("llama", Task.LORA, "trn1") == [
        ("optimum-neuron", "supported", "2.26.1"),
        ("NxD Training", "supported-pin", "2.28"),
    ]
    assert "NxD Training" not in {framework for framework, _, _ in said("mixtral", Task.LORA, "trn1")}


def test_a_model_that_is_too_new_for_the_pinned_transformers_is_told_so() -> None:
    (row,) = verdicts("qwen3_5", Task.FINETUNE, "trn1")
    assert row.status == "no"
    assert row.note is not None
    assert "no framework that hpctl knows has `qwen3_5` for finetune on trn1" in row.note
    assert "optimum-neuron is built on transformers 4.57.1, which does not know it" in row.note


@pytest.mark.parametrize(
    ("model_type", "framework", "parallelism", "methods"),
    [
        ("llama", "optimum-neuron", {"DP", "ZeRO-1", "TP", "SP", "PP"}, "supported"),
        ("llama", "NxD Training", {"DP", "ZeRO-1", "TP", "SP", "PP", "CP"}, "supported-pin"),
        ("mixtral", "NxD Training", {"DP", "ZeRO-1", "TP", "SP", "PP", "EP"}, "supported-pin"),
        ("mistral", "NxD Training", {"DP", "ZeRO-1", "TP", "SP"}, "supported-pin"),
        ("qwen3", "optimum-neuron", {"DP", "ZeRO-1", "TP", "SP", "PP"}, "supported"),
        ("granite", "optimum-neuron", {"DP", "ZeRO-1", "TP", "SP"}, "supported"),
        ("gpt_neox", "NxD Core (sample scripts)", {"DP", "ZeRO-1", "TP"}, "supported-pin"),
        ("dbrx", "NxD Core (sample scripts)", {"DP", "ZeRO-1", "TP", "SP", "PP"}, "supported-pin"),
        ("qwen2", "optimum-neuron", {"DP", "ZeRO-1"}, "fits-one-core-only"),
        ("gemma2", "optimum-neuron", {"DP", "ZeRO-1"}, "fits-one-core-only"),
    ],
)
def test_each_framework_trains_with_the_splits_that_it_has(
    model_type: str, framework: str, parallelism: set[str], methods: str
) -> None:
    row = next(row for row in verdicts(model_type, Task.PRETRAIN, "trn1") if row.framework == framework)
    assert (set(row.parallelism), row.status) == (parallelism, methods)


@pytest.mark.parametrize("model_type", ["gemma3_text", "idefics3"])
def test_what_is_on_a_main_branch_alone_is_told_as_code(model_type: str) -> None:
    found = [row for row in verdicts(model_type, Task.INFERENCE, "trn1") if "optimum-neuron" in row.framework]
    assert [(row.status, row.note) for row in found] == [("code-only", "on the main branch alone, in no release")]


def test_inference_by_nxd_has_left_trn1_and_says_which_sdk_still_has_it() -> None:
    assert ("NxD Inference of SDK 2.28", "supported-pin", "2.28.1") in said("llama", Task.INFERENCE, "trn1")
    assert "NxD Inference" not in {framework for framework, _, _ in said("llama", Task.INFERENCE, "trn1")}


def test_vllm_neuron_is_for_trn2_and_trn3_alone() -> None:
    for model_type in ("llama", "gpt_oss", "qwen3_vl"):
        for device in ("trn1", "trn1n", "inf2", "trn2", "trn3"):
            here = "vLLM Neuron" in {framework for framework, _, _ in said(model_type, Task.INFERENCE, device)}
            assert here == (device in {"trn2", "trn3"}), (model_type, device)


def test_deepseek_v3_is_served_by_a_community_port_and_code_that_is_not_registered() -> None:
    assert [status for _, status, _ in said("deepseek_v3", Task.INFERENCE, "trn2")] == ["contrib", "code-only"]


def test_gpus_have_what_transformers_has() -> None:
    assert said("qwen3_moe", Task.FINETUNE, "nvidia") == [("transformers with PyTorch", "supported", None)]
    assert said("no_such_model", Task.FINETUNE, "nvidia")[0][1] == "no"


@pytest.mark.parametrize("task", list(Task))
def test_code_beside_the_weights_is_told_as_such_and_not_as_missing(task: Task) -> None:
    (row,) = verdicts("kimi_k2", task, "nvidia")
    assert row.status == "code-only"
    assert (
        row.note
        == "its code lies beside its weights and runs with `trust_remote_code`; no release of transformers has it"
    )


def test_the_largest_llama_is_told_to_need_trn2_of_the_pinned_sdk() -> None:
    row = next(one for one in verdicts("llama", Task.INFERENCE, "trn1") if one.framework == "NxD Inference of SDK 2.28")
    assert row.note == "Llama 3.1 405B needs Trn2"


def test_published_recipes_stand_beside_it_and_tell_what_they_are_for() -> None:
    assert [framework for framework, _, _ in said("llama", Task.PRETRAIN, "nvidia")] == [
        "transformers with PyTorch",
        "SageMaker HyperPod recipes",
        "NVIDIA NeMo",
        "Megatron-Core (DGX Cloud benchmarks)",
    ]
    assert [framework for framework, _, _ in said("llama", Task.LORA, "nvidia")] == [
        "transformers with PyTorch",
        "SageMaker HyperPod recipes",
    ]


def test_a_multimodal_model_is_judged_as_a_whole_and_by_the_text_part_that_bears_its_name() -> None:
    found = verdicts("llama4", Task.INFERENCE, "trn2")
    assert {row.framework for row in found} >= {"NxD Inference", "optimum-neuron (NxD decoders)"}


def test_alternatives_name_where_it_works_and_what_to_pin() -> None:
    assert list(alternatives("qwen3_moe", Task.FINETUNE, "trn1")) == [
        "NVIDIA GPUs: transformers with PyTorch (supported)"
    ]
    assert "trn1: optimum-neuron (NxD decoders) (supported, Neuron SDK 2.26.1)" in list(
        alternatives("qwen3", Task.INFERENCE, "trn3")
    )


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("device", ["inf1", "inf2", "trn1", "trn1n", "trn2", "trn3", "nvidia"])
def test_there_is_always_an_answer_and_the_best_comes_first(task: Task, device: str) -> None:
    order = list(Status)
    for model_type in ("llama", "qwen3", "granite", "mixtral", "gpt_oss", "unheard_of"):
        ranks = [order.index(Status(row.status)) for row in verdicts(model_type, task, device)]
        assert ranks
        assert ranks == sorted(ranks)


def test_the_device_itself_is_no_alternative() -> None:
    assert not [one for one in alternatives("qwen3", Task.INFERENCE, "trn1") if one.startswith("trn1:")]
    assert not [one for one in alternatives("qwen3", Task.INFERENCE, "nvidia") if one.startswith("NVIDIA")]
