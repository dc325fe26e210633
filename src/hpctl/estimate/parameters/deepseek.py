"""DeepSeek and the models built like it: latent attention, many small experts behind a few dense layers."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import (
    Feed,
    attention,
    experts,
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
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Attention, ModelShape


@family("deepseek_v2", "deepseek_v3", "kimi_k2", "glm4_moe_lite", "mistral4")
def deepseek(keys: Keys) -> ModelShape:
    """DeepSeek V2 and V3, R1, Kimi K2, GLM-4.7-Flash."""
    return mixture(keys, latent(keys))


@family("minicpm3")
def minicpm3(keys: Keys) -> ModelShape:
    """MiniCPM 3: latent attention in a decoder without experts."""
    hidden = keys.number("hidden_size")
    mlp = gated(hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(keys, stack(keys, latent(keys), mlp, 2 * hidden), outside=hidden)


@family("deepseek", "dots1", "exaone_moe", "glm4_moe", "glm4v_moe_text", "hy_v3", "solar_open")
def grouped(keys: Keys) -> ModelShape:
    """DeepSeek-MoE, dots.llm1, EXAONE with experts, GLM-4.5, Hunyuan 3, Solar Open: with grouped-query attention."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias", otherwise=keys.model_type == "glm4v_moe_text")
    normed = keys.flag("use_qk_norm") or keys.model_type in _NORMED
    outward = biased and not keys.model_type.startswith(("glm", "solar"))
    extra = 2 * of.head_dim if normed else 0
    return mixture(keys, attention(of, qkv_bias=biased, out_bias=outward, extra=extra))


@family("afmoe")
def afmoe(keys: Keys) -> ModelShape:
    """Arcee's Trinity: a gate of what leaves attention, four norms a layer, a bias for each expert's score."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    gate = linear(of.hidden, of.queries)
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim + gate)
    width, count = keys.number("moe_intermediate_size"), keys.number("num_experts")
    per_token, shared = keys.number("num_experts_per_tok"), keys.number("num_shared_experts") * width
    routed = experts(of.hidden, count, per_token, gated(of.hidden, width), router_extra=count)
    sparse = Feed(gated(of.hidden, shared) if shared else None, routed)
    dense = Feed(gated(of.hidden, keys.number("intermediate_size")))
    first = keys.number("num_dense_layers")
    layers = [layer(mixer, dense if index < first else sparse, 4 * of.hidden) for index in range(layer_count(keys))]
    return whole(keys, layers, outside=of.hidden)


_NORMED = frozenset({"dots1", "exaone_moe", "hy_v3"})
"""Types that always norm each head's query and key."""


def latent(keys: Keys, *, extra: int = 0) -> Attention:
    """Count multi-head latent attention: queries may, keys and values always pass through a narrow width.

    The cache keeps that width and the rotated part of the key, once for all heads (DeepSeek-V2, arXiv 2405.04434).
    """
    hidden = keys.number("hidden_size")
    heads = keys.number("num_attention_heads")
    rotated, value_dim = keys.number("qk_rope_head_dim"), keys.number("v_head_dim", otherwise=hidden // max(heads, 1))
    kept, unrotated = keys.number("kv_lora_rank"), keys.number("qk_nope_head_dim")
    head_dim, biased = rotated + unrotated, keys.flag("attention_bias")
    count = (
        _queries(keys, hidden, heads * head_dim)
        + linear(hidden, kept + rotated, bias=biased)
        + kept
        + linear(kept, heads * (unrotated + value_dim))
        + linear(heads * value_dim, hidden, bias=biased)
    )
    return Attention(
        heads=heads,
        kv_heads=heads,
        head_dim=head_dim,
        value_dim=value_dim,
        kv_width=kept + rotated,
        parameters=count + extra,
    )


def _queries(keys: Keys, hidden: int, width: int) -> int:
    rank = keys.optional("q_lora_rank")
    if rank is None:
        return linear(hidden, width)
    return linear(hidden, rank, bias=keys.flag("attention_bias")) + rank + linear(rank, width)


def mixture(keys: Keys, mixer: Attention) -> ModelShape:
    """Put layers of this attention together, dense or with experts as the configuration says."""
    hidden = keys.number("hidden_size")
    kinds = _kinds(keys)
    dense = Feed(gated(hidden, keys.number("intermediate_size"), bias=_biased(keys))) if "dense" in kinds else Feed()
    routed = _routed(keys, hidden) if "sparse" in kinds else Feed()
    layers = [layer(mixer, dense if kind == "dense" else routed, 2 * hidden) for kind in kinds]
    return whole(keys, layers, outside=hidden)


def _biased(keys: Keys) -> bool:
    """Tell whether dense and shared parts have biases; only these classes heed the switch."""
    return keys.model_type in {"deepseek_v2", "hy_v3"} and keys.flag("mlp_bias")


def _kinds(keys: Keys) -> tuple[str, ...]:
    """Tell which layers have experts: all behind the first few, or every `moe_layer_freq`-th of them."""
    if keys.words("mlp_layer_types"):
        return each_layer(keys, "mlp_layer_types")
    first = keys.number("first_k_dense_replace", otherwise=0 if keys.model_type == "solar_open" else 1)
    every = max(keys.number("moe_layer_freq", otherwise=1), 1)
    count = layer_count(keys)
    return tuple("sparse" if index >= first and not index % every else "dense" for index in range(count))


def _routed(keys: Keys, hidden: int) -> Feed:
    width = keys.number("moe_intermediate_size")
    shared = keys.number("n_shared_experts", "num_shared_experts", otherwise=0)
    count = keys.number("n_routed_experts", "num_local_experts", "num_experts")
    routed = experts(hidden, count, keys.number("num_experts_per_tok"), gated(hidden, width))
    return Feed(gated(hidden, shared * width, bias=_biased(keys)) if shared else None, routed)
