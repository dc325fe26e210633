"""The lines of an estimate, and the laws that all estimates obey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.estimate.device import GIB
from hpctl.estimate.layout import Layout, SequenceSplit, Sharding
from hpctl.estimate.memory import binding, memory, stage_memory
from hpctl.estimate.regimes import REGIMES, Optimizer
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import held, stages
from hpctl.estimate.training import Adapter, Kernel, Logits, Offload, Recompute, Targets, Training
from tests.unit.estimate.shapes import (
    H100,
    LLAMA2_70B,
    LLAMA_8B,
    LLAMA_70B,
    LLAMA_405B,
    MIXTRAL,
    MPT,
    QWEN3_4B,
    QWEN3_8B,
    TRAINIUM1,
)

_MIXED = REGIMES["bf16-mixed"]
_ASKED = Training(_MIXED, 4096)
_MODELS = (LLAMA_8B, LLAMA_70B, MIXTRAL, QWEN3_4B, MPT["MPT-7b"])


def test_shapes_written_by_hand_have_the_published_counts() -> None:
    """The rest of these tests stands on them."""
    assert LLAMA_8B.parameters == 8_030_261_248
    assert LLAMA_405B.parameters == 405_853_388_800
    assert MIXTRAL.parameters == 46_702_792_704
    assert MIXTRAL.active_parameters == 12_879_925_248


@pytest.mark.parametrize(
    ("regime", "sharding", "each"),
    [
        ("zero-mixed", Sharding.NONE, 16),
        ("zero-mixed", Sharding.ZERO1, 4 + 12 / 8),
        ("zero-mixed", Sharding.ZERO2, 2 + 14 / 8),
        ("zero-mixed", Sharding.ZERO3, 16 / 8),
        ("megatron-mixed", Sharding.NONE, 18),
        ("megatron-mixed", Sharding.ZERO1, 6 + 12 / 8),
        ("bf16-mixed", Sharding.ZERO3, 16 / 8),
        ("bf16", Sharding.ZERO3, 8 / 8),
        ("bf16-fp32-optimizer", Sharding.NONE, 12),
        ("neuron-mixed", Sharding.ZERO1, 6 + 12 / 8),
        ("neuron-bf16", Sharding.ZERO1, 4 + 4 / 8),
        ("fp32", Sharding.NONE, 16),
    ],
)
def test_states_take_the_published_bytes_a_parameter(regime: str, sharding: Sharding, each: float) -> None:
    """ZeRO's and Megatron's own tables, on 8 ranks."""
    need = memory(LLAMA_8B, Training(REGIMES[regime], 128), Layout(8, sharding=sharding), H100)
    states = need.of("weights") + need.of("gradients") + need.of("optimizer")
    assert states == pytest.approx(each * LLAMA_8B.parameters)


def test_the_zero_paper_s_example_is_reproduced() -> None:
    """7.5 billion parameters on 64 ranks: 31.4, 16.6 and 1.88 GB (arXiv 1910.02054, figure 1)."""
    scale = 7.5e9 / LLAMA_8B.parameters
    asked = Training(REGIMES["zero-mixed"], 128)
    for sharding, told in ((Sharding.ZERO1, 31.4), (Sharding.ZERO2, 16.6), (Sharding.ZERO3, 1.88)):
        need = memory(LLAMA_8B, asked, Layout(64, sharding=sharding), H100)
        states = need.of("weights") + need.of("gradients") + need.of("optimizer")
        assert states * scale / 1e9 == pytest.approx(told, abs=0.05)


@pytest.mark.parametrize(
    ("optimizer", "each"),
    [
        (Optimizer.ADAMW, 8),
        (Optimizer.ADAMW_8BIT, 2),
        (Optimizer.LION, 4),
        (Optimizer.MUON, 4),
        (Optimizer.SGD_MOMENTUM, 4),
        (Optimizer.SGD, 0),
        (Optimizer.ADAFACTOR, 0),
    ],
)
def test_an_optimizer_keeps_its_own_number_of_moments(optimizer: Optimizer, each: float) -> None:
    """Beside the master copy that Megatron keeps for any of them."""
    assert _MIXED.optimizer_bytes(optimizer) == each
    assert REGIMES["megatron-mixed"].optimizer_bytes(optimizer) == each + 4


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
@pytest.mark.parametrize("pipeline", [1, 2, 3, 8])
def test_the_stages_hold_the_whole_model(shape: ModelShape, pipeline: int) -> None:
    """Once; a tied head is a second copy where a pipeline parts it from its embedding."""
    layout = Layout(pipeline=pipeline)
    shares = [held(stage, layout) for stage in stages(shape, layout)]
    copy = shape.embedding_parameters if shape.tied and pipeline > 1 else 0
    assert sum(one.dense + one.routed for one in shares) == shape.parameters + copy


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
def test_the_shards_of_a_rank_s_part_sum_to_the_whole(shape: ModelShape) -> None:
    """Weights of all ranks together are 4 bytes a parameter: FSDP over 8, and experts over 8 of 8."""
    for layout in (Layout(8), Layout(8, expert=8, expert_tensor=1), Layout(2, context=4)):
        if layout.expert > 1 and not shape.layers[0].experts:
            continue
        need = memory(shape, _ASKED, layout, H100)
        assert need.of("weights") * layout.devices == pytest.approx(4 * shape.parameters)


def test_layers_that_do_not_divide_go_to_the_earlier_stages() -> None:
    """126 layers over 8 stages: six of 16, two of 15."""
    sizes = [sum(count for _, count in stage.blocks) for stage in stages(LLAMA_405B, Layout(pipeline=8))]
    assert sizes == [16] * 6 + [15] * 2


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
@pytest.mark.parametrize("recompute", list(Recompute))
@pytest.mark.parametrize("regime", ["bf16-mixed", "megatron-mixed", "bf16"])
def test_more_devices_never_need_more_memory_each(shape: ModelShape, recompute: Recompute, regime: str) -> None:
    """Along data, tensor, context and expert parallelism; a longer pipeline holds more micro-batches instead."""
    asked = Training(REGIMES[regime], 8192, recompute=recompute)
    degrees = (1, 2, 4, 8)
    chains = [
        [Layout(degree) for degree in degrees],
        [Layout(4, degree) for degree in degrees],
        [Layout(4, context=degree) for degree in degrees],
        [Layout(4, degree, sharding=Sharding.ZERO1) for degree in degrees],
    ]
    if shape.layers[0].experts:
        chains.append([Layout(8, expert=degree, expert_tensor=1, sharding=Sharding.ZERO1) for degree in degrees])
    for chain in chains:
        needs = [memory(shape, asked, layout, H100).total for layout in chain]
        assert needs == sorted(needs, reverse=True), [str(layout) for layout in chain]


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
def test_a_longer_pipeline_never_needs_more_for_states(shape: ModelShape) -> None:
    """Weights, gradients and optimizer of the stage that has most of them."""
    needs = []
    for pipeline in (1, 2, 3, 4, 6, 8, 12):
        every = stage_memory(shape, _ASKED, Layout(4, 1, pipeline, sharding=Sharding.ZERO1), H100)
        needs.append(max(sum(map(one.of, ("weights", "gradients", "optimizer"))) for one in every))
    assert needs == sorted(needs, reverse=True)


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
@pytest.mark.parametrize("kernel", list(Kernel))
def test_memory_grows_with_the_sequence_and_with_the_batch(shape: ModelShape, kernel: Kernel) -> None:
    """Strictly."""
    for layout in (Layout(8), Layout(2, 4), Layout(1, 4, 2, sharding=Sharding.ZERO1)):
        asked = replace(_ASKED, kernel=kernel)
        longer = [memory(shape, replace(asked, sequence=2**power), layout, H100).total for power in range(9, 16)]
        larger = [memory(shape, replace(asked, micro_batch=batch), layout, H100).total for batch in range(1, 6)]
        assert longer == sorted(set(longer))
        assert larger == sorted(set(larger))


@pytest.mark.parametrize("shape", _MODELS, ids=lambda shape: f"{shape.parameters:,}")
def test_recomputing_more_keeps_less(shape: ModelShape) -> None:
    """Kept activations fall from mode to mode."""
    asked = replace(_ASKED, kernel=Kernel.EAGER)
    kept = [memory(shape, replace(asked, recompute=mode), Layout(8), H100).of("activations") for mode in Recompute]
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) == len(kept)


def test_activations_of_a_gpt_are_those_of_the_published_table() -> None:
    """34 bytes a number and the scores, less two dropout masks (arXiv 2205.05198, table 2); MPT has no dropout."""
    shape, sequence, heads = MPT["MPT-7b"], 2048, 32
    asked = Training(_MIXED, sequence, recompute=Recompute.NONE, kernel=Kernel.EAGER)
    need = memory(shape, asked, Layout(8), H100)
    told = sequence * shape.hidden * (34 - 2 + 5 * heads * sequence / shape.hidden) * len(shape.layers)
    assert need.of("activations") == pytest.approx(told)


def test_tensor_parallelism_without_sequence_parallelism_keeps_the_hidden_parts_whole() -> None:
    """10 of table 2's 34 bytes are not divided; without dropout masks, 8."""
    shape = MPT["MPT-7b"]
    asked = Training(_MIXED, 2048, recompute=Recompute.ATTENTION)
    need = memory(shape, asked, Layout(1, 8, sequence=SequenceSplit.WHOLE), H100)
    assert need.of("activations") == pytest.approx(2048 * shape.hidden * (8 + 24 / 8) * len(shape.layers))


