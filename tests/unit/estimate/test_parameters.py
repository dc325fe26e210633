from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode, SpecError
from hpctl.estimate.parameters import UnknownModelError, known_model_types, refused_types, shape_of
from hpctl.estimate.parameters.declare import FAMILIES
from hpctl.estimate.parameters.places import PLACES
from hpctl.estimate.shape import ModelShape
from hpctl.spec.model_read import model_config
from tests.in_turn import in_turn

COUNTED: Mapping[str, Any] = json.loads((Path(__file__).parent / "transformers_counts.json").read_text())["counts"]
DRAWN: Mapping[str, Any] = json.loads((Path(__file__).parent / "drawn_counts.json").read_text())

REMOTE = {
    # type of code that lives beside the weights: (configuration, parameters of the published checkpoint)
    "chatglm3-6b": (
        {
            "model_type": "chatglm",
            "hidden_size": 4096,
            "num_layers": 28,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "ffn_hidden_size": 13696,
            "padded_vocab_size": 65024,
            "add_qkv_bias": True,
        },
        6_243_584_000,
    ),
    "Baichuan2-7B": (
        {
            "model_type": "baichuan",
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 11008,
            "vocab_size": 125696,
        },
        7_505_973_248,
    ),
    "Qwen-7B": (
        {
            "model_type": "qwen",
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 22016,
            "vocab_size": 151936,
        },
        7_721_324_544,
    ),
    "InternLM-7B": (
        {
            "model_type": "internlm",
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 11008,
            "vocab_size": 103168,
            "bias": True,
        },
        7_321_948_160,
    ),
    "MiniMax-Text-01": (
        {
            "model_type": "minimax_text_01",
            "hidden_size": 6144,
            "num_hidden_layers": 80,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": 9216,
            "num_local_experts": 32,
            "num_experts_per_tok": 2,
            "vocab_size": 200064,
            "attn_type_list": ([0] * 7 + [1]) * 10,
        },
        456_089_655_296,
    ),
    "falcon-7b by its first name": (
        {
            "model_type": "RefinedWebModel",
            "hidden_size": 4544,
            "n_head": 71,
            "n_layer": 32,
            "multi_query": True,
            "vocab_size": 65024,
        },
        6_921_720_704,
    ),
    "falcon-40b by its first name": (
        {
            "model_type": "RefinedWeb",
            "hidden_size": 8192,
            "n_head": 128,
            "n_head_kv": 8,
            "n_layer": 60,
            "vocab_size": 65024,
        },
        41_303_293_952,
    ),
    "phi-2 by its first name": (
        {
            "model_type": "phi-msft",
            "n_embd": 2560,
            "n_head": 32,
            "n_layer": 32,
            "n_inner": None,
            "n_positions": 2048,
            "vocab_size": 51200,
        },
        2_779_683_840,
    ),
    "EXAONE-3.5-7.8B": (
        {
            "model_type": "exaone",
            "hidden_size": 4096,
            "num_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 14336,
            "vocab_size": 102400,
        },
        7_818_448_896,
    ),
}


def shape(keys: Mapping[str, Any]) -> ModelShape:
    return shape_of(model_config(keys, name="it", origin="config.json"))


def llama(**changed: Any) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 96,
        "vocab_size": 100,
        **changed,
    }


@in_turn("model_type", sorted(COUNTED))
def test_counts_what_transformers_counts(model_type: str) -> None:
    counted = COUNTED[model_type]
    small = {"model_type": model_type, **counted["small"]}
    assert shape(_said(small)).parameters == counted["parameters"]
    for change, parameters in counted["varied"]:
        assert (change, shape(_said({**small, **change})).parameters) == (change, parameters)


