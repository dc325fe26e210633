"""Zamba: Mamba blocks, and a few of attention whose weights all places in the model share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hpctl.errors import SpecError
from hpctl.estimate.parameters.blocks import Feed, gated, heads_of, layer, linear, whole, without_softmax
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.states import Mixer
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Attention, Layer, ModelShape


@family("zamba2")
def zamba2(keys: Keys) -> ModelShape:
    """Zamba2: `num_mem_blocks` shared blocks in turns, with an adapter of the feed-forward part at each place.

    A shared block is counted where it first stands, with its adapters; later places hold a projection alone. Without a
    tied head the class shares nothing (transformers 5.23.0), which no published model does: that is refused.
    """
    if not keys.flag("tie_word_embeddings", otherwise=True):
        raise SpecError(f"`{keys.origin}` unties the head of `zamba2`, whose blocks then are not shared: not counted")
    kinds = each_layer(keys, "layers_block_type", "layer_types", usual=_usual_kinds())
    places = [index for index, kind in enumerate(kinds) if kind == "hybrid"]
    owners = set(places[: keys.number("num_mem_blocks", otherwise=1)])
    shared = [
        sum(_adapter(keys) for turn in range(len(places)) if turn % max(len(owners), 1) == block)
        for block in range(len(owners))
    ]
    layers = list(_layers(keys, kinds, owners, shared))
    return whole(keys, layers, outside=keys.number("hidden_size"))


def _usual_kinds() -> tuple[str, ...]:
    """What transformers takes where `layers_block_type` is not said."""
    plain = "mamba"
    return (
        plain,
        *(*(plain,) * 5, "hybrid") * 7,
        *(*(plain,) * 4, "hybrid"),
        *(*(plain,) * 3, "hybrid"),
        *(plain,) * 2,
    )


def _layers(keys: Keys, kinds: tuple[str, ...], owners: set[int], adapters: list[int]) -> Iterator[Layer]:
    hidden, state = keys.number("hidden_size"), _mixer(keys).parameters
    waiting = iter(adapters)
    for index, kind in enumerate(kinds):
        if kind != "hybrid":
            yield layer(without_softmax(state), Feed(), hidden)
            continue
        mixer, mlp_extra = _attention(keys), 0
        if index in owners:
            mlp_extra = next(waiting)
        held = mixer.parameters if index in owners else 0
        full = replace(mixer, parameters=held + state + hidden * hidden)
        mlp = gated(hidden, keys.number("intermediate_size", otherwise=4 * hidden), bias=keys.flag("add_bias_linear"))
        feed = Feed(replace(mlp, parameters=(mlp.parameters + mlp_extra) if index in owners else 0))
        yield layer(full, feed, hidden + (3 * hidden if index in owners else 0))


def _attention(keys: Keys) -> Attention:
    """Count attention over the layer's input and the embedding side by side: twice the model's width goes in."""
    of = heads_of(keys)
    wide = 2 * of.hidden
    kv_width = 2 * wide * of.kv_heads // max(of.heads, 1)
    return Attention(
        heads=of.heads,
        kv_heads=of.kv_heads,
        head_dim=wide // max(of.heads, 1),
        value_dim=wide // max(of.heads, 1),
        kv_width=kv_width,
        parameters=linear(wide, wide) + linear(wide, kv_width) + linear(wide, of.hidden),
    )


def _adapter(keys: Keys) -> int:
    """Count one place's adapters: of gate and up, and where said, of Q, K and V."""
    hidden, rank = keys.number("hidden_size"), keys.number("adapter_rank", otherwise=128)
    width = keys.number("intermediate_size", otherwise=4 * hidden)
    attending = 3 * (linear(2 * hidden, rank) + linear(rank, 2 * hidden))
    return (
        linear(hidden, rank) + linear(rank, 2 * width) + (attending if keys.flag("use_shared_attention_adapter") else 0)
    )


def _mixer(keys: Keys) -> Mixer:
    hidden = keys.number("hidden_size")
    return Mixer(
        hidden=hidden,
        inner=keys.number("mamba_expand", otherwise=2) * hidden,
        heads=keys.number("n_mamba_heads"),
        groups=keys.number("mamba_ngroups", otherwise=1),
        state=keys.number("mamba_d_state"),
        kernel=keys.number("mamba_d_conv"),
        input_bias=keys.flag("add_bias_linear"),
        output_bias=keys.flag("add_bias_linear"),
        convolution_bias=True,
    )
