"""Attention with sinks, gates and head counts of its own in each layer; experts behind it in most."""

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


@family("granite_swa")
def granite_swa(keys: Keys) -> ModelShape:
    """Granite with windows: a sink for each head."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=of.heads)
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden, as_told(keys, _first_of_four(keys))), outside=of.hidden)


@family("granitemoe_swa")
def granitemoe_swa(keys: Keys) -> ModelShape:
    """Granite with windows, sinks and experts."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=of.heads)
    shared = keys.number("shared_intermediate_size", otherwise=0)
    each = gated(of.hidden, keys.number("intermediate_size"))
    routed = experts(of.hidden, keys.number("num_local_experts"), keys.number("num_experts_per_tok"), each)
    feed = Feed(gated(of.hidden, shared) if shared else None, routed)
    return whole(keys, stack(keys, mixer, feed, 2 * of.hidden, as_told(keys, _first_of_four(keys))), outside=of.hidden)


def _first_of_four(keys: Keys) -> Iterator[str]:
    return ("sliding_attention" if index % 4 else "full_attention" for index in range(layer_count(keys)))


@family("laguna")
def laguna(keys: Keys) -> ModelShape:
    """Laguna: each layer may have a number of heads of its own; a gate for each head, or for each number."""
    of = heads_of(keys)
    counts = keys.numbers("num_attention_heads_per_layer") or (of.heads,) * layer_count(keys)
    reaches = by_kind(keys, period=1)
    layers = [
        layer(replace(_laguna(keys, replace(of, heads=heads)), window=reach), feed, 2 * of.hidden)
        for heads, feed, reach in zip(counts, _sides(keys), reaches, strict=True)
    ]
    return whole(keys, layers, outside=of.hidden)


def _laguna(keys: Keys, of: Heads) -> Attention:
    biased = keys.flag("attention_bias")
    gates = of.heads if keys.said.get("gating", True) in {True, "per-head"} else of.queries
    return attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + linear(of.hidden, gates))


def _sides(keys: Keys) -> list[Feed]:
    """One dense layer first, experts and a shared one in the others, unless the kinds are said."""
    hidden, count = keys.number("hidden_size"), keys.number("num_experts")
    each = gated(hidden, keys.number("moe_intermediate_size"))
    routed = experts(hidden, count, keys.number("num_experts_per_tok"), each, router_extra=count)
    sparse = Feed(gated(hidden, keys.number("shared_expert_intermediate_size")), routed)
    dense = Feed(gated(hidden, keys.number("intermediate_size")))
    kinds = each_layer(keys, "mlp_layer_types", usual=_dense_first(keys))
    return [dense if kind == "dense" else sparse for kind in kinds]


def _dense_first(keys: Keys) -> list[str]:
    return ["sparse" if index else "dense" for index in range(layer_count(keys))]


@family("mimo_v2_flash")
def mimo(keys: Keys) -> ModelShape:
    """MiMo-V2-Flash: values narrower than keys; layers with a window have sinks, and twice the key heads."""
    of = heads_of(keys)
    near, distant = _mimo(keys, replace(of, kv_heads=2 * of.kv_heads), sinks=of.heads), _mimo(keys, of, sinks=0)
    count = layer_count(keys)
    usual = ("sliding_attention" if index and (index + 1) % 6 else "full_attention" for index in range(count))
    kinds = each_layer(keys, "layer_types", usual=usual)
    each = gated(of.hidden, keys.number("moe_intermediate_size"))
    routed = experts(of.hidden, keys.number("n_routed_experts"), keys.number("num_experts_per_tok"), each)
    dense = Feed(gated(of.hidden, keys.number("intermediate_size")))
    sides = each_layer(keys, "mlp_layer_types", usual=_dense_first(keys))
    reach = keys.optional("sliding_window")
    layers = [
        layer(
            replace(near, window=reach) if kind == "sliding_attention" else distant,
            dense if side == "dense" else Feed(None, routed),
            2 * of.hidden,
        )
        for kind, side in zip(kinds, sides, strict=True)
    ]
    return whole(keys, layers, outside=of.hidden)


def _mimo(keys: Keys, of: Heads, *, sinks: int) -> Attention:
    value_dim, biased = keys.number("v_head_dim"), keys.flag("attention_bias")
    count = (
        linear(of.hidden, of.queries, bias=biased)
        + linear(of.hidden, of.keys, bias=biased)
        + linear(of.hidden, of.kv_heads * value_dim, bias=biased)
        + linear(of.heads * value_dim, of.hidden)
    )
    width = of.kv_heads * (of.head_dim + value_dim)
    return Attention(of.heads, of.kv_heads, of.head_dim, value_dim, kv_width=width, parameters=count + sinks)
