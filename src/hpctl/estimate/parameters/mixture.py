"""Models with routed experts that are like no other family's."""

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
    stack,
    whole,
)
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import by_kind, everywhere
from hpctl.estimate.shape import ModelShape


@family("mixtral")
def mixtral(keys: Keys) -> ModelShape:
    """Mistral with experts in place of the feed-forward part."""
    of = heads_of(keys)
    return whole(
        keys, stack(keys, attention(of), _experts(keys, of), 2 * of.hidden, everywhere(keys)), outside=of.hidden
    )


@family("phimoe")
def phimoe(keys: Keys) -> ModelShape:
    """Phi-3.5-MoE: layer norms, and switches for the biases of attention and head."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    layers = stack(keys, mixer, _experts(keys, of), 4 * of.hidden, everywhere(keys))
    head_bias = keys.number("vocab_size") if keys.flag("lm_head_bias") else 0
    return whole(keys, layers, outside=2 * of.hidden, head_bias=head_bias)


@family("gpt_oss")
def gpt_oss(keys: Keys) -> ModelShape:
    """Biases everywhere, in experts and router too; a sink for each head; a window in every second layer."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias", otherwise=True)
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=of.heads)
    count = keys.number("num_local_experts", "num_experts")
    each = gated(of.hidden, keys.number("intermediate_size"), bias=True)
    per_token = keys.number("num_experts_per_tok", "experts_per_token")
    feed = Feed(None, experts(of.hidden, count, per_token, each, router_extra=count))
    return whole(keys, stack(keys, mixer, feed, 2 * of.hidden, by_kind(keys, period=2)), outside=of.hidden)


@family("olmoe", "flex_olmo")
def olmoe(keys: Keys) -> ModelShape:
    """Norms of all queries and all keys together."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=of.queries + of.keys)
    return whole(keys, stack(keys, mixer, _experts(keys, of), 2 * of.hidden), outside=of.hidden)


@family("minimax_m2")
def minimax_m2(keys: Keys) -> ModelShape:
    """MiniMax-M2: norms of all queries and all keys together."""
    of = heads_of(keys)
    normed = of.queries + of.keys if keys.flag("use_qk_norm", otherwise=True) else 0
    return whole(keys, stack(keys, attention(of, extra=normed), _experts(keys, of), 2 * of.hidden), outside=of.hidden)


@family("granitemoe", "granitemoeshared")
def granitemoe(keys: Keys) -> ModelShape:
    """Granite 3 with experts; one shared expert where `shared_intermediate_size` is not 0."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    shared = keys.number("shared_intermediate_size", otherwise=0)
    feed = Feed(gated(of.hidden, shared) if shared else None, _experts(keys, of).experts)
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, feed, 2 * of.hidden), outside=of.hidden)


@family("llama4_text")
def llama4(keys: Keys) -> ModelShape:
    """A shared expert beside the routed; Maverick has experts in every second layer only; chunked attention in most."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    reaches = by_kind(keys, period=keys.number("no_rope_layer_interval", otherwise=4), reach="attention_chunk_size")
    routed = Feed(gated(of.hidden, keys.number("intermediate_size")), _experts(keys, of).experts)
    sparse = stack(keys, mixer, routed, 2 * of.hidden, reaches)
    dense = stack(keys, mixer, gated(of.hidden, keys.number("intermediate_size_mlp")), 2 * of.hidden, reaches)
    step = max(keys.number("interleave_moe_layer_step", otherwise=1), 1)
    chosen = set(keys.numbers("moe_layers") or range(step - 1, len(sparse), step))
    layers = [sparse[index] if index in chosen else flat for index, flat in enumerate(dense)]
    return whole(keys, layers, outside=of.hidden)


@family("ernie4_5_moe")
def ernie4_5_moe(keys: Keys) -> ModelShape:
    """Shared and routed experts in a range of layers; the correction of the router's scores is a parameter here."""
    of = heads_of(keys)
    biased = keys.flag("use_bias")
    width, count = keys.number("moe_intermediate_size"), keys.number("moe_num_experts")
    shared = keys.number("moe_num_shared_experts", otherwise=0) * width
    routed = experts(of.hidden, count, keys.number("moe_k"), gated(of.hidden, width), router_extra=count)
    sparse = Feed(gated(of.hidden, shared, bias=biased) if shared else None, routed)
    dense = Feed(gated(of.hidden, keys.number("intermediate_size"), bias=biased))
    total, every = layer_count(keys), max(keys.number("moe_layer_interval", otherwise=1), 1)
    said = keys.said.get("moe_layer_end_index")  # -1: the last
    last = said if isinstance(said, int) and said >= 0 else total - 1
    first = keys.number("moe_layer_start_index")
    chosen = {index for index in range(first, last + 1) if not (index + 1) % every}
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    layers = [layer(mixer, sparse if index in chosen else dense, 2 * of.hidden) for index in range(total)]
    return whole(keys, layers, outside=of.hidden, head_bias=keys.number("vocab_size") if biased else 0)


@family("hunyuan_v1_moe")
def hunyuan_moe(keys: Keys) -> ModelShape:
    """Hunyuan-A13B: norms of each head's query and key, a shared expert as wide as a routed one."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=2 * of.head_dim)
    feed = Feed(gated(of.hidden, keys.number("intermediate_size")), _experts(keys, of).experts)
    return whole(keys, stack(keys, mixer, feed, 2 * of.hidden), outside=of.hidden)


@family("dbrx")
def dbrx(keys: Keys) -> ModelShape:
    """DBRX: no biases, layer norms without them too; its numbers stand in two nested parts."""
    parts, side = keys.part("attn_config"), keys.part("ffn_config")
    hidden, heads = keys.number("d_model"), keys.number("n_heads")
    of = Heads(hidden, heads, parts.number("kv_n_heads", otherwise=1), hidden // heads)
    each = gated(hidden, side.number("ffn_hidden_size", otherwise=3584))
    routed = experts(hidden, side.number("moe_num_experts", otherwise=4), side.number("moe_top_k", otherwise=1), each)
    return whole(keys, stack(keys, attention(of), Feed(None, routed), 2 * hidden), outside=hidden)


def _experts(keys: Keys, of: Heads) -> Feed:
    each = gated(of.hidden, keys.number("intermediate_size"))
    count = keys.number("num_local_experts", "num_experts")
    return Feed(None, experts(of.hidden, count, keys.number("num_experts_per_tok", "moe_topk"), each))
