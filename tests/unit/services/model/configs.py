"""Configurations of published models, as far as the arithmetic reads them."""

from __future__ import annotations

from typing import Any

from hpctl.spec.model_config import ModelConfig

QWEN3_8B: dict[str, Any] = {
    "model_type": "qwen3",
    "architectures": ["Qwen3ForCausalLM"],
    "hidden_size": 4096,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 12288,
    "vocab_size": 151936,
    "tie_word_embeddings": False,
    "max_position_embeddings": 40960,
}
QWEN3_MOE: dict[str, Any] = QWEN3_8B | {
    "model_type": "qwen3_moe",
    "architectures": ["Qwen3MoeForCausalLM"],
    "hidden_size": 2048,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
    "intermediate_size": 6144,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 768,
}
GRANITE_8B: dict[str, Any] = QWEN3_8B | {
    "model_type": "granite",
    "architectures": ["GraniteForCausalLM"],
    "num_hidden_layers": 40,
    "intermediate_size": 12800,
    "vocab_size": 49155,
    "tie_word_embeddings": True,
}
TINY: dict[str, Any] = QWEN3_8B | {
    "model_type": "gemma",
    "architectures": ["GemmaForCausalLM"],
    "hidden_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "intermediate_size": 1024,
    "vocab_size": 32000,
    "max_position_embeddings": 2048,
}


def config(raw: dict[str, Any], name: str = "a/model") -> ModelConfig:
    """What the file would be read as."""
    return ModelConfig(name, "config.json", raw["model_type"], raw["architectures"][0], raw, raw)
