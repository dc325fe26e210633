"""Latent attention behind an indexer, which chooses the tokens that attention sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hpctl.estimate.parameters.blocks import layer_count, linear
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.deepseek import latent, mixture
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Layer, ModelShape


@family("deepseek_v32")
def deepseek_v32(keys: Keys) -> ModelShape:
    """DeepSeek V3.2: an indexer in every layer."""
    return mixture(keys, latent(keys, extra=_indexer(keys)))


@family("glm_moe_dsa")
def glm_moe_dsa(keys: Keys) -> ModelShape:
    """GLM-5: layers that are `shared` use the choice of an earlier one (GLM-5.2), and have no indexer."""
    shape = mixture(keys, latent(keys, extra=_indexer(keys)))
    kinds = each_layer(keys, "indexer_types", usual=_usual_kinds(keys))
    both = zip(shape.layers, kinds, strict=True)
    return replace(shape, layers=tuple(_borrowing(one, keys) if kind == "shared" else one for one, kind in both))


def _borrowing(one: Layer, keys: Keys) -> Layer:
    attention = replace(one.attention, parameters=one.attention.parameters - _indexer(keys))
    return replace(one, attention=attention)


def _usual_kinds(keys: Keys) -> Iterator[str]:
    """Follow the letters of `index_topk_pattern`, or take every `index_topk_freq`-th layer; all, if not even that."""
    pattern = keys.word("index_topk_pattern")
    every = max(keys.number("index_topk_freq", otherwise=1), 1)
    first = keys.number("index_skip_topk_offset", otherwise=2)
    for index in range(layer_count(keys)):
        if pattern:
            yield "shared" if pattern[index : index + 1] == "S" else "full"
        else:
            yield "shared" if max(index - first + 1, 0) % every else "full"


def _indexer(keys: Keys) -> int:
    """Count the indexer: its queries, its key with a layer norm, and a weight for each of its heads."""
    hidden, dim, heads = keys.number("hidden_size"), keys.number("index_head_dim"), keys.number("index_n_heads")
    return linear(keys.number("q_lora_rank"), heads * dim) + linear(hidden, dim) + 2 * dim + linear(hidden, heads)
