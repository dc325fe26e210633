"""Decoders of GPT-2's time and before, under names of their own: layer norms, no gate, learned or no positions."""

from __future__ import annotations

from dataclasses import replace

from hpctl.estimate.parameters.blocks import Heads, attention, heads_of, plain, stack, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import ModelShape


@family("openai-gpt")
def gpt(keys: Keys) -> ModelShape:
    """The first GPT: norms behind each side, none at the end."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=True, out_bias=True)
    layers = stack(keys, mixer, plain(of.hidden, 4 * of.hidden, bias=True), 4 * of.hidden)
    return whole(keys, layers, outside=of.hidden * keys.number("n_positions"))


@family("xglm")
def xglm(keys: Keys) -> ModelShape:
    """XGLM: positions are computed, not learned."""
    hidden, heads = keys.number("d_model"), max(keys.number("attention_heads"), 1)
    of = Heads(hidden, heads, heads, hidden // heads)
    mixer = attention(of, qkv_bias=True, out_bias=True)
    layers = stack(keys, mixer, plain(hidden, keys.number("ffn_dim"), bias=True), 4 * hidden)
    return whole(keys, layers, outside=2 * hidden)


@family("biogpt")
def biogpt(keys: Keys) -> ModelShape:
    """BioGPT: learned positions, two more than the longest sequence."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=True, out_bias=True)
    layers = stack(keys, mixer, plain(of.hidden, keys.number("intermediate_size"), bias=True), 4 * of.hidden)
    positions = of.hidden * (keys.number("max_position_embeddings") + 2)
    return whole(keys, layers, outside=2 * of.hidden + positions)


@family("ctrl")
def ctrl(keys: Keys) -> ModelShape:
    """CTRL: positions are computed; the head has a bias."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=True, out_bias=True)
    layers = stack(keys, mixer, plain(of.hidden, keys.number("dff"), bias=True), 4 * of.hidden)
    return whole(keys, layers, outside=2 * of.hidden, head_bias=keys.number("vocab_size"))


@family("gpt_neox_japanese")
def gpt_neox_japanese(keys: Keys) -> ModelShape:
    """GPT-NeoX without biases, but for the output of the last layer's attention."""
    of = heads_of(keys)
    mlp = plain(of.hidden, of.hidden * keys.number("intermediate_multiple_size", otherwise=4))
    *layers, last = stack(keys, attention(of), mlp, 4 * of.hidden)
    mixer = replace(last.attention, parameters=last.attention.parameters + of.hidden)
    layers.append(replace(last, attention=mixer))
    return whole(keys, layers, outside=2 * of.hidden)
