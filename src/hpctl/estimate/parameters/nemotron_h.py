"""Nemotron-H and Falcon-H1: Mamba 2 mixers among attention, or beside it."""

from __future__ import annotations

from dataclasses import replace

from hpctl.errors import SpecError
from hpctl.estimate.parameters.blocks import (
    Feed,
    Heads,
    attention,
    experts,
    gated,
    heads_of,
    layer,
    plain,
    stack,
    untied,
    whole,
    without_softmax,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.states import Mixer
from hpctl.estimate.shape import Layer, ModelShape

_CODES = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
"""What a character of `hybrid_override_pattern` stands for."""


@family("nemotron_h")
def nemotron_h(keys: Keys) -> ModelShape:
    """A layer is one thing behind one norm: a Mamba 2 mixer, attention, a feed-forward part, or experts.

    The class never ties the head nor biases attention, whatever the configuration says.
    """
    of = heads_of(keys)
    return whole(untied(keys), [_block(keys, of, kind) for kind in _kinds(keys)], outside=of.hidden)


def _kinds(keys: Keys) -> tuple[str, ...]:
    pattern = keys.word("hybrid_override_pattern")
    kinds = tuple(_CODES.get(code, code) for code in pattern) or keys.words("layers_block_type", "layer_types")
    if not kinds:
        raise SpecError(f"`{keys.origin}` does not say `hybrid_override_pattern` of the model")
    return kinds


def _block(keys: Keys, of: Heads, kind: str) -> Layer:
    nothing = without_softmax(0)
    match kind:
        case "mamba" | "linear_attention":
            return layer(without_softmax(_mixer(keys, of.hidden).parameters), Feed(), of.hidden)
        case "attention" | "full_attention":
            return layer(attention(of), Feed(), of.hidden)
        case "mlp":
            mlp = plain(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
            return layer(nothing, Feed(mlp), of.hidden)
        case "moe" if keys.optional("moe_latent_size") is None:
            return layer(nothing, _routed(keys, of.hidden), of.hidden)
    raise SpecError(f"`{keys.origin}` has a layer of the kind `{kind}`, whose parameters cannot be counted")


def _mixer(keys: Keys, hidden: int) -> Mixer:
    heads = keys.number("mamba_num_heads")
    return Mixer(
        hidden=hidden,
        inner=heads * keys.number("mamba_head_dim"),
        heads=heads,
        groups=keys.number("n_groups"),
        state=keys.number("ssm_state_size"),
        kernel=keys.number("conv_kernel"),
        input_bias=keys.flag("use_bias"),
        output_bias=keys.flag("use_bias"),
        convolution_bias=keys.flag("use_conv_bias", otherwise=True),
    )


def _routed(keys: Keys, hidden: int) -> Feed:
    biased = keys.flag("mlp_bias")
    each = plain(hidden, keys.number("moe_intermediate_size"))
    shared = plain(hidden, keys.number("moe_shared_expert_intermediate_size"), bias=biased)
    routed = experts(hidden, keys.number("n_routed_experts"), keys.number("num_experts_per_tok"), each)
    return Feed(shared, routed)


@family("falcon_h1")
def falcon_h1(keys: Keys) -> ModelShape:
    """Every layer has attention and a Mamba 2 mixer side by side."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = Mixer(
        hidden=of.hidden,
        inner=keys.number("mamba_d_ssm", otherwise=keys.number("mamba_expand", otherwise=2) * of.hidden),
        heads=keys.number("mamba_n_heads"),
        groups=keys.number("mamba_n_groups"),
        state=keys.number("mamba_d_state"),
        kernel=keys.number("mamba_d_conv"),
        input_bias=keys.flag("mamba_proj_bias"),
        output_bias=keys.flag("projectors_bias"),
        convolution_bias=keys.flag("mamba_conv_bias", otherwise=True),
    )
    state = mixer.parameters if keys.flag("mamba_rms_norm") else mixer.without_norm
    both = attention(of, qkv_bias=biased, out_bias=biased)
    both = replace(both, parameters=both.parameters + state)
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(keys, stack(keys, both, mlp, 2 * of.hidden), outside=of.hidden)
