"""Memory of serving: weights, KV cache, a piece of prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.estimate.device import GIB
from hpctl.estimate.inference import cache_bytes_per_token, inference_memory
from hpctl.estimate.layout import Layout
from hpctl.estimate.shape import Attention, ModelShape
from hpctl.estimate.training import Inference
from tests.unit.estimate.shapes import H100, LLAMA_8B, LLAMA_70B, QWEN3_8B, gated


def test_the_kv_cache_of_qwen3_8b_grows_by_147456_bytes_a_token() -> None:
    """What published measurements grow by."""
    asked = Inference(4096)
    assert cache_bytes_per_token(QWEN3_8B, asked) == 147_456
    one, two = (inference_memory(QWEN3_8B, Inference(length), Layout(), H100).of("KV cache") for length in (4096, 4097))
    assert two - one == 147_456


def test_an_explicit_head_dim_counts_in_the_cache() -> None:
    """Qwen3-32B at 4,096 tokens: 1.00 GiB; with hidden / heads it would be 0.62."""
    shape = gated(5120, 64, 64, 8, 25600, 151936)
    assert inference_memory(shape, Inference(4096), Layout(), H100).of("KV cache") == GIB


def test_weights_are_divided_by_tensor_and_pipeline_parallelism_only() -> None:
    """A data-parallel copy is a whole model."""
    asked = Inference(4096)
    whole = inference_memory(LLAMA_8B, asked, Layout(), H100).of("weights")
    assert whole == 2 * LLAMA_8B.parameters
    assert inference_memory(LLAMA_8B, asked, Layout(4), H100).of("weights") == whole
    assert inference_memory(LLAMA_8B, asked, Layout(1, 8), H100).of("weights") == pytest.approx(whole / 8, rel=0.001)


def test_data_parallel_copies_share_the_batch() -> None:
    """The largest share counts."""
    asked = Inference(4096, batch=10)
    cache = inference_memory(LLAMA_8B, asked, Layout(4), H100).of("KV cache")
    assert cache == 3 * inference_memory(LLAMA_8B, Inference(4096), Layout(), H100).of("KV cache")


def test_kv_heads_that_are_repeated_do_not_shrink_the_cache_further() -> None:
    """8 KV heads: 8 ranks and 16 ranks hold as much each."""
    asked = Inference(8192, batch=4)
    eight, sixteen = (inference_memory(LLAMA_70B, asked, Layout(1, degree), H100) for degree in (8, 16))
    assert eight.of("KV cache") == sixteen.of("KV cache")


def test_a_window_bounds_the_cache() -> None:
    """Mistral-7B v0.1 keeps 4,096 tokens of any sequence."""
    narrow = _windowed(LLAMA_8B, 4096)
    short, long = (inference_memory(narrow, Inference(tokens), Layout(), H100) for tokens in (4096, 32768))
    assert short.of("KV cache") == long.of("KV cache")


def test_a_latent_cache_is_whole_on_every_rank() -> None:
    """Multi-head latent attention has nothing to divide by heads."""
    layer = LLAMA_8B.layers[0]
    latent = replace(layer, attention=replace(layer.attention, kv_width=576))
    shape = replace(LLAMA_8B, layers=(latent,) * 32)
    one, eight = (inference_memory(shape, Inference(4096), Layout(1, degree), H100) for degree in (1, 8))
    assert one.of("KV cache") == eight.of("KV cache") == 2 * 576 * 32 * 4096


def test_quantised_weights_and_cache_take_less() -> None:
    """Embedding and head stay 16 bits wide."""
    asked = Inference(4096, weight_bytes=1.0, cache_bytes=1.0)
    need = inference_memory(LLAMA_8B, asked, Layout(), H100)
    outside = 2 * 128256 * 4096 + 4096
    assert need.of("weights") == LLAMA_8B.parameters + outside
    assert need.of("KV cache") == inference_memory(LLAMA_8B, Inference(4096), Layout(), H100).of("KV cache") / 2


def test_memory_grows_with_sequence_and_batch() -> None:
    """And never with more ranks."""
    lengths = [inference_memory(LLAMA_8B, Inference(2**power), Layout(), H100).total for power in range(9, 18)]
    batches = [inference_memory(LLAMA_8B, Inference(4096, batch), Layout(), H100).total for batch in (1, 2, 4, 8)]
    ranks = [inference_memory(LLAMA_8B, Inference(4096, 8), Layout(1, degree), H100).total for degree in (1, 2, 4, 8)]
    assert lengths == sorted(set(lengths))
    assert batches == sorted(set(batches))
    assert ranks == sorted(set(ranks), reverse=True)


def _windowed(shape: ModelShape, window: int) -> ModelShape:
    layer = shape.layers[0]
    narrow = replace(layer, attention=replace(layer.attention, window=window))
    return replace(shape, layers=(narrow,) * len(shape.layers))


def test_a_mixer_without_softmax_keeps_no_cache_and_has_activations_of_its_matrices() -> None:
    """Linear attention and state spaces: nothing to divide, nothing by zero."""
    layer = LLAMA_8B.layers[0]
    mixer = Attention(0, 0, 0, 0, kv_width=0, parameters=layer.attention.parameters, softmax=False)
    shape = replace(LLAMA_8B, layers=(replace(layer, attention=mixer),) * 32)
    need, usual = (inference_memory(one, Inference(4096), Layout(1, 8), H100) for one in (shape, LLAMA_8B))
    assert need.of("KV cache") == 0
    assert need.of("prompt at work") == pytest.approx(usual.of("prompt at work"), rel=0.01)


def test_context_parallelism_divides_the_cache() -> None:
    """By tokens."""
    one, four = (inference_memory(LLAMA_8B, Inference(8192), Layout(context=degree), H100) for degree in (1, 4))
    assert one.of("KV cache") == 4 * four.of("KV cache")


def test_logits_are_those_of_one_token_a_sequence_in_float32() -> None:
    """What is sampled from."""
    assert inference_memory(LLAMA_8B, Inference(8192, 3), Layout(), H100).of("logits") == 4 * 128256 * 3
