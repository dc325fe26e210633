"""The smallest number of nodes, and the layouts that are proposed on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.catalog.instance_types import instance_type
from hpctl.estimate.candidates import Way, candidates, usual_ways
from hpctl.estimate.constraints import violations
from hpctl.estimate.device import GIB, device_of
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.search import Fit, estimate, search
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Adapter, Inference, Recompute, Training
from tests.unit.estimate.shapes import LLAMA_8B, LLAMA_70B, LLAMA_405B, MIXTRAL, QWEN2_7B, QWEN3_8B

_MIXED = Training(REGIMES["bf16-mixed"], 8192)
_NEURON = Training(REGIMES["neuron-mixed"], 4096)


def _one(
    shape: ModelShape,
    asked: Training | Inference,
    name: str,
    nodes: int | None = None,
    ways: frozenset[str] | None = None,
) -> Fit:
    (fit,) = search(shape, asked, [instance_type(name)], nodes, ways)
    return fit


def test_a_device_has_the_memory_of_its_rank() -> None:
    """A logical core has its part of the chip."""
    core = device_of(instance_type("ml.trn2.48xlarge"))
    gpu = device_of(instance_type("ml.g5.48xlarge"))
    assert core
    assert gpu
    assert (core.memory_gib, core.per_node) == (24, 64)
    assert gpu.memory == pytest.approx(22888 * 1024**2)
    assert device_of(instance_type("ml.c5.large")) is None


@pytest.mark.parametrize("shape", [QWEN3_8B, LLAMA_8B], ids=["Qwen3-8B", "Llama-3.1-8B"])
@pytest.mark.parametrize(("name", "tensor"), [("ml.trn1.32xlarge", 8), ("ml.trn2.48xlarge", 4)])
@pytest.mark.parametrize("tokens", [2048, 4096])
def test_the_tensor_parallelism_of_the_vendors_own_examples_is_found(
    shape: ModelShape, tokens: int, name: str, tensor: int
) -> None:
    """optimum-neuron examples/training/llama/finetune_llama.sh: TP 8 on 32 cores, TP 4 on 64; one node."""
    fit = _one(shape, replace(_NEURON, sequence=tokens), name)
    assert fit.nodes == 1
    assert fit.plans[0].layout.tensor == tensor
    assert fit.plans[0].layout.pipeline == 1
    assert fit.plans[0].layout.sharding is Sharding.ZERO1


def test_an_8b_model_trains_on_one_p5_with_fsdp_alone() -> None:
    """The simplest layout comes first."""
    fit = _one(LLAMA_8B, _MIXED, "ml.p5.48xlarge")
    assert fit.nodes == 1
    assert fit.tight_nodes is None
    assert str(fit.plans[0].layout) == "dp=8,zero=3"
    assert fit.plans[0].lightest is Recompute.SELECTIVE


@pytest.mark.parametrize("shape", [LLAMA_8B, LLAMA_70B, LLAMA_405B, MIXTRAL, QWEN2_7B])
@pytest.mark.parametrize("name", ["ml.p5.48xlarge", "ml.p4d.24xlarge", "ml.g5.48xlarge"])
def test_every_plan_is_allowed_fits_and_uses_every_device(shape: ModelShape, name: str) -> None:
    """With its own arithmetic done again."""
    fit = _one(shape, _MIXED, name)
    assert fit.nodes
    assert fit.plans
    for plan in fit.plans:
        assert plan.layout.devices == fit.nodes * fit.device.per_node
        assert violations(shape, _MIXED, plan.layout) == ()
        assert estimate(shape, _MIXED, plan.layout, fit.device) == plan.memory
        assert plan.memory.high <= fit.device.memory


def test_one_node_fewer_has_no_layout_with_a_margin() -> None:
    """The number of nodes is the smallest."""
    fit = _one(LLAMA_70B, _MIXED, "ml.p5.48xlarge")
    assert fit.nodes == 3
    assert fit.tight_nodes == 2
    fewer = _one(LLAMA_70B, _MIXED, "ml.p5.48xlarge", nodes=2)
    assert fewer.nodes is None
    assert fewer.tight_nodes == 2
    assert all(plan.memory.tight for plan in fewer.plans)


@pytest.mark.parametrize("shape", [LLAMA_8B, LLAMA_70B, MIXTRAL])
def test_twice_the_nodes_never_need_more_of_a_device(shape: ModelShape) -> None:
    """Of the least full plan."""
    uses = []
    for nodes in (4, 8, 16):
        fit = _one(shape, _MIXED, "ml.p5.48xlarge", nodes)
        uses.append(min(plan.memory.use for plan in fit.plans))
    assert uses == sorted(uses, reverse=True)


def test_what_fits_nowhere_says_what_limits_it() -> None:
    """405 billion parameters on one card of 15 GiB, whatever the layout."""
    fit = _one(LLAMA_405B, _MIXED, "ml.g4dn.xlarge", nodes=1)
    assert (fit.nodes, fit.plans) == (None, ())
    assert fit.limit.startswith(("weights, ", "gradients, ", "optimizer, "))


def test_long_sequences_are_limited_by_the_logits_and_told_the_remedy() -> None:
    """A single card with 32k tokens and a vocabulary of 128,256."""
    asked = replace(_MIXED, sequence=32768, regime=REGIMES["bf16"], adapter=Adapter())
    fit = _one(LLAMA_8B, asked, "ml.p4de.24xlarge", ways=frozenset({Way.DATA, Way.FSDP}))
    assert fit.limit.startswith("logits at 32,768 tokens and a vocabulary of 128,256, 47.0 of ")
    assert fit.limit.endswith(" GiB: use fused cross-entropy")


@pytest.mark.parametrize(
    ("ways", "allowed"),
    [
        ({Way.DATA, Way.ZERO1}, lambda one: one.tensor == one.pipeline == 1 and one.sharding is Sharding.ZERO1),
        ({Way.DATA, Way.TENSOR, Way.ZERO1}, lambda one: one.pipeline == 1 and one.sharding is Sharding.ZERO1),
        ({Way.DATA, Way.FSDP}, lambda one: one.tensor == one.pipeline == 1 and one.sharding is Sharding.ZERO3),
        ({Way.DATA}, lambda one: one.devices == one.data and one.sharding is Sharding.NONE),
    ],
)
def test_only_the_framework_s_ways_of_splitting_are_tried(ways: set[Way], allowed: object) -> None:
    """A model of 0.5 billion parameters fits with any of them."""
    small = replace(LLAMA_8B, layers=LLAMA_8B.layers[:2])
    fit = _one(small, _MIXED, "ml.p5.48xlarge", ways=frozenset(ways))
    assert callable(allowed)
    assert fit.plans
    assert all(allowed(plan.layout) for plan in fit.plans)


def test_a_model_without_a_parallel_class_must_fit_one_core() -> None:
    """8 billion parameters do not fit 16 GiB by data parallelism."""
    fit = _one(LLAMA_8B, _NEURON, "ml.trn1.32xlarge", ways=frozenset({Way.DATA, Way.ZERO1}))
    assert fit.nodes is None
    assert fit.limit.startswith("gradients, 29.9 of ")
    assert "FSDP" not in fit.limit


def test_a_global_batch_bounds_data_parallelism() -> None:
    """16 samples cannot feed 24 ranks one each."""
    fit = _one(LLAMA_70B, replace(_MIXED, global_batch=16), "ml.p5.48xlarge")
    assert fit.plans
    assert all(16 % plan.layout.data == 0 for plan in fit.plans)


def test_experts_are_spread_when_that_is_a_way() -> None:
    """Mixtral without tensor parallelism on 40 GB cards."""
    ways = frozenset({Way.DATA, Way.EXPERT, Way.ZERO1})
    fit = _one(MIXTRAL, replace(_MIXED, regime=REGIMES["bf16"]), "ml.p5.48xlarge", ways=ways)
    assert fit.plans
    assert all(plan.layout.expert > 1 for plan in fit.plans)


def test_serving_takes_the_fewest_ranks_for_a_copy() -> None:
    """Llama-3.1-70B in bf16 needs four cards of 80 GB for a margin, so a node serves two copies."""
    fit = _one(LLAMA_70B, Inference(8192, 16), "ml.p5.48xlarge")
    assert fit.nodes == 1
    assert fit.plans[0].layout == Layout(2, 4, sharding=Sharding.NONE)
    assert fit.plans[0].lightest is None


def test_types_with_the_same_device_are_answered_alike_each_by_its_name() -> None:
    """A type without accelerators is left out."""
    names = ("ml.g5.xlarge", "ml.c5.large", "ml.g5.2xlarge")
    fits = search(QWEN3_8B, Inference(2048), [instance_type(name) for name in names])
    assert [fit.instance_type for fit in fits] == ["ml.g5.xlarge", "ml.g5.2xlarge"]
    assert fits[0].plans == fits[1].plans


def test_the_memory_of_a_plan_is_far_below_the_device_only_when_there_is_no_smaller_machine() -> None:
    """A plan is never for more memory than a rank has."""
    for fit in search(LLAMA_8B, _MIXED, [instance_type("ml.p6-b300.48xlarge"), instance_type("ml.p4d.24xlarge")]):
        assert all(plan.memory.total < fit.device.memory for plan in fit.plans)
        assert fit.device.memory > 39 * GIB


def test_an_expert_is_whole_on_its_rank_when_experts_are_spread() -> None:
    """Expert parallelism instead of tensor parallelism inside experts."""
    device = device_of(instance_type("ml.p5.48xlarge"))
    assert device
    layouts = candidates(MIXTRAL, _MIXED, 16, device, frozenset(Way))
    assert {(one.expert, one.expert_tensor) for one in layouts} == {(1, None), (2, 1), (4, 1), (8, 1)}


def test_context_parallelism_is_tried_from_16k_tokens() -> None:
    """Not on Trainium, where released frameworks have it for no model of theirs but Llama."""
    device, core = device_of(instance_type("ml.p5.48xlarge")), device_of(instance_type("ml.trn1.32xlarge"))
    assert device
    assert core
    short, long = (replace(_MIXED, sequence=tokens) for tokens in (8192, 16384))
    assert {one.context for one in candidates(LLAMA_8B, short, 16, device, usual_ways(device))} == {1}
    assert {one.context for one in candidates(LLAMA_8B, long, 16, device, usual_ways(device))} == {1, 2, 4, 8, 16}
    assert {one.context for one in candidates(LLAMA_8B, long, 32, core, usual_ways(core))} == {1}


def test_fsdp_comes_before_zero1_and_a_pipeline_last() -> None:
    """The order in which plans are shown."""
    device = device_of(instance_type("ml.p5.48xlarge"))
    assert device
    layouts = candidates(LLAMA_8B, _MIXED, 8, device, usual_ways(device))
    assert [str(one) for one in layouts[:3]] == ["dp=8,zero=3", "dp=8,zero=1", "dp=4,tp=2,zero=3"]
    assert layouts[-1].pipeline == 8


def test_the_limit_is_that_of_the_next_smaller_number_of_nodes() -> None:
    """Why two nodes were not enough, not what the three hold."""
    fit, fewer = (_one(LLAMA_70B, _MIXED, "ml.p5.48xlarge", nodes) for nodes in (None, 2))
    assert fit.nodes == 3
    assert fit.limit == fewer.limit
    assert fit.limit.startswith("optimizer, 32.9 of ")
