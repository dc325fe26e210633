"""Models that mix attention with states or linear attention."""

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
    whole,
    without_softmax,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.states import Mixer, time_step_rank
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Attention, ModelShape


@family("jamba")
def jamba(keys: Keys) -> ModelShape:
    """Attention in one of eight layers, experts in one of two."""
    of = heads_of(keys)
    state = without_softmax(_jamba_state(keys, of.hidden))
    width = keys.number("intermediate_size")
    count = keys.number("num_experts", otherwise=1)
    routed = Feed(None, experts(of.hidden, count, keys.number("num_experts_per_tok"), gated(of.hidden, width)))
    dense = Feed(gated(of.hidden, width))
    attending = _every(keys, "attn_layer_period", "attn_layer_offset")
    sparse = _every(keys, "expert_layer_period", "expert_layer_offset") if count > 1 else frozenset()
    layers = [
        layer(attention(of) if index in attending else state, routed if index in sparse else dense, 2 * of.hidden)
        for index in range(layer_count(keys))
    ]
    return whole(keys, layers, outside=of.hidden)


def _every(keys: Keys, period: str, offset: str) -> frozenset[int]:
    every, first = max(keys.number(period), 1), keys.number(offset)
    return frozenset(index for index in range(layer_count(keys)) if index % every == first)


def _jamba_state(keys: Keys, hidden: int) -> int:
    inner = keys.number("mamba_expand", otherwise=2) * hidden
    state, rank = keys.number("mamba_d_state"), time_step_rank(keys, "mamba_dt_rank")
    biased = keys.flag("mamba_proj_bias")
    convolution = inner * keys.number("mamba_d_conv") + (inner if keys.flag("mamba_conv_bias", otherwise=True) else 0)
    return (
        linear(hidden, 2 * inner, bias=biased)
        + convolution
        + linear(inner, rank + 2 * state)
        + linear(rank, inner, bias=True)
        + inner * (state + 1)
        + rank
        + 2 * state
        + linear(inner, hidden, bias=biased)
    )


@family("granitemoehybrid")
def granitemoehybrid(keys: Keys) -> ModelShape:
    """Granite 4: Mamba 2 or attention as `layer_types` says, a shared part, and experts where there are any."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    full = attention(of, qkv_bias=biased, out_bias=biased)
    state = without_softmax(_state(keys, of.hidden))
    shared = gated(of.hidden, keys.number("shared_intermediate_size"))
    count = keys.number("num_local_experts", otherwise=0)
    each = gated(of.hidden, keys.number("intermediate_size"))
    routed = experts(of.hidden, count, keys.number("num_experts_per_tok"), each) if count else None
    kinds = each_layer(keys, "layer_types", "layers_block_type", usual=("mamba",) * layer_count(keys))
    layers = [
        layer(state if kind in {"mamba", "linear_attention"} else full, Feed(shared, routed), 2 * of.hidden)
        for kind in kinds
    ]
    return whole(keys, layers, outside=of.hidden)


@family("bamba")
def bamba(keys: Keys) -> ModelShape:
    """Bamba: Mamba 2, but for the layers that `attn_layer_indices` names; the feed-forward part is dense."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    full = attention(of, qkv_bias=biased, out_bias=biased)
    state = without_softmax(_state(keys, of.hidden))
    attending = set(keys.numbers("attn_layer_indices"))
    feed = Feed(gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias")))
    layers = [layer(full if index in attending else state, feed, 2 * of.hidden) for index in range(layer_count(keys))]
    return whole(keys, layers, outside=of.hidden)


def _state(keys: Keys, hidden: int) -> int:
    mixer = Mixer(
        hidden=hidden,
        inner=keys.number("mamba_expand", otherwise=2) * hidden,
        heads=keys.number("mamba_n_heads"),
        groups=keys.number("mamba_n_groups"),
        state=keys.number("mamba_d_state"),
        kernel=keys.number("mamba_d_conv"),
        input_bias=keys.flag("mamba_proj_bias"),
        output_bias=keys.flag("mamba_proj_bias"),
        convolution_bias=keys.flag("mamba_conv_bias", otherwise=True),
    )
    return mixer.parameters


@family("minimax", "minimax_m1", "minimax_text_01")
def minimax(keys: Keys) -> ModelShape:
    """MiniMax-Text-01: lightning attention in most layers, softmax attention in the others, experts in all."""
    of = heads_of(keys)
    each = gated(of.hidden, keys.number("intermediate_size"))
    count = keys.number("num_local_experts", "num_experts")
    feed = Feed(None, experts(of.hidden, count, keys.number("num_experts_per_tok"), each))
    lightning = without_softmax(_lightning(of))
    layers = [
        layer(lightning if kind == "linear_attention" else attention(of), feed, 2 * of.hidden)
        for kind in _minimax_kinds(keys)
    ]
    return whole(keys, layers, outside=of.hidden)


def _lightning(of: Heads) -> int:
    """Count Q, K and V, a norm of the output, the output and its gate; every head has its own key."""
    return linear(of.hidden, 3 * of.queries) + of.queries + 2 * linear(of.hidden, of.queries)


def _minimax_kinds(keys: Keys) -> tuple[str, ...]:
    if keys.words("layer_types"):
        return each_layer(keys, "layer_types")
    coded = keys.numbers("attn_type_list")  # 0: lightning, 1: softmax
    if coded:
        return tuple("full_attention" if code else "linear_attention" for code in coded)
    return tuple("linear_attention" if index % 2 else "full_attention" for index in range(layer_count(keys)))


@family("lfm2")
def lfm2(keys: Keys) -> ModelShape:
    """LFM2: short convolutions, and attention in the layers that are named."""
    of = heads_of(keys)
    convolution = without_softmax(short_convolution(keys, of.hidden))
    full: Attention = attention(of, extra=2 * of.head_dim)
    feed = Feed(gated(of.hidden, _lfm2_width(keys)))
    named = keys.numbers("full_attn_idxs")
    usual = ("full_attention" if not named or index in named else "conv" for index in range(layer_count(keys)))
    kinds = each_layer(keys, "layer_types", usual=usual)
    layers = [layer(full if kind == "full_attention" else convolution, feed, 2 * of.hidden) for kind in kinds]
    return whole(keys, layers, outside=of.hidden)


def short_convolution(keys: Keys, hidden: int) -> int:
    """Count a short convolution between a projection to three widths and one back."""
    biased = keys.flag("conv_bias")
    kernel = hidden * keys.number("conv_L_cache") + (hidden if biased else 0)
    return linear(hidden, 3 * hidden, bias=biased) + kernel + linear(hidden, hidden, bias=biased)


def _lfm2_width(keys: Keys) -> int:
    width = keys.number("intermediate_size", "block_ff_dim")
    if not keys.flag("block_auto_adjust_ff_dim", otherwise=True):
        return width
    ratio = keys.said.get("block_ffn_dim_multiplier")
    scaled = int((ratio if isinstance(ratio, int | float) else 1) * (2 * width // 3))
    step = keys.number("block_multiple_of", otherwise=256)
    return step * (-(-scaled // step))
