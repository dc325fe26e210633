"""Gemma 1 to 3n."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import (
    Feed,
    Heads,
    attention,
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
from hpctl.estimate.parameters.windows import by_kind
from hpctl.estimate.shape import Attention, ModelShape


@family("gemma", "vaultgemma")
def gemma(keys: Keys) -> ModelShape:
    """Two norms a layer (VaultGemma keeps two of Gemma 2's four)."""
    reaches = by_kind(keys, period=2) if keys.model_type == "vaultgemma" else ()
    return _gemma(keys, norms=2, head_norms=0, reaches=reaches)


@family("gemma2")
def gemma2(keys: Keys) -> ModelShape:
    """Four norms a layer, a window in every second."""
    return _gemma(keys, norms=4, head_norms=0, reaches=by_kind(keys, period=2))


@family("gemma3_text")
def gemma3(keys: Keys) -> ModelShape:
    """Norms of each head's query and key, a window in five of six layers."""
    return _gemma(keys, norms=4, head_norms=2, reaches=by_kind(keys, period=6))


def _gemma(keys: Keys, *, norms: int, head_norms: int, reaches: list[int | None] | tuple[()]) -> ModelShape:
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=head_norms * of.head_dim)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    return whole(keys, stack(keys, mixer, mlp, norms * of.hidden, reaches), outside=of.hidden)


@family("gemma3n_text")
def gemma3n(keys: Keys) -> ModelShape:
    """Alternating updates, a low-rank side path and an embedding for each layer; the last layers borrow their keys.

    What the side paths hold is counted with the norms of a layer, the embedding of each layer with `other`.
    """
    of = heads_of(keys)
    aside = keys.number("hidden_size_per_layer_input")
    paths = keys.number("altup_num_inputs")
    norms = 4 * of.hidden + _altup(of.hidden, paths) + _laurel(keys, of.hidden) + 2 * of.hidden * aside + of.hidden
    first = layer_count(keys) - keys.number("num_kv_shared_layers")
    own, borrowed = _heads(keys, of)
    widths = keys.numbers("intermediate_size") or (keys.number("intermediate_size"),) * layer_count(keys)
    layers = [
        layer(own if index < first else borrowed, Feed(gated(of.hidden, width)), norms)
        for index, width in enumerate(widths)
    ]
    each = layer_count(keys) * aside
    outside = of.hidden + keys.number("vocab_size_per_layer_input") * each + of.hidden * each + aside
    return whole(keys, layers, outside=outside + 2 * (paths - 1) * of.hidden**2)


def _altup(hidden: int, paths: int) -> int:
    """Count a router with its norm, the two mixing matrices, and a scale of the output."""
    return hidden + paths * paths + paths * hidden + paths**3 + hidden


def _laurel(keys: Keys, hidden: int) -> int:
    return 2 * hidden * keys.number("laurel_rank") + hidden


def _heads(keys: Keys, of: Heads) -> tuple[Attention, Attention]:
    """Make attention with keys and values of its own, and that which borrows another layer's."""
    biased = keys.flag("attention_bias")
    own = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim)
    count = linear(of.hidden, of.queries, bias=biased) + linear(of.queries, of.hidden, bias=biased) + of.head_dim
    borrowed = Attention(of.heads, of.kv_heads, of.head_dim, of.head_dim, kv_width=0, parameters=count)
    return own, borrowed