def test_logits_of_llama_at_32k_tokens_are_47_gib_and_none_when_fused() -> None:
    """The term that estimators forget."""
    asked = Training(_MIXED, 32768)
    assert memory(LLAMA_8B, asked, Layout(8), H100).of("logits") / GIB == pytest.approx(47.0, abs=0.1)
    assert memory(LLAMA_8B, replace(asked, logits=Logits.HALF), Layout(8), H100).of("logits") / GIB < 24
    assert memory(LLAMA_8B, replace(asked, logits=Logits.FUSED), Layout(8), H100).of("logits") == 0


def test_the_first_stage_holds_a_micro_batch_for_each_stage_and_the_last_one() -> None:
    """1F1B; fewer micro-batches hold fewer."""
    layout = Layout(1, 1, 4, sharding=Sharding.ZERO1)
    kept = [one.of("activations") for one in stage_memory(LLAMA_8B, _ASKED, layout, H100)]
    assert [value / kept[-1] for value in kept] == [4, 3, 2, 1]
    few = replace(_ASKED, global_batch=2)
    assert [one.of("activations") / kept[-1] for one in stage_memory(LLAMA_8B, few, layout, H100)] == [2, 2, 2, 1]


def test_interleaving_holds_more_in_flight() -> None:
    """1 + (p - 1) / (p v), arXiv 2104.04473."""
    plain, chunked = Layout(1, 1, 4, sharding=Sharding.ZERO1), Layout(1, 1, 4, sharding=Sharding.ZERO1, chunks=2)
    first = next(stage_memory(LLAMA_8B, _ASKED, plain, H100)).of("activations")
    assert next(stage_memory(LLAMA_8B, _ASKED, chunked, H100)).of("activations") == pytest.approx(first * (1 + 3 / 8))


