"""Models that mix attention with linear attention or short convolutions: Kimi Linear, OLMo Hybrid, LFM2-MoE."""

from __future__ import annotations

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
    untied,
    whole,
    without_softmax,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.deepseek import latent
from hpctl.estimate.parameters.hybrid import short_convolution
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.unknown import refuse_foreign
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import ModelShape


@family("kimi_linear")
def kimi_linear(keys: Keys) -> ModelShape:
    """Kimi Linear: three layers of delta attention to one of latent attention, experts behind the first layers.

    The class never ties the head. Kimi K3 calls its language model by the same type, and is another.
    """
    refuse_foreign(keys, "routed_expert_hidden_size", "attn_res_block_size", "mla_use_output_gate")
    refuse_foreign(keys.part("linear_attn_config"), "use_full_rank_gate", "gate_lower_bound")
    hidden = keys.number("hidden_size")
    mixers = {"linear_attention": without_softmax(_kimi_delta(keys, hidden)), "full_attention": latent(keys)}
    width = keys.number("moe_intermediate_size")
    count, per_token = keys.number("num_experts", "num_local_experts"), _per_token(keys)
    shared = keys.number("num_shared_experts", "n_shared_experts") * width
    sparse = Feed(gated(hidden, shared) if shared else None, experts(hidden, count, per_token, gated(hidden, width)))
    dense = Feed(gated(hidden, keys.number("intermediate_size")))
    first = keys.number("first_k_dense_replace", otherwise=1)
    usual = ("dense" if index < first else "sparse" for index in range(layer_count(keys)))
    sides = each_layer(keys, "mlp_layer_types", usual=usual)
    layers = [
        layer(mixers[kind], dense if side == "dense" else sparse, 2 * hidden)
        for kind, side in zip(_kimi_kinds(keys), sides, strict=True)
    ]
    return whole(untied(keys), layers, outside=hidden)


def _per_token(keys: Keys) -> int:
    return keys.number("num_experts_per_token", "num_experts_per_tok")


def _kimi_kinds(keys: Keys) -> list[str]:
    """Follow `layer_types`, or the numbers from 1 of the checkpoint's own configuration."""
    attending = set(keys.part("linear_attn_config").numbers("full_attn_layers"))
    chosen = {number - 1 for number in attending} or {
        index for index in range(layer_count(keys)) if index and not index % 4
    }
    usual = ("full_attention" if index in chosen else "linear_attention" for index in range(layer_count(keys)))
    kinds = each_layer(keys, "layer_types", usual=usual)
    return ["linear_attention" if kind == "linear_attention" else "full_attention" for kind in kinds]


def _kimi_delta(keys: Keys, hidden: int) -> int:
    """Count Q, K and V with a convolution, the gates of forgetting and output through a head's width, a norm."""
    nested = keys.part("linear_attn_config")
    dim = nested.number("head_dim", otherwise=keys.number("linear_head_dim", otherwise=128))
    heads = nested.number("num_heads", otherwise=keys.number("linear_num_heads", otherwise=32))
    kernel = nested.number("short_conv_kernel_size", otherwise=keys.number("linear_conv_kernel_dim", otherwise=4))
    inner = heads * dim
    low_rank = linear(hidden, dim) + linear(dim, inner)
    forget = low_rank + heads + inner
    return 3 * (hidden * inner + inner * kernel) + forget + low_rank + hidden * heads + dim + inner * hidden


_PERIOD = 4
"""Of so many layers the last one attends."""


@family("olmo_hybrid")
def olmo_hybrid(keys: Keys) -> ModelShape:
    """OLMo Hybrid: three gated delta networks to one layer of OLMo 3's attention."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    full = attention(of, qkv_bias=biased, out_bias=biased, extra=of.queries + of.keys)
    delta = without_softmax(_olmo_delta(keys, of))
    feed = Feed(gated(of.hidden, keys.number("intermediate_size")))
    count = layer_count(keys)
    usual = ["linear_attention" if (index + 1) % _PERIOD else "full_attention" for index in range(count)]
    if count < _PERIOD:
        usual[-1:] = ["full_attention"]
    kinds = each_layer(keys, "layer_types", usual=usual)
    layers = [layer(delta if kind == "linear_attention" else full, feed, 2 * of.hidden) for kind in kinds]
    return whole(keys, layers, outside=of.hidden)


def _olmo_delta(keys: Keys, of: Heads) -> int:
    """Count Q, K, V, two numbers a head, three convolutions, decay and time step, a norm, gate and output."""
    key_heads = keys.number("linear_num_key_heads", otherwise=of.heads)
    heads = keys.number("linear_num_value_heads", otherwise=of.heads)
    dim = keys.number("linear_key_head_dim", otherwise=int(0.75 * of.hidden / max(key_heads, 1)))
    value_dim = keys.number("linear_value_head_dim", otherwise=2 * dim)
    keyed, valued = key_heads * dim, heads * value_dim
    mixed = 2 * keyed + valued
    convolution = mixed * keys.number("linear_conv_kernel_dim", otherwise=4)
    return of.hidden * (mixed + 2 * heads) + convolution + 2 * heads + value_dim + 2 * of.hidden * valued


@family("lfm2_moe")
def lfm2_moe(keys: Keys) -> ModelShape:
    """LFM2 with experts behind the first dense layers."""
    of = heads_of(keys)
    convolution = without_softmax(short_convolution(keys, of.hidden))
    full = attention(of, extra=2 * of.head_dim)
    each = gated(of.hidden, keys.number("moe_intermediate_size"))
    routed = Feed(None, experts(of.hidden, keys.number("num_experts"), keys.number("num_experts_per_tok"), each))
    dense = Feed(gated(of.hidden, keys.number("intermediate_size")))
    first = keys.number("num_dense_layers")
    layers = [
        layer(convolution if kind == "conv" else full, dense if index < first else routed, 2 * of.hidden)
        for index, kind in enumerate(each_layer(keys, "layer_types"))
    ]
    tied = keys.flag("tie_embedding", "tie_word_embeddings", otherwise=True)
    return whole(replace(keys, said={**keys.said, "tie_word_embeddings": tied}), layers, outside=of.hidden)


@family("lfm3")
def lfm3(keys: Keys) -> ModelShape:
    """LFM3: norms behind the two sides too, and a gate for each head."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    gate = of.hidden * of.heads if keys.flag("use_attention_gate", otherwise=True) else 0
    full = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + gate)
    convolution = without_softmax(short_convolution(keys, of.hidden))
    feed = Feed(gated(of.hidden, keys.number("intermediate_size")))
    norms = 4 if keys.flag("use_sandwich_norm", otherwise=True) else 2
    usual = (_lfm3_kind(index) for index in range(layer_count(keys)))
    kinds = each_layer(keys, "layer_types", usual=usual)
    layers = [layer(convolution if kind == "conv" else full, feed, norms * of.hidden) for kind in kinds]
    return whole(keys, layers, outside=of.hidden)


def _lfm3_kind(index: int) -> str:
    """Tell what a layer is where nothing is said: every second one from the third on attends, near and far in turns."""
    return "conv" if index % 2 or not index else "attention"
