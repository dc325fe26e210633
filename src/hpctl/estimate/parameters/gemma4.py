"""Gemma 4: wider heads where all tokens are seen, keys that later layers borrow, and embeddings for each layer."""

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
    whole,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Attention, Layer, ModelShape


@family("gemma4_text", "gemma4_unified_text")
def gemma4(keys: Keys) -> ModelShape:
    """Gemma 4, dense and with experts beside the dense part; the unified models have no embeddings for each layer."""
    hidden = keys.number("hidden_size")
    aside = 0 if keys.model_type == "gemma4_unified_text" else keys.number("hidden_size_per_layer_input", otherwise=0)
    each = layer_count(keys) * aside
    outside = hidden + (keys.number("vocab_size_per_layer_input") * each + hidden * each + aside if aside else 0)
    return whole(keys, list(_layers(keys, aside)), outside=outside)


def _layers(keys: Keys, aside: int) -> Iterator[Layer]:
    of, count = heads_of(keys), layer_count(keys)
    first_borrowed = count - keys.number("num_kv_shared_layers", otherwise=0)
    local = _mixer(keys, of, window=keys.optional("sliding_window"))
    distant = _mixer(keys, _global_heads(keys, of), window=None)
    norms = 4 * of.hidden + (2 * of.hidden * aside + of.hidden if aside else 0)
    for index, kind in enumerate(_kinds(keys)):
        mixer = local if kind == "sliding_attention" else distant
        borrowed = index >= first_borrowed
        feed = _feed(keys, of, doubled=borrowed and keys.flag("use_double_wide_mlp"))
        extra = 3 * of.hidden if feed.experts else 0
        yield layer(_borrowing(mixer, keys) if borrowed else mixer, feed, norms + extra)


def _kinds(keys: Keys) -> tuple[str, ...]:
    """Follow `layer_types`, or one layer of six that sees all; the last always does."""
    usual = ("sliding_attention" if (index + 1) % 6 else "full_attention" for index in range(layer_count(keys)))
    return (*each_layer(keys, "layer_types", usual=usual)[:-1], "full_attention")


def _global_heads(keys: Keys, of: Heads) -> Heads:
    """Widths where all tokens are seen: said by names of their own, or layer by layer as transformers saves it."""
    each = keys.part("per_layer_config")
    first = each.part(next(iter(each.said), ""))
    head_dim = first.number("head_dim", otherwise=keys.number("global_head_dim", otherwise=512))
    kv_heads = keys.number("num_global_key_value_heads", otherwise=of.kv_heads)
    shared = keys.flag("attention_k_eq_v")
    return replace(
        of,
        head_dim=head_dim,
        kv_heads=first.number("num_key_value_heads", otherwise=kv_heads if shared else of.kv_heads),
    )


def _mixer(keys: Keys, of: Heads, *, window: int | None) -> Attention:
    """Count attention; the keys of layers that see all tokens may serve as values too."""
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim)
    saved = linear(of.hidden, of.keys, bias=biased) if window is None and keys.flag("attention_k_eq_v") else 0
    return replace(mixer, parameters=mixer.parameters - saved, window=window)


def _borrowing(mixer: Attention, keys: Keys) -> Attention:
    """Count attention whose keys and values are another layer's."""
    hidden, biased = keys.number("hidden_size"), keys.flag("attention_bias")
    width = mixer.heads * mixer.head_dim
    count = linear(hidden, width, bias=biased) + linear(width, hidden, bias=biased) + mixer.head_dim
    return replace(mixer, kv_width=0, parameters=count)


def _feed(keys: Keys, of: Heads, *, doubled: bool) -> Feed:
    """Count the dense part, and the experts beside it; the router scales its input and each expert."""
    mlp = gated(of.hidden, keys.number("intermediate_size") * (2 if doubled else 1))
    if not keys.flag("enable_moe_block"):
        return Feed(mlp)
    count = keys.number("num_experts")
    each = gated(of.hidden, keys.number("moe_intermediate_size"))
    return Feed(mlp, experts(of.hidden, count, keys.number("top_k_experts"), each, router_extra=of.hidden + count))
