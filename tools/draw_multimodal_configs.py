"""Random small configurations of multimodal models: an outer one, a language model and a vision encoder."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from random import Random
from typing import Any

from tools.draw_model_configs import coin, draw, switches

TEXT: Mapping[str, str] = {
    "cohere2_vision": "cohere2",
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "glm46v": "glm4v_text",
    "glm4v": "glm4v_text",
    "glm4v_moe": "glm4v_moe_text",
    "idefics3": "llama",
    "internvl": "qwen3",
    "kimi_k25": "deepseek_v3",
    "lfm2_vl": "lfm2",
    "llama4": "llama4_text",
    "llava": "llama",
    "llava_next": "mistral",
    "llava_onevision": "qwen2",
    "minimax_m3_vl": "minimax_m3_vl_text",
    "mistral3": "mistral",
    "mllama": "mllama_text_model",
    "paligemma": "gemma2",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "qwen2_vl": "qwen2_vl_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "smolvlm": "llama",
}
"""The outer type and a language model to put into it."""

_VISION: Mapping[str, tuple[str, ...]] = {
    "cohere2_vision": ("siglip_vision_model",),
    "gemma3": ("siglip_vision_model",),
    "glm46v": ("glm4v_vision",),
    "idefics3": ("idefics3_vision",),
    "internvl": ("internvl_vision",),
    "lfm2_vl": ("siglip2_vision_model",),
    "llama4": ("llama4_vision_model",),
    "llava": ("clip_vision_model", "siglip_vision_model", "pixtral"),
    "llava_next": ("clip_vision_model",),
    "llava_onevision": ("siglip_vision_model",),
    "mistral3": ("pixtral",),
    "mllama": ("mllama_vision_model",),
    "paligemma": ("siglip_vision_model",),
    "smolvlm": ("smolvlm_vision",),
}
"""The encoders to choose among, where the type is not the outer one's with `_vision` behind it."""

_OWN: Mapping[str, dict[str, Any]] = {
    "cohere2_vision": {"alignment_intermediate_size": 88},
    "lfm2_vl": {"projector_hidden_size": 77},
}

_AUDIO = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "conv_kernel_size": 3}


def draw_whole(random: Random, name: str) -> dict[str, Any]:
    """Draw a whole configuration of one of `TEXT`."""
    classes = importlib.import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING
    text = draw(random, classes[TEXT[name]], TEXT[name]) | {"vocab_size": 1003}
    text |= {"cross_attention_layers": [1, 3]} if name == "mllama" else {}
    kind = random.choice(_VISION.get(name, (f"{name}_vision",)))
    vision, width = _encoder(random, classes, kind, text["hidden_size"])
    fields = {field.name: field.default for field in dataclasses.fields(classes[name])}
    whole: dict[str, Any] = {
        "text_config": {**text, "model_type": TEXT[name]},
        "vision_config": {**vision, "model_type": kind},
    }
    whole |= dict(switches(random, fields)) | _OWN.get(name, {})
    if "tie_word_embeddings" in fields:
        whole["tie_word_embeddings"] = coin(random)
    return whole | _beside(random, name, text["hidden_size"], width)


def _encoder(random: Random, classes: Any, kind: str, text_width: int) -> tuple[dict[str, Any], int]:
    fields = {field.name: field.default for field in dataclasses.fields(classes[kind])}
    dim, heads, patch, out = (
        random.choice((16, 24)),
        random.choice((4, 6)),
        random.choice((14, 16)),
        random.choice((48, 64)),
    )
    hidden = dim * heads
    side, layers = patch * random.choice((4, 6)), random.choice((2, 3))
    both = kind == "internvl_vision"
    keys: dict[str, Any] = {
        **dict.fromkeys(("num_heads", "num_attention_heads", "attention_heads", "num_key_value_heads"), heads),
        **dict.fromkeys(("depth", "num_hidden_layers"), layers),
        "embed_dim": hidden,
        "hidden_size": text_width if kind == "qwen2_vl_vision" else hidden,
        "head_dim": dim,
        "intermediate_size": 4 * hidden if kind == "llama4_vision_model" else random.choice((111, 222)),
        "patch_size": [patch, patch] if both else patch,
        "image_size": [side, side] if both else side,
        "out_hidden_size": text_width,
        "projection_dim": text_width,
        "temporal_patch_size": 2,
        "num_position_embeddings": random.choice((144, 256)),
        "deepstack_visual_indexes": random.choice(([0], [0, 1])),
        "position_embedding_size": random.choice((100, 77)),
        "num_global_layers": 2,
        "max_num_tiles": 4,
        "intermediate_layers_indices": [0, 1],
        **dict.fromkeys(("projector_input_dim", "projector_output_dim", "vision_output_dim"), out),
        "num_patches": random.choice((64, 100)),
        "pos_emb_height": 8,
        "pos_emb_width": random.choice((8, 10)),
    }
    keys |= dict(switches(random, fields))
    return {key: value for key, value in keys.items() if key in fields}, hidden


def _beside(random: Random, name: str, text_width: int, width: int) -> dict[str, Any]:
    """Draw what follows from the widths: an audio encoder for some, and the projector's own width."""
    match name:
        case "gemma4" if coin(random):
            return {
                "audio_config": {**_AUDIO, "output_proj_dims": random.choice((50, 60)), "model_type": "gemma4_audio"}
            }
        case "minimax_m3_vl":
            return {"projector_hidden_size": text_width}
        case "kimi_k25":
            return {"projection_hidden_size": width}
        case _:
            return {}
