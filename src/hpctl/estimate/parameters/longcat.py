"""LongCat-Flash: two attentions and two dense parts a layer, and experts beside them."""

from __future__ import annotations

from dataclasses import replace

from hpctl.estimate.parameters.blocks import Feed, experts, gated, layer, layer_count, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.deepseek import latent
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import ModelShape


@family("longcat_flash")
def longcat(keys: Keys) -> ModelShape:
    """Count what the checkpoint holds: experts that only pass a token on have a row of the router and no weights.

    The class in transformers 5.23.0 makes room for gate and up of these too, which no checkpoint fills.
    """
    hidden = keys.number("hidden_size")
    one = latent(keys)
    both = replace(one, parameters=2 * one.parameters, kv_width=2 * one.kv_width)
    dense = gated(hidden, keys.number("ffn_hidden_size"))
    width, idle = keys.number("expert_ffn_hidden_size"), keys.number("zero_expert_num", otherwise=0)
    rows = idle * hidden + (keys.number("n_routed_experts") + idle if keys.flag("router_bias") else 0)
    per_token = keys.number("moe_topk")
    routed = experts(hidden, keys.number("n_routed_experts"), per_token, gated(hidden, width), router_extra=rows)
    feed = Feed(replace(dense, width=2 * dense.width, parameters=2 * dense.parameters), routed)
    return whole(keys, [layer(both, feed, 4 * hidden)] * layer_count(keys), outside=hidden)
