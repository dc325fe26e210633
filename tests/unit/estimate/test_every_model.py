"""Every model of the catalogue can be estimated: mixtures, latent attention, windows, mixers without softmax."""

from __future__ import annotations

from functools import cache

import pytest

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.models import KnownModel, known_models
from hpctl.estimate.inference import inference_memory
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.memory import memory
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.search import search
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import held, interned, stages
from hpctl.estimate.training import Inference, Recompute, Training
from hpctl.spec.model_read import model_config
from tests.in_turn import in_turn
from tests.unit.estimate.shapes import H100

_EVERY = in_turn("model", known_models(), ids=lambda one: one.name)


@cache
def _shape(model: KnownModel) -> ModelShape:
    return shape_of(model_config(model.config, name=model.name, origin="catalogue"))


@_EVERY
def test_shards_sum_to_the_whole(model: KnownModel) -> None:
    """Over a pipeline, and over FSDP ranks in bytes of weights."""
    shape = _shape(model)
    layout = Layout(pipeline=min(4, len(shape.layers)))
    copy = shape.embedding_parameters if shape.tied else 0
    shares = [held(stage, layout) for stage in stages(shape, layout)]
    assert sum(one.dense + one.routed for one in shares) == pytest.approx(shape.parameters + copy, rel=1e-12)
    need = memory(shape, Training(REGIMES["bf16-mixed"], 1024), Layout(8), H100)
    assert need.of("weights") * 8 == pytest.approx(4 * shape.parameters, rel=1e-12)


@_EVERY
def test_memory_falls_with_devices_and_grows_with_tokens(model: KnownModel) -> None:
    """In training and in serving."""
    shape = _shape(model)
    asked = Training(REGIMES["bf16-mixed"], 4096)
    ranks = [memory(shape, asked, Layout(degree), H100).total for degree in (2, 4, 8, 64)]
    lengths = [memory(shape, Training(REGIMES["bf16"], 2**power), Layout(8), H100).total for power in (10, 12, 14)]
    served = [inference_memory(shape, Inference(4096), Layout(1, degree), H100).total for degree in (1, 2, 4, 8)]
    assert ranks == sorted(set(ranks), reverse=True)
    assert lengths == sorted(set(lengths))
    assert served == sorted(set(served), reverse=True)


@_EVERY
def test_less_recompute_never_keeps_less(model: KnownModel) -> None:
    """From none to full."""
    shape = _shape(model)
    layout = Layout(8, sharding=Sharding.ZERO1)
    kept = [
        memory(shape, Training(REGIMES["bf16-mixed"], 4096, recompute=mode), layout, H100).of("activations")
        for mode in Recompute
    ]
    assert kept == sorted(kept, reverse=True)


@_EVERY
def test_a_search_finds_where_it_trains(model: KnownModel) -> None:
    """On p5e, with at most 64 nodes, whatever the model."""
    shape = _shape(model)
    (fit,) = search(shape, Training(REGIMES["bf16-mixed"], 4096), [instance_type("ml.p5e.48xlarge")])
    assert fit.nodes is not None
    assert fit.nodes <= 64
    assert fit.plans[0].memory.high <= fit.device.memory


@_EVERY
def test_interning_changes_nothing(model: KnownModel) -> None:
    """But how often equal layers are compared."""
    shape = _shape(model)
    assert interned(shape) == shape
