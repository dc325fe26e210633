"""Every published training set-up is predicted to fit the machines that it was published for."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from hpctl.catalog.instance_types import instance_type
from hpctl.estimate.constraints import violations
from hpctl.estimate.device import Device, device_of
from hpctl.estimate.items import Memory
from hpctl.estimate.layout import Layout, SequenceSplit, Sharding
from hpctl.estimate.memory import memory
from hpctl.estimate.regimes import REGIMES, Regime
from hpctl.estimate.training import Adapter, Logits, Offload, Recompute, Training
from hpctl.terms import AcceleratorKind
from tests.unit.estimate import shapes

Row = Mapping[str, str]

# Gemma 4 and Qwen3.5 are stood in for by a dense model of their size and vocabulary: what is tested is the memory.
_MODELS = shapes.MPT | {
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": shapes.LLAMA_70B,
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": shapes.LLAMA_8B,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B": shapes.QWEN2_14B,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": shapes.QWEN2_7B,
    "google/gemma-4-31B-it": shapes.gated(5376, 68, 32, 16, 21504, 262144, tied=True),
    "google/gemma-4-E4B-it": shapes.gated(2560, 42, 8, 2, 20480, 262144, dim=256, tied=True),
    "meta-llama/Llama-2-70b-hf": shapes.LLAMA2_70B,
    "meta-llama/Llama-2-7b-hf": shapes.LLAMA2_7B,
    "meta-llama/Llama-3.1-405B": shapes.LLAMA_405B,
    "meta-llama/Llama-3.1-8B": shapes.LLAMA_8B,
    "meta-llama/Llama-3.2-1B-Instruct": shapes.LLAMA_1B,
    "meta-llama/Meta-Llama-3-70B": shapes.LLAMA_70B,
    "meta-llama/Meta-Llama-3-8B": shapes.LLAMA_8B,
    "mistralai/Mistral-7B-v0.1": shapes.MISTRAL_7B,
    "mistralai/Mistral-Nemo-Base-2407": shapes.NEMO_12B,
    "openai/gpt-oss-120b-bf16": shapes.GPT_OSS_120B,
    "Qwen/Qwen2.5-14B-Instruct": shapes.QWEN2_14B,
    "Qwen/Qwen3-0.6B": shapes.QWEN3_600M,
    "Qwen/Qwen3-14B": shapes.QWEN3_14B,
    "Qwen/Qwen3-4B": shapes.QWEN3_4B,
    "Qwen/Qwen3.5-9B": shapes.gated(4096, 36, 32, 8, 12288, 248320),
}

_OTHER_MACHINES = {
    "8 x H100 80GB node": "ml.p5.48xlarge",
    "GB300 x4 node (no HyperPod type)": "ml.p6-b300.48xlarge",  # a GB300 has the memory of a B300
}

_RECOMPUTE = {"full": Recompute.FULL, "selective": Recompute.ATTENTION, "none": Recompute.NONE}
_ZERO = {"": Sharding.ZERO1, "0": Sharding.NONE, "1": Sharding.ZERO1, "3": Sharding.ZERO3}
_OFFLOAD = {"activations": Offload.ACTIVATIONS, "optim": Offload.OPTIMIZER, "param": Offload.WEIGHTS}


@pytest.fixture(scope="module")
def recipes(shared: Path) -> tuple[Row, ...]:
    """The published set-ups."""
    with (shared / "facts/training-recipes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def test_every_published_recipe_is_predicted_to_fit(recipes: tuple[Row, ...]) -> None:
    """Node counts were often chosen for speed, so nothing is asked about how full the devices are."""
    misses = [
        f"{row['model']} {row['method']} on {row['nodes']} x {row['instance_type']}: {need.use:.2f}"
        for row in recipes
        if not (need := _least(row)).fits
    ]
    assert len(recipes) == 40
    assert misses == []


def test_no_constraint_forbids_a_published_recipe(recipes: tuple[Row, ...]) -> None:
    """What somebody has run is allowed."""
    forbidden = [
        f"{row['model']}: {found.reason}"
        for row in recipes
        for found in violations(_MODELS[row["model"]], _asked(row, Recompute.FULL), _layout(row))
    ]
    assert forbidden == []


def test_micro_batches_that_were_tuned_to_the_card_fill_it(recipes: tuple[Row, ...]) -> None:
    """MosaicML raised them until memory ran out: an estimate far below the card's memory would be wrong."""
    uses = sorted(_least(row).use for row in recipes if row["model"].startswith("MPT"))
    assert 0.60 < uses[len(uses) // 2] <= 1.0


def _least(row: Row) -> Memory:
    """The memory of a row; where it does not tell what is recomputed, of the mode that needs least."""
    modes = (_RECOMPUTE[row["recompute"]],) if row["recompute"] else tuple(Recompute)
    needs = (memory(_MODELS[row["model"]], _asked(row, mode), _layout(row), _device(row)) for mode in modes)
    return min(needs, key=lambda need: need.total)


def _device(row: Row) -> Device:
    name = _OTHER_MACHINES.get(row["instance_type"], row["instance_type"])
    device = device_of(instance_type(name))
    if device is None:  # EC2 publishes no figure for GB200: NVIDIA's 186 GB
        return Device("GB200", AcceleratorKind.NVIDIA, 186e9, 4)
    return device


def _layout(row: Row) -> Layout:
    ranks = int(row["ranks_per_node"]) * int(row["nodes"])
    tensor, pipeline, context = (int(row[key] or 1) for key in ("tp", "pp", "cp"))
    sharded = "shard" in row["sharding"] or "fsdp" in row["sharding"]
    return Layout(
        data=ranks // (tensor * pipeline * context),
        tensor=tensor,
        pipeline=pipeline,
        context=context,
        expert=int(row["ep"] or 1),
        sharding=Sharding.ZERO3 if sharded else _ZERO[row["zero"]],
        sequence=SequenceSplit.SPLIT if tensor > 1 else SequenceSplit.WHOLE,
    )


def _asked(row: Row, recompute: Recompute) -> Training:
    preference = row["task"] in {"dpo", "orpo"} or row["method"] in {"dpo", "orpo"}
    adapter = Adapter(weight_bytes=_frozen(row)) if "lora" in row["method"] else None
    return Training(
        regime=_regime(row),
        sequence=int(row["seq_len"]),
        micro_batch=int(row["micro_batch"] or 1),
        recompute=recompute,
        logits=_logits(row),
        adapter=adapter,
        reference_bytes=2.0 if "dpo" in {row["task"], row["method"]} and adapter is None else 0.0,
        sequences=2 if preference else 1,
        offload=frozenset(_OFFLOAD[word] for word in row["offload"].split()),
    )


def _logits(row: Row) -> Logits:
    """AWS's newer recipes run verl with Liger; llm-foundry trains with flash-attn's loss; DPO needs labels only."""
    if row["sharding"] == "fsdp2" or row["task"] in {"sft", "grpo"}:
        return Logits.FUSED
    return Logits.HALF if "mosaicml" in row["source"] or "dpo" in {row["task"], row["method"]} else Logits.WHOLE


def _frozen(row: Row) -> float:
    if row["method"] == "qlora" or row["weight_quant"] == "4bit":
        return 0.55
    return 4.0 if row["precision"] == "fp32" else 2.0


def _regime(row: Row) -> Regime:
    match row["precision"], row["sharding"]:
        case ("mixed_precision" | "autocast", _):
            name = "neuron-mixed"
        case ("bf16", "fsdp2") | ("bf16", "full_shard"):
            name = "bf16"
        case ("fp32", _):
            name = "fp32"
        case (_, sharding) if sharding:
            name = "bf16-mixed"
        case _:
            name = "megatron-mixed"
    return REGIMES[name]
