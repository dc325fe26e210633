"""Newer mixtures of experts, whose layers say by name which are dense and how far they reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hpctl.estimate.parameters.blocks import (
    Feed,
    Heads,
    attention,
    experts,
    gated,
    heads_of,
    layer,
    layer_count,
    linear,
    stack,
    whole,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import as_told, by_kind, each_layer
from hpctl.estimate.shape import Attention, ModelShape


@family("mellum")
def mellum(keys: Keys) -> ModelShape:
    """Mellum 2: Qwen3-MoE's layers, dense where `mlp_layer_types` says so."""
    of = heads_of(keys)
    dense = Feed(gated(of.hidden, keys.number("intermediate_size")))
    return _mixture(keys, of, _normed(keys, of), (dense, _routed(keys, of)), norms=2)


@family("kolibri1")
def kolibri(keys: Keys) -> ModelShape:
    """Kolibri 1: a shared expert, and norms behind the two sides too."""
    of = heads_of(keys)
    shared = gated(of.hidden, keys.number("shared_expert_intermediate_size"))
    feed = Feed(shared, _routed(keys, of).experts)
    mixer = attention(of, extra=2 * of.head_dim)
    return whole(keys, stack(keys, mixer, feed, 4 * of.hidden, by_kind(keys, period=5)), outside=of.hidden)


@family("flint")
def flint(keys: Keys) -> ModelShape:
    """Flint: sinks, a shared expert without a gate, and dense layers first."""
    of = heads_of(keys)
    mixer = _normed(keys, of, extra=of.heads)
    dense = Feed(gated(of.hidden, keys.number("intermediate_size")))
    sparse = Feed(gated(of.hidden, keys.number("shared_expert_intermediate_size")), _routed(keys, of).experts)
    silent = keys.said.get("mlp_only_layers") is None
    named = {0, 1} if silent else set(keys.numbers("mlp_only_layers"))
    step = max(keys.number("decoder_sparse_step", otherwise=1), 1)
    layers = [
        layer(replace(mixer, window=reach), dense if index in named or (index + 1) % step else sparse, 2 * of.hidden)
        for index, reach in enumerate(as_told(keys, _flint_kinds(layer_count(keys))))
    ]
    return whole(keys, layers, outside=of.hidden)


def _flint_kinds(count: int) -> Iterator[str]:
    """Tell which layers see all: the first two, the last, and every fourth."""
    for index in range(count):
        yield "full_attention" if index in {0, count - 1} or index % 4 == 1 else "sliding_attention"


@family("cohere2_moe")
def cohere2_moe(keys: Keys) -> ModelShape:
    """Command A with experts: one norm for both sides, the first layers dense where said."""
    of = heads_of(keys)
    width, biased = keys.number("intermediate_size"), keys.flag("attention_bias")
    shared = keys.number("num_shared_experts", otherwise=0) * width
    routed = experts(of.hidden, keys.number("num_experts"), keys.number("num_experts_per_tok"), gated(of.hidden, width))
    dense = Feed(gated(of.hidden, keys.number("prefix_dense_intermediate_size", otherwise=width)))
    sparse = Feed(gated(of.hidden, shared) if shared else None, routed)
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return _mixture(keys, of, mixer, (dense, sparse), norms=1, first=keys.number("first_k_dense_replace", otherwise=0))


@family("minimax_m3_vl_text")
def minimax_m3(keys: Keys) -> ModelShape:
    """MiniMax M3: norms of heads, a shared expert, and an indexer in the layers whose attention is sparse."""
    of = heads_of(keys)
    plainly = attention(of, extra=2 * of.head_dim)
    indexed = replace(plainly, parameters=plainly.parameters + _indexer(keys, of))
    each = gated(of.hidden, keys.number("intermediate_size"))
    routed = experts(of.hidden, keys.number("num_local_experts"), keys.number("num_experts_per_tok"), each)
    sparse = Feed(gated(of.hidden, keys.number("shared_intermediate_size")), routed)
    dense = Feed(gated(of.hidden, keys.number("dense_intermediate_size")))
    count = layer_count(keys)
    nested = keys.part("sparse_attention_config").numbers("sparse_attention_freq")
    usual = ["minimax_m3_sparse" if one else "" for one in nested] or [""] * count
    kinds = each_layer(keys, "layer_types", usual=usual)
    sides = _sides(keys)
    layers = [
        layer(indexed if kind == "minimax_m3_sparse" else plainly, dense if side == "dense" else sparse, 2 * of.hidden)
        for kind, side in zip(kinds, sides, strict=True)
    ]
    return whole(keys, layers, outside=of.hidden)


def _indexer(keys: Keys, of: Heads) -> int:
    nested = keys.part("sparse_attention_config")
    heads = nested.number("sparse_num_index_heads", otherwise=keys.number("index_n_heads", otherwise=4))
    dim = nested.number("sparse_index_dim", otherwise=keys.number("index_head_dim", otherwise=128))
    return linear(of.hidden, heads * dim) + linear(of.hidden, dim) + 2 * dim


def _sides(keys: Keys, first: int = 0) -> tuple[str, ...]:
    """Follow `mlp_layer_types`, a list of 0 (dense) and 1 (experts), or take the first layers as dense."""
    coded = keys.numbers("moe_layer_freq")
    by_code = tuple("sparse" if one else "dense" for one in coded)
    counted = tuple("dense" if index < first else "sparse" for index in range(layer_count(keys)))
    return each_layer(keys, "mlp_layer_types", usual=by_code or counted)


def _normed(keys: Keys, of: Heads, *, extra: int = 0) -> Attention:
    biased = keys.flag("attention_bias")
    return attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + extra)


def _routed(keys: Keys, of: Heads) -> Feed:
    each = gated(of.hidden, keys.number("moe_intermediate_size"))
    count = keys.number("num_local_experts", "num_experts")
    return Feed(None, experts(of.hidden, count, keys.number("num_experts_per_tok"), each))


def _mixture(
    keys: Keys, of: Heads, mixer: Attention, feeds: tuple[Feed, Feed], *, norms: int, first: int = 0
) -> ModelShape:
    reaches = by_kind(keys, period=4 if norms == 1 else 1)
    layers = [
        layer(replace(mixer, window=reach), feeds[side != "dense"], norms * of.hidden)
        for side, reach in zip(_sides(keys, first), reaches, strict=True)
    ]
    return whole(keys, layers, outside=of.hidden)