def test_the_stages_that_can_bind_are_the_only_ones_that_are_computed() -> None:
    """And none of the others needs more."""
    layout = Layout(2, 4, 16, sharding=Sharding.ZERO1)
    whole = max(one.total for one in stage_memory(LLAMA_405B, _ASKED, layout, H100))
    assert memory(LLAMA_405B, _ASKED, layout, H100).total == whole
    assert len(binding(stages(LLAMA_405B, layout))) == 4


def test_lora_freezes_the_model_and_trains_the_adapters() -> None:
    """Rank 16 on all projections of Llama-3.1-8B: 41,943,040 parameters, as PEFT prints."""
    asked = Training(REGIMES["bf16"], 2048, adapter=Adapter(rank=16))
    need = memory(LLAMA_8B, asked, Layout(), H100)
    assert need.of("adapters") == 41_943_040 * 8
    assert need.of("frozen weights") == 2 * LLAMA_8B.parameters
    assert need.of("weights") == need.of("gradients") == need.of("optimizer") == 0
    less = replace(asked, adapter=Adapter(rank=16, targets=Targets.ATTENTION))
    assert memory(LLAMA_8B, less, Layout(), H100).of("adapters") == 13_631_488 * 8


def test_quantised_weights_leave_embedding_and_head_16_bits_wide() -> None:
    """bitsandbytes quantises linear layers only."""
    asked = Training(REGIMES["bf16"], 2048, adapter=Adapter(weight_bytes=0.55))
    layers = sum(layer.parameters for layer in LLAMA_8B.layers)
    told = 0.55 * layers + 2 * (LLAMA_8B.parameters - layers)
    assert memory(LLAMA_8B, asked, Layout(), H100).of("frozen weights") == pytest.approx(told)


