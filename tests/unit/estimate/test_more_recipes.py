"""More published set-ups: each one that ran is predicted to fit, each one that ran out of memory not to.

Sources of what ran: aws/sagemaker-hyperpod-recipes, fine-tuning with verl 0.7.0, whose files name the tokens a GPU that
were tried on an instance type (a6030c3, b7d919b, e7a048a, f08078c, 3a4e7ca; FSDP2 over one node, bf16, everything
recomputed, Liger's fused loss, LoRA of rank 32; DPO takes a pair of samples and keeps a reference model).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.models import find_model
from hpctl.estimate.constraints import violations
from hpctl.estimate.device import GIB, Device, device_of
from hpctl.estimate.inference import inference_memory
from hpctl.estimate.items import Memory
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.memory import memory
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Adapter, Inference, Logits, Operations, Recompute, Step, Targets, Training
from hpctl.spec.model_read import model_config
from hpctl.terms import AcceleratorKind
from tests.in_turn import in_turn
from tests.unit.estimate.shapes import LLAMA2_7B, LLAMA2_70B, LLAMA_8B, LLAMA_70B, gated


def _words(text: str) -> tuple[str, str, int]:
    kind, method, thousands = text.split()
    return kind, method, int(thousands)


_LISTED = {
    "meta-llama/Llama-3.1-8B": (
        "g5.12xlarge dpo-lora 5", "g5.48xlarge dpo-lora 6", "g6e.12xlarge dpo-lora 12", "p4d.24xlarge dpo-lora 11",
        "p4de.24xlarge dpo-lora 24", "p5.48xlarge dpo-full 24", "g6.12xlarge lora 10", "g5.48xlarge lora 12",
        "g6.48xlarge full 10", "g6e.12xlarge full 20", "g6e.12xlarge lora 25", "p5.48xlarge full 48",
        "p5.48xlarge lora 49",
    ),
    "meta-llama/Llama-3.2-1B": (
        "g5.12xlarge full 16", "g5.48xlarge full 17", "g6.48xlarge dpo-full 8", "p4d.24xlarge full 31",
        "p5.48xlarge full 60", "p4de.24xlarge lora 58",
    ),
    "meta-llama/Llama-3.2-3B": (
        "g6.12xlarge full 11", "g6.48xlarge full 13", "g6e.12xlarge full 28", "p4d.24xlarge full 26",
        "p5.48xlarge full 55",
    ),
    "meta-llama/Llama-3.3-70B-Instruct": (
        "p5.48xlarge lora 8", "p4de.24xlarge dpo-lora 4",
    ),
    "Qwen/Qwen2.5-7B": (
        "p4d.24xlarge dpo-lora 10", "p4de.24xlarge full 29", "p5.48xlarge full 21", "g5.12xlarge lora 5",
    ),
    "Qwen/Qwen2.5-14B": (
        "g5.48xlarge lora 4", "p4d.24xlarge full 10", "p4de.24xlarge full 27", "p4d.24xlarge lora 15",
        "g6e.12xlarge dpo-lora 8",
    ),
    "Qwen/Qwen2.5-32B": (
        "g6.48xlarge lora 5", "g6.48xlarge dpo-lora 2", "g6e.12xlarge lora 5", "p4d.24xlarge lora 12",
        "p4de.24xlarge full 16", "p5.48xlarge full 11", "p4de.24xlarge dpo-lora 15",
    ),
    "Qwen/Qwen2.5-72B": (
        "p4de.24xlarge dpo-lora 4",
    ),
    "Qwen/Qwen3-4B": (
        "p5.48xlarge dpo-full 23", "g6.48xlarge dpo-full 5",
    ),
    "Qwen/Qwen3-8B": (
        "p5.48xlarge dpo-full 9", "p4d.24xlarge dpo-lora 10",
    ),
    "Qwen/Qwen3-14B": (
        "p5.48xlarge dpo-lora 19", "g6.12xlarge dpo-lora 1",
    ),
    "Qwen/Qwen3-32B": (
        "p5.48xlarge dpo-lora 15", "p4d.24xlarge dpo-lora 6",
    ),
    "openai/gpt-oss-20b": (
        "p5.48xlarge full 16", "p5.48xlarge lora 34",
    ),
    "openai/gpt-oss-120b": (
        "p5.48xlarge lora 16",
    ),
}  # fmt: skip
_VERL = tuple((model, *_words(text)) for model, texts in _LISTED.items() for text in texts)


@in_turn(("model", "kind", "method", "thousands"), _VERL)
def test_what_aws_lists_for_an_instance_type_is_predicted_to_fit_it(
    model: str, kind: str, method: str, thousands: int
) -> None:
    device = device_of(instance_type(f"ml.{kind}"))
    assert device is not None
    shape, layout = _shape(model), Layout(device.per_node)
    asked = _asked(method, thousands * 1024)
    assert not violations(shape, asked, layout)
    assert memory(shape, asked, layout, device).fits


@cache
def _shape(name: str) -> ModelShape:
    known = find_model(name)
    assert known is not None
    return shape_of(model_config(known.config, name=name, origin="catalogue"))


def _asked(method: str, sequence: int) -> Training:
    preference = method.startswith("dpo")
    return Training(
        REGIMES["bf16"],
        sequence,
        adapter=Adapter(rank=32) if method.endswith("lora") else None,
        logits=Logits.HALF if preference else Logits.FUSED,
        sequences=2 if preference else 1,
        reference_bytes=2.0 if method == "dpo-full" else 0.0,
    )


def test_the_longest_sequences_that_are_listed_fill_a_good_part_of_the_card() -> None:
    """They were raised for each card: an estimate far below all of them would be wrong."""
    uses = []
    for model, kind, method, thousands in _VERL:
        device = device_of(instance_type(f"ml.{kind}"))
        assert device is not None
        uses.append(memory(_shape(model), _asked(method, thousands * 1024), Layout(device.per_node), device).use)
    assert sorted(uses)[len(uses) // 2] > 0.4


def _card(gib: float) -> Device:
    return Device(f"{gib:g} GiB", AcceleratorKind.NVIDIA, gib * GIB, 8)


_ONE = Layout(sharding=Sharding.NONE)
_Q_V = Adapter(rank=8, targets=Targets.ATTENTION)
_HUGGING_FACE = Adapter(rank=32, weight_bytes=0.55, plain_bytes=4.0)
_QWEN_72B = gated(8192, 80, 64, 64, 24576, 152064)
_LLAMA2_13B = gated(5120, 40, 40, 40, 13824, 32000)
_MIXED, _BF16 = REGIMES["bf16-mixed"], REGIMES["bf16"]


def _litgpt(micro_batch: int) -> Training:
    lean = Training(_BF16, 1304, micro_batch, recompute=Recompute.NONE, logits=Logits.HALF, adapter=_Q_V)
    return replace(lean, operations=Operations.EAGER)


_RAN_OUT = {
    "8B full, AdamW, one card of 80 GB": (LLAMA_8B, Training(_MIXED, 2048), _ONE, 80),
    "8B full in bf16, one card of 40 GB": (LLAMA_8B, Training(_BF16, 2048), _ONE, 40),
    "7B full, float32, one A100 80GB (llama-cookbook 413)": (LLAMA2_7B, Training(REGIMES["fp32"], 2048), _ONE, 80),
    "7B full, one A100 80GB (stanford_alpaca 220)": (LLAMA2_7B, Training(_MIXED, 512), _ONE, 80),
    "13B full, two A800 80GB (LLaMA2-Accessory 26)": (_LLAMA2_13B, Training(_MIXED, 512), Layout(2), 80),
    "70B full on one p4d.24xlarge": (LLAMA_70B, Training(_MIXED, 4096), Layout(8), 40),
    "70B full in bf16 on one p5.48xlarge": (LLAMA_70B, Training(_BF16, 4096), Layout(8), 80),
    "7B LoRA, batch 4, A100 40GB (LitGPT)": (LLAMA2_7B, _litgpt(4), _ONE, 40),
    "13B LoRA, batch 2, A100 40GB (LitGPT)": (
        _LLAMA2_13B, _litgpt(2), _ONE, 40
    ),
    "70B QLoRA, 48 GB, Hugging Face (Unsloth benchmarks)": (
        LLAMA_70B, Training(_MIXED, 512, adapter=_HUGGING_FACE, operations=Operations.EAGER), _ONE, 48
    ),
    "8B QLoRA, 8 GB, Hugging Face (Unsloth benchmarks)": (
        LLAMA_8B, Training(_MIXED, 512, adapter=_HUGGING_FACE, operations=Operations.EAGER), _ONE, 8
    ),
    "72B LoRA without ZeRO-3, four A100 80GB (Qwen README)": (
        _QWEN_72B, Training(_BF16, 256, adapter=Adapter(rank=64)), Layout(4, sharding=Sharding.ZERO2), 80
    ),
    "7B full in bf16, foreach, A100 80GB, 8192 tokens (ms-swift)": (
        gated(4096, 32, 32, 32, 11008, 151936),
        Training(_BF16, 8192, logits=Logits.COPIED, operations=Operations.EAGER, step=Step.FOREACH), _ONE, 80
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _RAN_OUT)
def test_what_ran_out_of_memory_is_predicted_not_to_fit(name: str) -> None:
    shape, asked, layout, gib = _RAN_OUT[name]
    assert not memory(shape, asked, layout, _card(gib)).fits


_SERVED: dict[str, tuple[ModelShape, Inference, int, float]] = {
    "34B bf16 on 40 GB (LitGPT)": (gated(8192, 48, 64, 8, 22016, 32000), Inference(256), 1, 40),
    "70B bf16 on 40 GB (LitGPT)": (LLAMA2_70B, Inference(256), 1, 40),
    "14B at 131,072 tokens on two cards of 24 GB (vLLM 13061)": (
        gated(5120, 48, 40, 8, 13824, 152064), Inference(131_072), 2, 23.08
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _SERVED)
def test_what_could_not_be_served_is_predicted_not_to_fit(name: str) -> None:
    shape, asked, tensor, gib = _SERVED[name]
    need: Memory = inference_memory(shape, asked, Layout(tensor=tensor), _card(gib))
    assert not need.fits
