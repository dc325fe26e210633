from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode, SpecError
from hpctl.estimate.parameters import UnknownModelError, known_model_types, shape_of
from hpctl.estimate.shape import ModelShape
from hpctl.spec.model_read import model_config

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


@pytest.mark.parametrize("model_type", sorted(COUNTED))
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
        *("baichuan", "chatglm", "deepseek", "exaone", "internlm2", "kimi_k2", "minicpm", "qwen", "yi"),
        *("qwen2_5_vl", "qwen2_vl"),
    }


def test_an_unknown_architecture_is_refused_by_name_with_the_nearest() -> None:
    with pytest.raises(UnknownModelError) as caught:
        shape(llama(model_type="qwen3moe2"))
    assert caught.value.message == "the parameters of the architecture `qwen3moe2` of `it` cannot be counted"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("the nearest are `qwen3_moe`")
    assert caught.value.exit_code is ExitCode.CHECKS_FAILED


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
