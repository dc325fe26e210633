"""Laws of every estimate, for drawn models, layouts and ways to train."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.catalog.models import find_model
from hpctl.estimate.inference import inference_memory
from hpctl.estimate.layout import Layout, SequenceSplit, Sharding
from hpctl.estimate.memory import memory
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.regimes import REGIMES, Optimizer
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import held, stages
from hpctl.estimate.training import (
    Adapter,
    Inference,
    Kernel,
    Logits,
    Offload,
    Operations,
    Recompute,
    Step,
    Targets,
    Training,
)
from hpctl.spec.model_read import model_config
from tests.unit.estimate.shapes import H100


def _known(name: str) -> ModelShape:
    known = find_model(name)
    assert known is not None
    return shape_of(model_config(known.config, name=name, origin="catalogue"))


_SHAPES = [
    _known(name)
    for name in (
        "meta-llama/Llama-3.1-8B",
        "Qwen/Qwen3-4B",  # tied
        "Qwen/Qwen3-30B-A3B",  # experts
        "deepseek-ai/DeepSeek-V3",  # latent attention, shared experts
        "google/gemma-3-12b-pt",  # windows
        "Qwen/Qwen3-Next-80B-A3B-Instruct",  # layers without softmax
        "openai-community/gpt2",
    )
]
_DEGREES = st.sampled_from([1, 2, 4, 8])
_LAYOUTS = st.builds(
    Layout,
    data=_DEGREES,
    tensor=_DEGREES,
    pipeline=st.sampled_from([1, 2, 3, 4]),
    context=st.sampled_from([1, 2, 4]),
    sharding=st.sampled_from(Sharding),
    sequence=st.sampled_from(SequenceSplit),
    chunks=st.sampled_from([1, 2]),
)
_ADAPTERS = st.builds(
    Adapter, st.sampled_from([8, 64]), st.sampled_from([0.55, 1.0, 2.0]), targets=st.sampled_from(Targets)
)
_TRAININGS = st.builds(
    Training,
    st.sampled_from(list(REGIMES.values())),
    sequence=st.sampled_from([1024, 4096, 16384]),
    micro_batch=st.integers(1, 4),
    optimizer=st.sampled_from(Optimizer),
    recompute=st.sampled_from(Recompute),
    kernel=st.sampled_from(Kernel),
    logits=st.sampled_from(Logits),
    operations=st.sampled_from(Operations),
    step=st.sampled_from(Step),
    adapter=st.none() | _ADAPTERS,
    offload=st.frozensets(st.sampled_from(Offload)),
)
_MODELS = st.sampled_from(_SHAPES)
_FEW = settings(max_examples=60, deadline=None, derandomize=True)


def _total(shape: ModelShape, asked: Training, layout: Layout) -> float:
    return memory(shape, asked, layout, H100).total


@_FEW
@given(_MODELS, _TRAININGS, _LAYOUTS)
def test_memory_grows_with_the_sequence_and_the_batch(shape: ModelShape, asked: Training, layout: Layout) -> None:
    one = _total(shape, asked, layout)
    assert _total(shape, replace(asked, sequence=2 * asked.sequence), layout) > one
    assert _total(shape, replace(asked, micro_batch=asked.micro_batch + 1), layout) > one


@_FEW
@given(_MODELS, _TRAININGS, _LAYOUTS, st.sampled_from(["data", "tensor", "context"]))
def test_more_devices_along_one_way_never_need_more_each(
    shape: ModelShape, asked: Training, layout: Layout, way: str
) -> None:
    """From two on: the first split brings the buffers that it needs."""
    some = replace(layout, **{way: max(2, getattr(layout, way))})
    more = replace(some, **{way: 2 * getattr(some, way)})
    assert _total(shape, asked, more) <= _total(shape, asked, some) * (1 + 1e-12)


@_FEW
@given(_MODELS, _LAYOUTS, _DEGREES)
def test_the_shards_of_all_devices_are_the_whole_model(shape: ModelShape, layout: Layout, expert: int) -> None:
    """Matrices once over tensor ranks and stages; what is whole on each (norms, routers, repeated heads) no less."""
    over = replace(layout, expert=expert, expert_tensor=layout.tensor, chunks=1)
    shares = [held(stage, over) for stage in stages(shape, over)]
    copy = shape.embedding_parameters if shape.tied and over.pipeline > 1 else 0
    whole = shape.parameters + copy
    summed = over.tensor * sum(one.dense + expert * one.routed for one in shares)
    assert summed >= whole * (1 - 1e-12)
    if over.tensor == 1:
        assert summed <= whole * (1 + 1e-12)


@_FEW
@given(_MODELS, _TRAININGS, _LAYOUTS)
def test_each_stage_of_zero_needs_no_more_states_than_the_one_before(
    shape: ModelShape, asked: Training, layout: Layout
) -> None:
    kept = [
        sum(
            memory(shape, asked, replace(layout, sharding=stage), H100).of(name)
            for name in ("weights", "gradients", "optimizer", "frozen weights", "adapters")
        )
        for stage in (Sharding.NONE, Sharding.ZERO1, Sharding.ZERO2, Sharding.ZERO3)
    ]
    assert kept == sorted(kept, reverse=True)


@_FEW
@given(_MODELS, _TRAININGS, _LAYOUTS)
def test_what_saves_memory_never_costs_any(shape: ModelShape, asked: Training, layout: Layout) -> None:
    one = _total(shape, asked, layout)
    for saved in (
        replace(asked, logits=Logits.FUSED),
        replace(asked, kernel=Kernel.FLASH),
        replace(asked, operations=Operations.FUSED),
        replace(asked, step=Step.FUSED),
        replace(asked, offload=asked.offload | {Offload.OPTIMIZER}),
    ):
        assert _total(shape, saved, layout) <= one * (1 + 1e-12)


@_FEW
@given(_MODELS, st.sampled_from([1024, 8192, 65536]), st.integers(1, 32), _DEGREES)
def test_serving_grows_with_length_and_batch_and_falls_with_ranks(
    shape: ModelShape, sequence: int, batch: int, tensor: int
) -> None:
    asked, layout = Inference(sequence, batch), Layout(tensor=tensor, sharding=Sharding.NONE)
    one = inference_memory(shape, asked, layout, H100).total
    assert inference_memory(shape, replace(asked, sequence=2 * sequence), layout, H100).total >= one
    assert inference_memory(shape, replace(asked, batch=batch + 1), layout, H100).total > one
    assert inference_memory(shape, asked, replace(layout, tensor=2 * tensor), H100).total <= one * (1 + 1e-12)
