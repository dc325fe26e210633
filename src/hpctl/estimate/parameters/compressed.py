"""DeepSeek V4: one narrow key for all heads, a compressed past, and several residual streams at once."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import Feed, experts, gated, layer, layer_count, linear, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import each_layer
from hpctl.estimate.shape import Attention, ModelShape

_BY_RATIO = {0: "sliding_attention", 4: "compressed_sparse_attention", 128: "heavily_compressed_attention"}
"""The kind of a layer by its number in `compress_ratios`, as the checkpoint's own configuration says it."""

_HEAVY_FIRST = 2
"""So many layers are heavily compressed before the two kinds take turns."""


@family("deepseek_v4")
def deepseek_v4(keys: Keys) -> ModelShape:
    """DeepSeek V4; the tables that route the first layers by token are buffers, and not counted."""
    hidden, streams = keys.number("hidden_size"), keys.number("hc_mult", otherwise=4)
    width = keys.number("moe_intermediate_size")
    routed = experts(hidden, keys.number("n_routed_experts"), keys.number("num_experts_per_tok"), gated(hidden, width))
    feed = Feed(gated(hidden, width, bias=keys.flag("mlp_bias")), routed)
    mixed = (2 + streams) * streams
    connections = 2 * (mixed * streams * hidden + mixed + 3)
    layers = [layer(_mixer(keys, kind), feed, 2 * hidden + connections) for kind in _kinds(keys)]
    head = streams * streams * hidden + streams + 1
    return whole(keys, layers, outside=hidden + head)


def _kinds(keys: Keys) -> tuple[str, ...]:
    """Follow `layer_types` or `compress_ratios`; else two heavily compressed layers, then both kinds in turns."""
    count = layer_count(keys)
    coded = tuple(_BY_RATIO.get(ratio, str(ratio)) for ratio in keys.numbers("compress_ratios"))
    sparse, heavy = _BY_RATIO[4], _BY_RATIO[128]
    turns = tuple(heavy if index < _HEAVY_FIRST or not index % 2 else sparse for index in range(count))
    return each_layer(keys, "layer_types", usual=coded[:count] or turns)


def _mixer(keys: Keys, kind: str) -> Attention:
    """Count attention: queries through a narrow width, outputs through one in each group of heads, sinks."""
    hidden, heads, dim = keys.number("hidden_size"), keys.number("num_attention_heads"), keys.number("head_dim")
    rank, groups, narrow = keys.number("q_lora_rank"), keys.number("o_groups"), keys.number("o_lora_rank")
    queries = linear(hidden, rank) + rank + linear(rank, heads * dim)
    outputs = linear(heads * dim, narrow) + linear(groups * narrow, hidden)
    count = queries + linear(hidden, dim) + dim + outputs + heads + _compressor(keys, kind, hidden, dim)
    window = keys.optional("sliding_window") if kind == _BY_RATIO[0] else None
    return Attention(heads, 1, dim, dim, kv_width=dim, parameters=count, window=window)


def _compressor(keys: Keys, kind: str, hidden: int, dim: int) -> int:
    """Count what compresses the past: keys and gates, twice where windows overlap, and then an indexer as well."""
    if kind == _BY_RATIO[0]:
        return 0
    if kind == _BY_RATIO[128]:
        return _squeeze(hidden, dim, dim, _rate(keys, kind, "compress_rate_hca", 128))
    rate = _rate(keys, kind, "compress_rate_csa", 4)
    heads, narrow = keys.number("index_n_heads"), keys.number("index_head_dim")
    indexer = _squeeze(hidden, 2 * narrow, narrow, rate) + linear(keys.number("q_lora_rank"), heads * narrow)
    return _squeeze(hidden, 2 * dim, dim, rate) + indexer + hidden * heads


def _squeeze(hidden: int, width: int, normed: int, rate: int) -> int:
    return 2 * linear(hidden, width) + rate * width + normed


def _rate(keys: Keys, kind: str, name: str, otherwise: int) -> int:
    return keys.number(name, otherwise=keys.part("compress_rates").number(kind, otherwise=otherwise))
