"""Write `src/hpctl/catalog/model_defaults.json` from the configuration classes of transformers.

Needs transformers (no torch) beside hpctl: `pip install transformers==5.23.0`, in an environment of its own.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from hpctl.estimate.parameters import known_model_types
from hpctl.estimate.parameters.towers import counted_wholes, encoder_types

TARGET = Path(__file__).parent.parent / "src/hpctl/catalog/model_defaults.json"

_NOT_ABOUT_SIZE = frozenset(
    {
        *("return_dict", "output_attentions", "output_hidden_states", "chunk_size_feed_forward", "is_encoder_decoder"),
        *("use_cache", "pad_token_id", "bos_token_id", "eos_token_id", "eod_token_id", "output_router_logits"),
        *("pretraining_tp", "norm_topk_prob", "rope_interleave", "use_mambapy", "use_mamba_kernels"),
        *("use_associative_scan", "residual_in_fp32", "rescale_prenorm_residual", "scale_attn_weights"),
        *("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "summary_use_proj", "slow_but_exact"),
        *("summary_proj_to_labels", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "chunk_size"),
        *("query_pre_attn_scalar", "floor_scale", "attn_temperature_tuning", "num_logits_to_keep", "alibi"),
    }
)


def main() -> int:
    """Extract, write, and say how much."""
    classes = importlib.import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING
    counted = {*known_model_types(), *counted_wholes(), *encoder_types()}
    defaults = {name: _defaults(classes[name]) for name in sorted(counted) if name in classes}
    data = {"defaults": defaults, "inner": dict(_inner(classes))}
    TARGET.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(defaults)} classes, {len(data['inner'])} with a text configuration inside")
    return 0


def _defaults(config_class: Any) -> dict[str, int]:
    found = {field.name: field.default for field in dataclasses.fields(config_class)}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int) and name not in _NOT_ABOUT_SIZE and not name.startswith("_")
    }


def _inner(classes: Any) -> Any:
    for outer in sorted(classes):
        parts = getattr(classes[outer], "sub_configs", None) or {}
        inner = getattr(parts.get("text_config"), "model_type", None)
        if inner in known_model_types():
            yield outer, inner


if __name__ == "__main__":
    sys.exit(main())
