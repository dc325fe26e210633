from __future__ import annotations

import re
from collections import Counter

import pytest

from hpctl.catalog.models import Gate, find_family, find_model, known_models, nearest_names


@pytest.mark.parametrize("name", ["meta-llama/Llama-3.1-8B", "llama-3.1-8b", "Llama 3.1 8B", "LLAMA_3.1_8B"])
def test_a_model_is_found_by_id_and_by_other_spellings(name: str) -> None:
    model = find_model(name)
    assert model is not None
    assert (model.name, model.gate) == ("meta-llama/Llama-3.1-8B", Gate.GATED)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("llama 3.1 70b", "meta-llama/Llama-3.1-70B"),
        ("Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-70B"),
        ("meta-llama/Llama-3.1-70B", "meta-llama/Llama-3.1-70B"),
        ("llama3.1 70b", "meta-llama/Llama-3.1-70B"),
        ("llama 3 8b", "meta-llama/Meta-Llama-3-8B"),
        ("Qwen3-30B-A3B", "Qwen/Qwen3-30B-A3B"),
        ("qwen 3 30b a3b", "Qwen/Qwen3-30B-A3B"),
        ("qwen2.5 72b instruct", "Qwen/Qwen2.5-72B"),
        ("Qwen2.5-Coder-7B-Instruct", "Qwen/Qwen2.5-7B"),
        ("deepseek r1 distill llama 8b", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B"),
        ("deepseek_r1", "deepseek-ai/DeepSeek-R1"),
        ("gpt-oss-120b", "openai/gpt-oss-120b"),
        ("gpt oss 20b", "openai/gpt-oss-20b"),
        ("phi-4", "microsoft/phi-4"),
        ("gemma3-27b", "google/gemma-3-27b-pt"),
        ("gemma 3 27b it", "google/gemma-3-27b-pt"),
        ("mixtral 8x7b", "mistralai/Mixtral-8x7B-v0.1"),
        ("gpt2", "openai-community/gpt2"),
        ("kimi k2", "moonshotai/Kimi-K2-Instruct"),
        ("qwen2.5-vl-7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct"),
    ],
)
def test_a_model_is_found_as_people_type_it(typed: str, meant: str) -> None:
    model = find_model(typed)
    assert model is not None
    assert model.name == meant


@pytest.mark.parametrize(
    ("typed", "family"),
    [("mixtral", "Mixtral"), ("gpt-oss", "GPT-OSS"), ("phi4", "Phi-4"), ("qwen3", "Qwen3"), ("llama 3.1", "Llama 3.1")],
)
def test_a_familys_name_is_no_models(typed: str, family: str) -> None:
    found = find_family(typed)
    assert find_model(typed) is None
    assert found is not None
    assert found.name == family


@pytest.mark.parametrize(
    "typed", ["gemma 22b", "gemma-27b", "llama-31-70b", "qwen 38b", "someone/Qwen3-8B", "qwen3 30b"]
)
def test_a_name_that_is_only_like_a_models_finds_none(typed: str) -> None:
    assert find_model(typed) is None
    assert find_family(typed) is None


def test_what_was_left_out_of_a_name_is_among_the_nearest() -> None:
    assert nearest_names("qwen3 30b")[0] == "Qwen3-30B-A3B"
    assert nearest_names("Llama-4-Sc")[0] == "Llama-4-Scout"


def test_the_catalogue_is_large_and_its_vision_models_are_whole() -> None:
    models = known_models()
    assert len(models) >= 160
    whole = {model.name for model in models if "vision_config" in model.config}
    assert {"google/gemma-3-27b-pt", "meta-llama/Llama-4-Scout-17B-16E", "Qwen/Qwen3-VL-8B-Instruct"} <= whole


def test_no_name_without_its_hyphens_stands_for_another_model() -> None:
    for model in known_models():
        for name in (model.name, *model.aliases):
            short = re.sub(r"(?<=[a-z])-(?=\d)", "", name.casefold())
            assert find_model(short) is model or find_family(short) is not None, short


@pytest.mark.parametrize("name", ["Qwen3", "llama", "Llama-3.1-9B", ""])
def test_what_is_no_models_name_finds_none(name: str) -> None:
    assert find_model(name) is None


def test_no_two_models_share_a_name() -> None:
    names = Counter(name.casefold() for model in known_models() for name in (model.name, *model.aliases))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_family_has_models_and_none_is_called_as_a_model() -> None:
    for name in ("Llama", "Qwen3", "Qwen3-MoE", "Gemma 3", "Phi-3", "DeepSeek", "GPT-OSS", "Granite"):
        family = find_family(name)
        assert family is not None
        assert family.models
        assert find_model(family.name) is None


def test_a_family_with_a_type_of_its_own_holds_no_other() -> None:
    family = find_family("Qwen3-MoE")
    assert family is not None
    assert {model.config["model_type"] for model in family.models} == {"qwen3_moe"}


def test_the_nearest_names_are_given_for_a_misspelt_one() -> None:
    assert "Qwen3-8B" in nearest_names("Qwen3-9B")