def test_a_reference_model_adds_its_weights() -> None:
    """DPO keeps a frozen second one."""
    asked = replace(_ASKED, reference_bytes=2.0)
    need = memory(LLAMA_8B, asked, Layout(8, sharding=Sharding.ZERO1), H100)
    assert need.of("reference model") == 2 * LLAMA_8B.parameters


def test_what_is_offloaded_is_on_no_device() -> None:
    """Two layers of activations stay on their way."""
    asked = replace(_ASKED, offload=frozenset(Offload))
    need, kept = memory(LLAMA_8B, asked, Layout(8), H100), memory(LLAMA_8B, _ASKED, Layout(8), H100)
    assert need.of("weights") == need.of("optimizer") == 0
    assert need.of("gradients") == kept.of("gradients")
    assert need.of("activations") == kept.of("activations") * 2 / 32


def test_key_value_heads_are_repeated_where_ranks_are_more() -> None:
    """8 KV heads on 32 ranks: each rank holds one whole head, four times a fair share."""
    wide, fair = held(stages(LLAMA2_70B, Layout())[0], Layout(tensor=32)), LLAMA2_70B.parameters / 32
    keys = 80 * 2 * 8192 * 128 * 8
    norms = 80 * 2 * 8192 + 8192
    assert wide.dense == pytest.approx(fair + keys / 8 - keys / 32 + norms * 31 / 32)


def test_the_estimate_is_for_a_part_of_a_band() -> None:
    """On Trainium it is wider, and says why."""
    asked = Training(REGIMES["neuron-mixed"], 4096)
    need = memory(QWEN3_8B, asked, Layout(4, 8, sharding=Sharding.ZERO1), TRAINIUM1)
    assert need.fits
    assert not need.tight
    assert need.low < need.total < need.high
    assert need.band.high > memory(QWEN3_8B, _ASKED, Layout(8), H100).band.high
    assert need.band.basis.startswith("no measurement of Trainium's memory is public")


def test_a_device_that_is_nearly_full_is_tight_and_one_that_is_over_does_not_fit() -> None:
    """By the upper end of the band, and by the estimate."""
    need = memory(LLAMA_8B, _ASKED, Layout(8), H100)
    close = replace(need, device=replace(H100, memory=need.total * 1.05))
    over = replace(need, device=replace(H100, memory=need.total * 0.99))
    assert (close.fits, close.tight) == (True, True)
    assert (over.fits, over.tight) == (False, False)
    assert over.use == pytest.approx(1 / 0.99)


def test_flash_attention_keeps_statistics_and_no_scores() -> None:
    """4 bytes a head and token, against 5 bytes a head and pair of tokens."""
    asked = Training(_MIXED, 4096, recompute=Recompute.NONE)
    flash = memory(LLAMA_8B, asked, Layout(8), H100).of("activations")
    eager = memory(LLAMA_8B, replace(asked, kernel=Kernel.EAGER), Layout(8), H100).of("activations")
    none = memory(LLAMA_8B, replace(asked, recompute=Recompute.ATTENTION), Layout(8), H100).of("activations")
    assert flash - none == 4 * 32 * 4096 * 32
    assert eager - none == 5 * 32 * 4096 * 4096 * 32


def test_routers_and_norms_are_whole_on_every_tensor_parallel_rank() -> None:
    """Mixtral: 4096 x 8 and two norms a layer; the final norm too."""
    share = held(stages(MIXTRAL, Layout())[0], Layout(tensor=8))
    whole = 32 * (4096 * 8 + 2 * 4096) + 4096
    assert share.dense == whole + (MIXTRAL.parameters - MIXTRAL.layers[0].routed_parameters * 32 - whole) / 8


def test_tensor_parallel_buffers_are_twice_as_many_under_dtensor() -> None:
    """FSDP keeps both gathered inputs of a layer; Megatron gathers them again."""
    fsdp = memory(LLAMA_8B, _ASKED, Layout(1, 8), H100).of("tensor-parallel buffers")
    megatron = memory(LLAMA_8B, _ASKED, Layout(1, 8, sharding=Sharding.ZERO1), H100).of("tensor-parallel buffers")
    assert (fsdp, megatron) == (4 * 2 * 4096 * 4096, 2 * 2 * 4096 * 4096)
