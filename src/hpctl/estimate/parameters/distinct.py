"""Decoders close to Llama, each with one thing of its own."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt

from hpctl.estimate.parameters.blocks import (
    Feed,
    Heads,
    attention,
    experts,
    gated,
    heads_of,
    linear,
    plain,
    stack,
    whole,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.deepseek import latent
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import Mlp, ModelShape


@family("diffllama")
def diffllama(keys: Keys) -> ModelShape:
    """Differential attention: four vectors of a head's width."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=4 * of.head_dim)
    return whole(
        keys, stack(keys, mixer, gated(of.hidden, keys.number("intermediate_size")), 2 * of.hidden), outside=of.hidden
    )


@family("hyperclovax")
def hyperclovax(keys: Keys) -> ModelShape:
    """HyperCLOVA X: norms behind the two sides too, with a switch."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    norms = 4 if keys.flag("use_post_norm", otherwise=True) else 2
    return whole(keys, stack(keys, mixer, mlp, norms * of.hidden), outside=of.hidden)


@family("nanochat")
def nanochat(keys: Keys) -> ModelShape:
    """nanochat: norms without weights, no gate."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, plain(of.hidden, keys.number("intermediate_size")), 0), outside=0)


@family("doge")
def doge(keys: Keys) -> ModelShape:
    """Doge: a dynamic mask, weighted residuals, and where said a table of tiny experts looked up by two keys."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mask = of.kv_heads + linear(of.keys, of.kv_heads, bias=biased)
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + mask)
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(keys, stack(keys, mixer, _looked_up(keys, of, mlp), 4 * of.hidden), outside=of.hidden)


def _looked_up(keys: Keys, of: Heads, mlp: Mlp) -> Feed:
    if not keys.flag("is_moe"):
        return Feed(mlp)
    count = keys.number("num_experts")
    routed = experts(of.hidden, count, keys.number("num_experts_per_tok"), plain(of.hidden, 1))
    return Feed(mlp, replace(routed, router_parameters=2 * isqrt(count) * of.hidden))


@family("jetmoe")
def jetmoe(keys: Keys) -> ModelShape:
    """JetMoe: experts of attention's queries and outputs too; keys and values are shared.

    The idle experts of attention are counted as if each token met them: `active` is that much too high.
    """
    hidden, count = keys.number("hidden_size"), keys.number("num_local_experts")
    kv_heads, dim = keys.number("num_key_value_heads"), keys.number("kv_channels")
    per_token = keys.number("num_experts_per_tok")
    of = Heads(hidden, kv_heads * per_token, kv_heads, dim)
    shared = attention(of)
    parameters = hidden * 2 * of.keys + count * 2 * hidden * of.keys + hidden * count + hidden
    each = gated(hidden, keys.number("intermediate_size"))
    routed = experts(hidden, count, per_token, each, router_extra=hidden)
    layers = stack(keys, replace(shared, parameters=parameters), Feed(None, routed), 2 * hidden)
    return whole(keys, layers, outside=hidden)


@family("youtu")
def youtu(keys: Keys) -> ModelShape:
    """Youtu-LLM: latent attention in a decoder without experts."""
    hidden = keys.number("hidden_size")
    return whole(
        keys, stack(keys, latent(keys), gated(hidden, keys.number("intermediate_size")), 2 * hidden), outside=hidden
    )


@family("aria_text")
def aria(keys: Keys) -> ModelShape:
    """Aria: routed experts in every layer, beside shared ones that are always met."""
    of = heads_of(keys)
    biased, width = keys.flag("attention_bias"), keys.number("intermediate_size")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    shared = gated(of.hidden, width * keys.number("moe_num_shared_experts"), bias=keys.flag("mlp_bias"))
    count, per_token = keys.number("moe_num_experts"), keys.number("moe_topk")
    routed = experts(of.hidden, count, per_token, gated(of.hidden, width))
    return whole(keys, stack(keys, mixer, Feed(shared, routed), 2 * of.hidden), outside=of.hidden)
