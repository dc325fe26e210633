"""Qwen 2, 3, 3.5 and Next, dense and with experts, and the language models of their vision models."""

from __future__ import annotations

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
    without_softmax,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import each_layer, upper_layers
from hpctl.estimate.shape import Attention, ModelShape


@family("qwen2", "qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text", "qwen2_5_omni_text")
def qwen2(keys: Keys) -> ModelShape:
    """Biases of queries, keys and values, none of the output (Qwen2, Qwen2.5, QwQ, DeepSeek-R1-Distill-Qwen)."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=True)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden, upper_layers(keys)), outside=of.hidden)


@family("qwen3", "qwen3_vl_text")
def qwen3(keys: Keys) -> ModelShape:
    """Norms of each head's query and key."""
    of = heads_of(keys)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, _normed(keys, of), mlp, 2 * of.hidden, upper_layers(keys)), outside=of.hidden)


@family("qwen3_moe", "qwen3_vl_moe_text", "qwen3_omni_moe_text")
def qwen3_moe(keys: Keys) -> ModelShape:
    """Routed experts in every `decoder_sparse_step`-th layer that `mlp_only_layers` does not name."""
    of = heads_of(keys)
    return _mixture(keys, of, [_normed(keys, of)] * layer_count(keys), _routed(keys, of, shared=0))


@family("qwen2_moe")
def qwen2_moe(keys: Keys) -> ModelShape:
    """As Qwen3-MoE without norms of heads, with biases, and a shared expert behind a gate."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=keys.flag("qkv_bias", otherwise=True))
    return _mixture(keys, of, [mixer] * layer_count(keys), _with_shared(keys, of))


@family("qwen3_next")
def qwen3_next(keys: Keys) -> ModelShape:
    """Three of four layers are gated delta networks; all have routed experts and a shared one."""
    of = heads_of(keys)
    return _mixture(keys, of, _mixers(keys, of), _with_shared(keys, of))


@family("qwen3_5_moe", "qwen3_5_moe_text")
def qwen3_5_moe(keys: Keys) -> ModelShape:
    """Qwen3.5 with experts, a shared one among them, in every layer."""
    of = heads_of(keys)
    feed = _with_shared(keys, of)
    return whole(keys, [layer(mixer, feed, 2 * of.hidden) for mixer in _mixers(keys, of)], outside=of.hidden)


@family("qwen3_5", "qwen3_5_text")
def qwen3_5(keys: Keys) -> ModelShape:
    """Qwen3.5: the mixers of Qwen3-Next with a dense feed-forward part."""
    of = heads_of(keys)
    feed = Feed(gated(of.hidden, keys.number("intermediate_size")))
    return whole(keys, [layer(mixer, feed, 2 * of.hidden) for mixer in _mixers(keys, of)], outside=of.hidden)


def _normed(keys: Keys, of: Heads) -> Attention:
    biased = keys.flag("attention_bias")
    return attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim)


def _routed(keys: Keys, of: Heads, *, shared: int) -> Feed:
    each = gated(of.hidden, keys.number("moe_intermediate_size"))
    count = keys.number("num_experts", "num_local_experts")
    return Feed(None, experts(of.hidden, count, keys.number("num_experts_per_tok"), each, router_extra=shared))


def _with_shared(keys: Keys, of: Heads) -> Feed:
    """The gate of the shared expert is counted with the router: one row more."""
    routed = _routed(keys, of, shared=of.hidden)
    return Feed(gated(of.hidden, keys.number("shared_expert_intermediate_size")), routed.experts)


def _mixture(keys: Keys, of: Heads, mixers: list[Attention], sparse: Feed) -> ModelShape:
    step = max(keys.number("decoder_sparse_step", otherwise=1), 1)
    named = set(keys.numbers("mlp_only_layers"))
    dense = range(len(mixers)) if sparse.experts is None or not sparse.experts.count else named
    plainly = {index for index in range(len(mixers)) if index in dense or (index + 1) % step}
    flat = Feed(gated(of.hidden, keys.number("intermediate_size"))) if plainly else sparse
    layers = [layer(mixer, flat if index in plainly else sparse, 2 * of.hidden) for index, mixer in enumerate(mixers)]
    return whole(keys, layers, outside=of.hidden)


def _mixers(keys: Keys, of: Heads) -> list[Attention]:
    """Linear attention but for every `full_attention_interval`-th layer, whose queries carry a gate of their width."""
    biased = keys.flag("attention_bias")
    gate = linear(of.hidden, of.queries, bias=biased)
    full = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + gate)
    delta = without_softmax(_delta(keys, of.hidden))
    every = max(keys.number("full_attention_interval", otherwise=4), 1)
    usual = ("linear_attention" if (index + 1) % every else "full_attention" for index in range(layer_count(keys)))
    kinds = each_layer(keys, "layer_types", usual=usual)
    return [delta if kind == "linear_attention" else full for kind in kinds]


def _delta(keys: Keys, hidden: int) -> int:
    """Count a gated delta network: Q, K, V and Z, two numbers a value head, a convolution, a norm, the output."""
    values = keys.number("linear_num_value_heads")
    value_dim = keys.number("linear_value_head_dim")
    key_width = keys.number("linear_num_key_heads") * keys.number("linear_key_head_dim")
    mixed = 2 * key_width + values * value_dim
    inner = values * value_dim
    convolution = mixed * keys.number("linear_conv_kernel_dim")
    return hidden * (mixed + inner + 2 * values) + convolution + 2 * values + value_dim + inner * hidden
