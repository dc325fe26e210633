"""Decoders that differ from Llama in their norms: where these stand, what they span, whether they have biases."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import Heads, attention, gated, heads_of, plain, stack, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import by_kind, everywhere
from hpctl.estimate.shape import ModelShape


@family("olmo")
def olmo(keys: Keys) -> ModelShape:
    """Norms without weights."""
    return _decoder(keys, heads_of(keys), norms=0, extra=0, final=0)


@family("olmo2")
def olmo2(keys: Keys) -> ModelShape:
    """Norms of all queries and all keys together."""
    of = heads_of(keys)
    return _decoder(keys, of, norms=2, extra=of.queries + of.keys, final=of.hidden)


@family("olmo3")
def olmo3(keys: Keys) -> ModelShape:
    """OLMo 2 with a window in three of four layers."""
    of = heads_of(keys)
    reaches = by_kind(keys, period=4)
    return _decoder(keys, of, norms=2, extra=of.queries + of.keys, final=of.hidden, reaches=reaches)


@family("exaone4")
def exaone4(keys: Keys) -> ModelShape:
    """EXAONE 4: norms of each head's query and key; a window where a pattern says so."""
    of = heads_of(keys)
    reaches = by_kind(keys, period=1) if keys.words("layer_types") else _pattern(keys)
    return _decoder(keys, of, norms=2, extra=2 * of.head_dim, final=of.hidden, reaches=reaches)


def _pattern(keys: Keys) -> list[int | None]:
    every = keys.said.get("sliding_window_pattern")
    if isinstance(every, str):  # "LLLG": three local layers, then a global one
        return by_kind(_counted(keys, len(every)), period=len(every))
    return by_kind(keys, period=4)


def _counted(keys: Keys, every: int) -> Keys:
    return Keys(keys.origin, keys.model_type, {**keys.said, "sliding_window_pattern": every}, keys.defaults)


@family("apertus")
def apertus(keys: Keys) -> ModelShape:
    """Norms of each head's query and key; no gate, but two numbers of the activation."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim)
    mlp = plain(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden + 2), outside=of.hidden)


@family("hunyuan_v1_dense")
def hunyuan(keys: Keys) -> ModelShape:
    """Norms of each head's query and key."""
    of = heads_of(keys)
    return _decoder(keys, of, norms=2, extra=2 * of.head_dim, final=of.hidden)


@family("starcoder2")
def starcoder2(keys: Keys) -> ModelShape:
    """Layer norms, no gate, and biases everywhere, with a switch."""
    of = heads_of(keys)
    biased = keys.flag("use_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    mlp = plain(of.hidden, keys.number("intermediate_size"), bias=biased)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden, everywhere(keys)), outside=2 * of.hidden)


@family("stablelm")
def stablelm(keys: Keys) -> ModelShape:
    """Layer norms; one fewer where attention and feed-forward part stand side by side."""
    of = heads_of(keys)
    normed = (of.heads + of.kv_heads) * of.head_dim if keys.flag("qk_layernorm") else 0
    mixer = attention(of, qkv_bias=keys.flag("use_qkv_bias"), extra=normed)
    norms = 1 if keys.flag("use_parallel_residual") else 2
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, mixer, mlp, norms * 2 * of.hidden), outside=2 * of.hidden)


@family("nemotron", "jais2")
def nemotron(keys: Keys) -> ModelShape:
    """Layer norms, no gate."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mlp = plain(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden), outside=2 * of.hidden)


@family("persimmon")
def persimmon(keys: Keys) -> ModelShape:
    """Layer norms, biases everywhere but in the head, and norms of each head's query and key, with biases too."""
    of = heads_of(keys)
    normed = 4 * of.head_dim if keys.flag("qk_layernorm") else 0
    mixer = attention(of, qkv_bias=True, out_bias=True, extra=normed)
    mlp = plain(of.hidden, keys.number("intermediate_size"), bias=True)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden), outside=2 * of.hidden)


@family("phi", "phi-msft")
def phi(keys: Keys) -> ModelShape:
    """Phi 1 to 2, under their first names too: one layer norm for both sides, biases everywhere, in the head too."""
    of = heads_of(keys)
    normed = 4 * of.head_dim if keys.flag("qk_layernorm") else 0
    mixer = attention(of, qkv_bias=True, out_bias=True, extra=normed)
    width = keys.number("n_inner", otherwise=4 * of.hidden) if keys.model_type == "phi-msft" else None
    mlp = plain(of.hidden, keys.number("intermediate_size") if width is None else width, bias=True)
    head_bias = keys.number("vocab_size")
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden), outside=2 * of.hidden, head_bias=head_bias)


def _decoder(
    keys: Keys, of: Heads, *, norms: int, extra: int, final: int, reaches: list[int | None] | tuple[()] = ()
) -> ModelShape:
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=extra)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, mixer, mlp, norms * of.hidden, reaches), outside=final)
