"""Write `tests/unit/estimate/transformers_counts.json`: what transformers itself counts, to compare with.

Needs `pip install transformers==5.23.0 torch==2.13.0` in an environment of its own. Models are built on the meta
device, so nothing is downloaded or allocated. Each architecture is made small, and then varied one switch at a time;
then `drawn_counts.json` gets configurations at random, of whole multimodal models too. Run it as
`python -m tools.count_model_parameters`.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from hpctl.estimate.parameters import known_model_types
from tools.draw_model_configs import draw
from tools.draw_multimodal_configs import TEXT, draw_whole

TARGET = Path(__file__).parent.parent / "tests/unit/estimate/transformers_counts.json"
DRAWN = TARGET.with_name("drawn_counts.json")

_DRAWS = 12
"""So many configurations are tried of each type, until `_KEPT` have been counted."""

_KEPT = 4

_SMALL: dict[str, Any] = {
    "hidden_size": 768,
    "n_embd": 768,
    "num_attention_heads": 12,
    "n_head": 12,
    "num_hidden_layers": 9,
    "n_layer": 3,
    "intermediate_size": 1111,
    "vocab_size": 5003,
    "num_key_value_heads": 4,
    "pad_token_id": 0,
}

_OWN: dict[str, dict[str, Any]] = {
    "dbrx": {
        "d_model": 768,
        "n_heads": 12,
        "n_layers": 3,
        "attn_config": {"kv_n_heads": 4, "clip_qkv": 8, "rope_theta": 10000.0},
        "ffn_config": {"ffn_hidden_size": 500, "moe_num_experts": 4, "moe_top_k": 2},
    },
    "deepseek_v2": {"num_experts_per_tok": 4},
    "dots1": {"n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 2, "head_dim": 64},
    "falcon_mamba": {"intermediate_size": 1536},
    "gemma3n_text": {"num_hidden_layers": 15, "num_kv_shared_layers": 5},
    "helium": {"head_dim": 64},
    "hunyuan_v1_dense": {"head_dim": 64},
    "hunyuan_v1_moe": {"head_dim": 64, "num_experts": 4, "moe_topk": 2, "num_experts_per_tok": 2},
    "mamba": {"intermediate_size": 1536},
    "mamba2": {"num_heads": 24, "head_dim": 64},
    "ministral": {"head_dim": 64},
    "mpt": {"d_model": 768, "n_heads": 12, "n_layers": 3},
    "nemotron": {"head_dim": 64},
    "nemotron_h": {"layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"], "head_dim": 64},
}
"""What a class needs beside the small sizes, or in their place."""

_DRAWN_ALONE = frozenset({"lfm2_moe", "longcat_flash", "zamba2"})
"""Types that need the kinds of layers said, or of which the class holds more than a checkpoint."""

_VARIED: tuple[dict[str, Any], ...] = (
    {"head_dim": 40},
    {"q_lora_rank": None},
    {"first_k_dense_replace": 2},
    {"moe_layer_freq": 2},
    {"decoder_sparse_step": 2},
    {"mlp_only_layers": [1, 3]},
    {"shared_intermediate_size": 300},
    {"interleave_moe_layer_step": 2},
    {"n_shared_experts": 3},
    {"full_attention_interval": 3},
    {"word_embed_proj_dim": 256},
    {"n_inner": 900},
    {"attn_layer_indices": [1, 2]},
    {"moe_layer_start_index": 2},
    {"moe_layer_interval": 2},
)

_NO_SWITCH_OF_SIZE = (
    "use_cache",
    "use_mamba_kernels",
    "add_cross_attention",
    "output_",
    "return_",
    "use_mem",
    "is_",
    "scale_",
    "use_associative",
)


def main() -> int:
    """Count, write, and say how much."""
    classes = importlib.import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING
    causal = importlib.import_module("transformers.models.auto.modeling_auto").MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    names = [name for name in known_model_types() if name in causal and name not in TEXT]
    counts = {name: dict(_architecture(classes[name], name)) for name in names if name not in _DRAWN_ALONE}
    version = importlib.import_module("transformers").__version__
    data = {"transformers": version, "counts": counts}
    TARGET.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    DRAWN.write_text(_drawn(classes, names, version))
    print(f"{TARGET.name}: {sum(len(one['varied']) + 1 for one in counts.values())} counts of {len(counts)} types")
    return 0


def _drawn(classes: Any, names: list[str], version: str) -> str:
    """Give the file's text, a configuration a line: `[keys, parameters]`."""
    causal = {name: _some(_seeded(name), classes[name], name) for name in names}
    wholes = {name: _some_wholes(_seeded(name), classes[name], name) for name in sorted(TEXT)}
    parts = (f'"transformers": "{version}"', f'"causal": {_table(causal)}', f'"whole": {_table(wholes)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _seeded(name: str) -> Random:
    return Random(name)  # noqa: S311 - nothing is secret here, and a second run shall draw the same


def _table(rows: dict[str, list[Any]]) -> str:
    lines = (f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, row)) + "\n]" for name, row in rows.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _some(random: Random, config_class: Any, name: str) -> list[Any]:
    drawn = (draw(random, config_class, name) for _ in range(_DRAWS))
    return _kept((keys, _tried(config_class, keys, "AutoModelForCausalLM")) for keys in drawn)


def _some_wholes(random: Random, config_class: Any, name: str) -> list[Any]:
    drawn = (draw_whole(random, name) for _ in range(_DRAWS))
    return _kept((keys, _tried(config_class, keys, "AutoModelForImageTextToText")) for keys in drawn)


def _kept(counted: Iterator[tuple[dict[str, Any], int | None]]) -> list[Any]:
    return list(islice(([keys, count] for keys, count in counted if count is not None), _KEPT))


def _architecture(config_class: Any, name: str) -> Iterator[tuple[str, Any]]:
    fields = {field.name: field.default for field in dataclasses.fields(config_class)}
    small = {
        key: value for key, value in {**_SMALL, **_OWN.get(name, {})}.items() if key in fields or key in _own(name)
    }
    yield "small", small
    yield "parameters", _tried(config_class, small)
    switches = [{key: not value} for key, value in fields.items() if isinstance(value, bool) and _is_of_size(key)]
    changes = [*switches, *(change for change in _VARIED if set(change) <= set(fields))]
    counted = [[change, _tried(config_class, {**small, **change})] for change in changes]
    yield "varied", [row for row in counted if row[1] is not None]


def _own(name: str) -> dict[str, Any]:
    return _OWN.get(name, {})


def _is_of_size(switch: str) -> bool:
    return not switch.startswith(_NO_SWITCH_OF_SIZE)


def _tried(config_class: Any, keys: dict[str, Any], automatic: str = "AutoModelForCausalLM") -> int | None:
    """Count, unless transformers refuses the combination (each class with errors of its own)."""
    refused = importlib.import_module("huggingface_hub.errors").StrictDataclassError
    try:
        return _count(config_class(**deepcopy(keys)), automatic)
    except (
        refused,
        AssertionError,
        AttributeError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        print(f"{config_class.__name__} {keys}: {error}"[:120], file=sys.stderr)
        return None


def _count(config: Any, automatic: str) -> int:
    torch = importlib.import_module("torch")
    with torch.device("meta"):
        model = getattr(importlib.import_module("transformers"), automatic).from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


if __name__ == "__main__":
    sys.exit(main())
