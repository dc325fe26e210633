"""Random small configurations of a model type, to count with transformers and with hpctl.

Drawn with a seed of the type's name, so that a second run draws the same. A class of transformers refuses some of the
combinations; those are left out by who counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

_SIZES: Mapping[str, tuple[Any, ...]] = {
    "intermediate_size": (310, 446, 512),
    "moe_intermediate_size": (66, 98),
    "vocab_size": (997, 1003, 2001),
    "num_experts": (4, 5, 8),
    "num_local_experts": (4, 6),
    "n_routed_experts": (4, 8),
    "num_experts_per_tok": (1, 2),
    "moe_num_experts": (4,),
    "moe_k": (2,),
    "moe_topk": (2,),
    "top_k_experts": (2,),
    "moe_num_shared_experts": (1, 2),
    "n_shared_experts": (1, 2),
    "num_shared_experts": (1, 2),
    "shared_expert_intermediate_size": (70, 90),
    "shared_intermediate_size": (0, 78),
    "dense_intermediate_size": (222,),
    "prefix_dense_intermediate_size": (100, 140),
    "ffn_dim": (333, 400),
    "dff": (333, 400),
    "ffn_hidden_size": (333, 400),
    "expert_ffn_hidden_size": (50,),
    "intermediate_multiple_size": (2, 4),
    "kv_lora_rank": (32, 48),
    "q_lora_rank": (56, 64),
    "qk_rope_head_dim": (8, 16),
    "qk_nope_head_dim": (24, 32),
    "v_head_dim": (20, 32),
    "first_k_dense_replace": (0, 1, 3),
    "num_dense_layers": (0, 1, 2),
    "index_n_heads": (2, 4),
    "index_head_dim": (16, 24),
    "hidden_size_per_layer_input": (0, 12),
    "vocab_size_per_layer_input": (500, 997),
    "num_kv_shared_layers": (0, 2),
    "linear_num_key_heads": (2, 4),
    "linear_num_value_heads": (4,),
    "linear_key_head_dim": (8, 12),
    "linear_value_head_dim": (16, 20),
    "linear_head_dim": (16,),
    "linear_num_heads": (2, 3),
    "linear_conv_kernel_dim": (3, 4),
    "conv_L_cache": (3, 5),
    "kv_channels": (24,),
    "o_groups": (2,),
    "o_lora_rank": (20,),
    "hc_mult": (2, 4),
    "mamba_d_state": (8, 16),
    "n_mamba_heads": (4,),
    "mamba_ngroups": (1, 2),
    "adapter_rank": (6,),
    "num_mem_blocks": (1, 2),
    "pad_token_id": (0,),
}

_WIDTHS = ("hidden_size", "n_embd", "d_model")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "attention_heads", "num_heads")
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")

_NO_SWITCH_OF_SIZE = (
    *("use_cache", "use_mamba_kernels", "add_cross_attention", "output_", "return_", "use_mem", "is_encoder"),
    *("is_decoder", "scale_", "use_associative", "add_out_norm"),
)

_KINDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("deepseek_v4", "layer_types"): (
        *("sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"),
    ),
    ("glm_moe_dsa", "indexer_types"): ("full", "shared"),
    ("granitemoehybrid", "layer_types"): ("full_attention", "linear_attention"),
    ("lfm2", "layer_types"): ("conv", "full_attention"),
    ("lfm2_moe", "layer_types"): ("conv", "full_attention"),
    ("mellum", "mlp_layer_types"): ("dense", "sparse"),
    ("minimax_m3_vl_text", "layer_types"): ("full_attention", "minimax_m3_sparse"),
    ("minimax_m3_vl_text", "mlp_layer_types"): ("dense", "sparse"),
    ("nemotron_h", "layers_block_type"): ("linear_attention", "moe", "full_attention", "mlp"),
}
"""What layers may be, where the class's own default does not show it all."""

_ALWAYS = frozenset({"lfm2_moe", "nemotron_h"})
"""Types that need the kinds of their layers said."""

_OWN: Mapping[str, dict[str, Any]] = {
    "deepseek_v4": {"head_dim": 64, "num_key_value_heads": 1},
    "jetmoe": {"num_attention_heads": None},
    "zamba2": {"tie_word_embeddings": True},
}


def draw(random: Random, config_class: Any, name: str) -> dict[str, Any]:
    """Draw one configuration of a language model, without the keys that its class does not have."""
    fields = {field.name: field.default for field in dataclasses.fields(config_class)}
    heads = random.choice((4, 6, 8, 12))
    width, layers = heads * random.choice((16, 24, 40, 64)), random.choice((5, 7, 8, 10))
    keys: dict[str, Any] = {key: random.choice(choices) for key, choices in _SIZES.items()}
    keys |= dict.fromkeys(_WIDTHS, width) | dict.fromkeys(_HEADS, heads) | dict.fromkeys(_LAYERS, layers)
    keys["num_key_value_heads"] = random.choice([one for one in (1, 2, 3, 4, 6, 12) if not heads % one])
    keys["head_dim"] = random.choice((16, 24, 40, 72)) if coin(random) else None
    keys["lru_width"] = keys["attention_hidden_size"] = random.choice((None, 2 * width))
    keys |= dict(switches(random, fields))
    keys |= dict(_kinds(random, config_class, name, layers))
    keys |= _OWN.get(name, {})
    return {key: value for key, value in keys.items() if key in fields and value is not None}


def coin(random: Random) -> bool:
    """Toss one."""
    return random.choice((False, True))


def switches(random: Random, fields: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Turn half of the switches that may be of size."""
    for key, value in fields.items():
        if isinstance(value, bool) and not key.startswith(_NO_SWITCH_OF_SIZE) and coin(random):
            yield key, not value


def _kinds(random: Random, config_class: Any, name: str, layers: int) -> Iterator[tuple[str, list[str]]]:
    """Draw what each layer is, half of the times."""
    known = {field.name for field in dataclasses.fields(config_class)}
    for key in ("layer_types", "mlp_layer_types", "layers_block_type", "indexer_types"):
        kinds = _KINDS.get((name, key)) or tuple(sorted(set(_usual(config_class, key))))
        if key == "layer_types" and kinds == ("full_attention",):
            kinds = ("full_attention", "sliding_attention")
        if key in known and kinds and (name in _ALWAYS or coin(random)):
            yield key, [random.choice(kinds) for _ in range(layers)]


def _usual(config_class: Any, key: str) -> list[str]:
    try:
        return getattr(config_class(), key, None) or []
    except (KeyError, TypeError, ValueError):
        return []
