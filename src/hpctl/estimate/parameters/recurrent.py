"""Recurrent decoders: Griffin's, RWKV, and the matrix memories of xLSTM."""

from __future__ import annotations

from dataclasses import replace

from hpctl.errors import SpecError
from hpctl.estimate.parameters.blocks import (
    Feed,
    Heads,
    attention,
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
from hpctl.estimate.shape import Layer, Mlp, ModelShape


@family("recurrent_gemma")
def recurrent_gemma(keys: Keys) -> ModelShape:
    """RecurrentGemma: two recurrent layers, then one with a window; gate and up are half as wide as is said."""
    of = heads_of(keys)
    mlp = gated(of.hidden, keys.number("intermediate_size") // 2, bias=True)
    full = attention(of, qkv_bias=keys.flag("attention_bias"), out_bias=True)
    full = replace(full, window=keys.optional("attention_window_size"))
    state = without_softmax(_griffin(keys, of))
    pattern = keys.words("block_types", "_block_types") or ("recurrent", "recurrent", "attention")
    mixers = [full if pattern[index % len(pattern)] == "attention" else state for index in range(layer_count(keys))]
    return whole(keys, [layer(mixer, Feed(mlp), 2 * of.hidden) for mixer in mixers], outside=of.hidden)


def _griffin(keys: Keys, of: Heads) -> int:
    """Count two branches, a convolution, two gates in blocks a head, a decay, and the output."""
    width = keys.number("lru_width", otherwise=of.hidden)
    block = width // of.heads
    gates = 2 * of.heads * (block * block + block) + width
    convolution = width * keys.number("conv1d_width", otherwise=4) + width
    return 2 * linear(of.hidden, width, bias=True) + convolution + gates + linear(width, of.hidden, bias=True)


@family("rwkv")
def rwkv(keys: Keys) -> ModelShape:
    """RWKV 4: time mixing and channel mixing; the first block has a norm of the embedding too."""
    hidden = keys.number("hidden_size")
    inner = keys.number("attention_hidden_size", otherwise=hidden)
    width = keys.number("intermediate_size", otherwise=4 * hidden)
    mixer = without_softmax(3 * linear(hidden, inner) + linear(inner, hidden) + 2 * inner + 3 * hidden)
    channel = Feed(Mlp(width, gated=False, parameters=2 * hidden * width + hidden * hidden + 2 * hidden))
    layers = [layer(mixer, channel, 4 * hidden + (0 if index else 2 * hidden)) for index in range(layer_count(keys))]
    return whole(keys, layers, outside=2 * hidden)


@family("xlstm")
def xlstm(keys: Keys) -> ModelShape:
    """Count the matrix memories of xLSTM 7B, and a gated feed-forward part; the class never ties the head."""
    hidden = keys.number("hidden_size", "embedding_dim")
    blocks = {"num_hidden_layers": keys.number("num_blocks", "num_hidden_layers")}
    sized = replace(keys, said={**blocks, **keys.said, "tie_word_embeddings": False})
    return whole(sized, [_xlstm_block(keys, hidden)] * layer_count(sized), outside=hidden)


def _xlstm_block(keys: Keys, hidden: int) -> Layer:
    heads, biased = keys.number("num_heads"), keys.flag("use_bias")
    keyed = int(hidden * _factor(keys, "qk_dim_factor", 0.5))
    valued = int(hidden * _factor(keys, "v_dim_factor", 1.0))
    count = (
        2 * linear(hidden, keyed, bias=biased)
        + 2 * linear(hidden, valued, bias=biased)
        + 2 * linear(hidden, heads, bias=True)
        + linear(valued, hidden, bias=biased)
        + valued * (2 if biased else 1)
    )
    step = max(keys.number("ffn_round_up_to_multiple_of", otherwise=64), 1)
    width = int((hidden * _factor(keys, "ffn_proj_factor", 2.667) + step - 1) // step) * step
    norms = 4 * hidden if biased else 2 * hidden
    return layer(without_softmax(count), Feed(gated(hidden, width, bias=biased)), norms)


def _factor(keys: Keys, name: str, otherwise: float) -> float:
    factor = keys.said.get(name, otherwise)
    if isinstance(factor, bool) or not isinstance(factor, int | float) or factor < 0:
        raise SpecError(f"`{name}` of `{keys.origin}` is `{factor}`, but should be a number")
    return factor