def _said(keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the keys where a default counts: inside a multimodal configuration, sizes that equal it are left out."""
    return {"model_type": "outer", "text_config": keys}


@pytest.mark.parametrize("name", sorted(REMOTE))
def test_counts_what_the_checkpoint_of_remote_code_holds(name: str) -> None:
    keys, parameters = REMOTE[name]
    assert shape(keys).parameters == parameters


def test_every_declared_type_that_transformers_knows_is_compared_with_it() -> None:
    uncompared = set(known_model_types()) - set(COUNTED) - set(DRAWN["causal"])
    inner = {name for name in uncompared if name.endswith(("_text", "_text_model"))}
    assert uncompared - inner == {
        *("RefinedWeb", "RefinedWebModel", "Yi", "baichuan", "chatglm", "deepseek", "exaone", "internlm", "internlm2"),
        *("kimi_k2", "minicpm", "minimax_m1", "minimax_text_01", "mistral4", "phi-msft", "qwen", "yi"),
        *("qwen2_5_vl", "qwen2_vl", "qwen3_5", "qwen3_5_moe"),
    }


def test_an_unknown_architecture_is_refused_by_name_with_the_nearest() -> None:
    with pytest.raises(UnknownModelError) as caught:
        shape(llama(model_type="qwen3moe2"))
    assert caught.value.message == "the parameters of the architecture `qwen3moe2` of `it` cannot be counted"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("the nearest are `qwen3_moe`")
    assert caught.value.exit_code is ExitCode.CHECKS_FAILED


@pytest.mark.parametrize(
    ("model_type", "reason"),
    [
        ("t5", "it is an encoder-decoder, and hpctl counts decoders alone"),
        ("bart", "it is an encoder-decoder, and hpctl counts decoders alone"),
        ("bert", "it is an encoder without a decoder, and hpctl counts decoders alone"),
        ("whisper", "it is a model of speech, whose audio parts hpctl cannot count"),
        ("vit", "it is a vision model without a language model"),
        (
            "phi3_v",
            "its code lies beside its weights and is in no release of transformers, so there is nothing to compare",
        ),
        ("zamba", "transformers 5.23.0 has it, but hpctl has no count that was found exact"),
    ],
)
def test_an_architecture_that_is_known_but_not_counted_is_refused_with_the_reason(model_type: str, reason: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        shape(llama(model_type=model_type))
    said = f"the parameters of the architecture `{model_type}` of `it` cannot be counted: {reason}"
    assert caught.value.message.startswith(said)


def test_each_type_is_found_in_the_module_that_declares_it() -> None:
    for name in {*PLACES.values()}:
        import_module(f"hpctl.estimate.parameters.{name}")
    assert {model_type: count.__module__.rpartition(".")[2] for model_type, count in FAMILIES.items()} == PLACES


def test_nothing_is_counted_and_refused_at_once() -> None:
    assert set(known_model_types()).isdisjoint(refused_types())


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (
            {"model_type": "lfm2_moe", "num_dense_layers": 1, "moe_intermediate_size": 8, "num_experts": 2},
            "layer_types",
        ),
        ({"model_type": "nemotron_h"}, "hybrid_override_pattern"),
    ],
)
def test_kinds_of_layers_that_must_be_said_are_asked_for(keys: Mapping[str, Any], name: str) -> None:
    with pytest.raises(SpecError, match=f"`config.json` does not say `{name}` of the model"):
        shape(llama(num_experts_per_tok=1, **keys))


@pytest.mark.parametrize("model_type", ["qwen3_next", "gemma3_text", "granitemoehybrid", "kimi_linear"])
def test_more_kinds_of_layers_than_layers_are_refused(model_type: str) -> None:
    keys = {"model_type": model_type, "layer_types": ["full_attention"] * 3, "num_hidden_layers": 2}
    with pytest.raises(SpecError, match=r"`layer_types` of `config\.json` tells of 3 layers, but the model has 2"):
        shape(_said({**_inside_defaults(), **keys}))


def _inside_defaults() -> dict[str, Any]:
    return {"hidden_size": 64, "num_attention_heads": 4, "shared_intermediate_size": 8}


def test_kimi_k3_is_not_taken_for_the_kimi_linear_that_it_is_called() -> None:
    keys = {**llama(model_type="kimi_linear"), "routed_expert_hidden_size": 32}
    with pytest.raises(UnknownModelError) as caught:
        shape({"model_type": "kimi_k3", "text_config": keys})
    said = "`config.json` is of type `kimi_linear`, but its `routed_expert_hidden_size` is of another architecture"
    assert caught.value.message == f"{said}, whose parameters cannot be counted"
    nested = {**llama(model_type="kimi_linear"), "linear_attn_config": {"use_full_rank_gate": True}}
    with pytest.raises(UnknownModelError, match="its `use_full_rank_gate` is of another architecture"):
        shape(nested)


def test_layers_that_share_an_indexer_have_none() -> None:
    keys = {"model_type": "glm_moe_dsa", "hidden_size": 64, "num_hidden_layers": 6, "vocab_size": 100}
    every = shape(_said(keys)).parameters
    by_word = shape(_said({**keys, "indexer_types": ["full"] * 4 + ["shared"] * 2})).parameters
    by_letter = shape(_said({**keys, "index_topk_pattern": "FFSFSF"})).parameters
    by_period = shape(_said({**keys, "index_topk_freq": 2})).parameters
    assert every - by_word == every - by_letter == every - by_period == 2 * _indexer(keys["hidden_size"])


def _indexer(hidden: Any) -> int:
    return int(2048 * 32 * 128 + hidden * 128 + 2 * 128 + hidden * 32)


def test_a_text_part_that_is_called_as_the_whole_is_still_found() -> None:
    text = {"hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 100}
    inner = shape({"model_type": "qwen3_5", "text_config": {**text, "model_type": "qwen3_5_text"}})
    assert shape({"model_type": "qwen3_5", "text_config": {**text, "model_type": "qwen3_5"}}) == inner


def test_experts_that_only_pass_a_token_on_have_no_weights() -> None:
    longcat = {
        "model_type": "longcat_flash",
        "hidden_size": 6144,
        "num_layers": 28,
        "num_attention_heads": 64,
        "ffn_hidden_size": 12288,
        "expert_ffn_hidden_size": 2048,
        "n_routed_experts": 512,
        "zero_expert_num": 256,
        "moe_topk": 12,
        "vocab_size": 131072,
    }
    assert shape(longcat).parameters == 560_664_958_976


def test_zamba_2_places_its_shared_blocks_as_transformers_does_where_nothing_is_said() -> None:
    assert shape(_said({"model_type": "zamba2"})).parameters == 2_481_848_336  # Zamba2Config() of transformers 5.23.0


def test_blocks_of_zamba_that_would_not_be_shared_are_refused() -> None:
    with pytest.raises(SpecError, match="unties the head of `zamba2`"):
        shape(llama(model_type="zamba2", tie_word_embeddings=False))


def test_a_whole_configuration_without_a_size_is_refused_rather_than_given_another_models() -> None:
    keys = llama()
    del keys["intermediate_size"]
    with pytest.raises(SpecError, match=r"`config\.json` does not say `intermediate_size` of the model"):
        shape(keys)


def test_a_text_configuration_inside_another_takes_its_class_defaults() -> None:
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "intermediate_size": 10240}
    gemma = shape({"model_type": "gemma3", "text_config": text})
    assert gemma.parameters == 3_880_263_168
    assert (gemma.tied, gemma.vocabulary) == (True, 262_208)


@pytest.mark.parametrize("wrong", ["64", -1, 6.5, True, [64]])
def test_a_size_that_is_no_whole_number_is_refused(wrong: object) -> None:
    with pytest.raises(SpecError, match=r"`hidden_size` of `config\.json` is `.*`, but should be a whole number"):
        shape(llama(hidden_size=wrong))


def test_more_layers_than_any_model_has_are_refused_before_they_are_made() -> None:
    with pytest.raises(SpecError, match=r"`num_hidden_layers` of `config\.json` is 1000000000, more than 10000"):
        shape(llama(num_hidden_layers=10**9))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"num_attention_heads": 0},
            r"`num_attention_heads` of `config\.json` is `0`, but should be a whole number from 1",
        ),
        ({"num_key_value_heads": 0}, r"`num_key_value_heads` of `config\.json` is `0`, but should be"),
        ({"hidden_size": -64.0}, r"`hidden_size` of `config\.json` is `-64\.0`, but should be a whole number from 1"),
        ({"intermediate_size": -1}, r"`intermediate_size` of `config\.json` is `-1`, but should be a whole number$"),
        ({"head_dim": 10**400}, r"`head_dim` of `config\.json` is larger than 1,000,000,000: no model has that"),
    ],
)
def test_numbers_that_no_model_has_are_refused_by_name(keys: Mapping[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        shape(llama(**keys))


@pytest.mark.parametrize(
    "keys",
    [
        {"model_type": "jamba", "attn_layer_period": 0, "num_experts": 2, "num_experts_per_tok": 1},
        {"model_type": "gemma2", "sliding_window": 8, "sliding_window_pattern": 0},
        {"model_type": "qwen3_5_text", "full_attention_interval": 0},
    ],
)
def test_a_period_of_zero_is_no_division_by_it(keys: Mapping[str, Any]) -> None:
    assert shape(llama(**keys)).parameters > 0


def test_a_switch_that_is_no_switch_is_refused() -> None:
    with pytest.raises(
        SpecError, match=r"`tie_word_embeddings` of `config\.json` is `yes`, but should be true or false"
    ):
        shape(llama(tie_word_embeddings="yes"))


def test_a_null_is_what_follows_from_the_other_keys() -> None:
    assert shape(llama(num_key_value_heads=None, head_dim=None)) == shape(llama(num_key_value_heads=4, head_dim=16))


def test_a_list_that_is_null_is_what_the_class_takes_instead() -> None:
    keys = {"model_type": "flint", "hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 100}
    assert shape(_said({**keys, "mlp_only_layers": None})) == shape(_said({**keys, "mlp_only_layers": [0, 1]}))
    assert shape(_said({**keys, "mlp_only_layers": []})) != shape(_said(keys))


def test_a_tied_head_is_counted_once() -> None:
    tied, untied = shape(llama(tie_word_embeddings=True)), shape(llama(tie_word_embeddings=False))
    assert (tied.head_parameters, untied.head_parameters) == (0, 64 * 100)
    assert untied.parameters - tied.parameters == 64 * 100


def test_the_head_is_tied_as_the_outer_configuration_says() -> None:
    outer = {"model_type": "qwen3_vl", "tie_word_embeddings": True, "text_config": llama(tie_word_embeddings=False)}
    assert shape(outer).tied


def test_the_head_width_may_differ_from_the_models() -> None:
    wide = shape(llama(head_dim=32)).layers[0].attention
    assert wide.parameters == 64 * 128 + 2 * 64 * 64 + 128 * 64
    assert wide.kv_width == 2 * 2 * 32


def test_latent_attention_caches_its_narrow_width_once_for_all_heads() -> None:
    keys = {
        "model_type": "deepseek_v3",
        "hidden_size": 7168,
        "num_hidden_layers": 4,
        "num_attention_heads": 128,
        "intermediate_size": 18432,
        "moe_intermediate_size": 2048,
        "n_routed_experts": 256,
        "vocab_size": 129280,
    }
    model = shape(keys)
    assert model.layers[0].attention.kv_width == 512 + 64
    assert [layer.experts is None for layer in model.layers] == [True, True, True, False]


@pytest.mark.parametrize(
    ("keys", "windows"),
    [
        ({"model_type": "gemma2", "sliding_window": 8, "num_hidden_layers": 4}, [8, None, 8, None]),
        ({"model_type": "gemma3_text", "sliding_window": 8, "num_hidden_layers": 7}, [8, 8, 8, 8, 8, None, 8]),
        ({"model_type": "mistral", "sliding_window": 8}, [8, 8]),
        ({"model_type": "mistral", "sliding_window": None}, [None, None]),
        ({"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}, [None, 8]),
        ({"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 8}, [None, None]),
        (
            {"model_type": "gemma2", "sliding_window": 8, "layer_types": ["full_attention", "sliding_attention"]},
            [None, 8],
        ),
        (
            {"model_type": "granite_swa", "sliding_window": 8, "num_hidden_layers": 6},
            [None, 8, 8, 8, None, 8],
        ),
        (
            {
                "model_type": "flint",
                "sliding_window": 8,
                "num_hidden_layers": 8,
                "moe_intermediate_size": 8,
                "num_experts": 2,
                "num_experts_per_tok": 1,
            },
            [None, None, 8, 8, 8, None, 8, None],
        ),
        (
            {"model_type": "exaone4", "sliding_window": 8, "sliding_window_pattern": "LLG", "num_hidden_layers": 3},
            [8, 8, None],
        ),
    ],
)
def test_each_layer_knows_how_far_its_attention_reaches(keys: Mapping[str, Any], windows: list[int | None]) -> None:
    assert [layer.attention.window for layer in shape(llama(**keys)).layers] == windows


def test_only_the_attending_layers_of_a_hybrid_have_a_cache() -> None:
    keys = {
        **llama(model_type="qwen3_next", num_hidden_layers=4, head_dim=16),
        "moe_intermediate_size": 32,
        "num_experts": 4,
        "num_experts_per_tok": 2,
    }
    layers = shape(keys).layers
    assert [layer.attention.softmax for layer in layers] == [False, False, False, True]
    assert [layer.attention.kv_width for layer in layers] == [0, 0, 0, 2 * 2 * 16]


def test_a_token_meets_the_chosen_and_the_shared_experts() -> None:
    keys = llama(model_type="granitemoeshared", num_local_experts=8, num_experts_per_tok=2, shared_intermediate_size=32)
    model = shape(keys)
    idle = 2 * (8 - 2) * 3 * 64 * 96
    assert model.parameters - model.active_parameters == idle
