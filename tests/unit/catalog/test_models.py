from __future__ import annotations

from collections import Counter

import pytest

from hpctl.catalog.models import Gate, find_family, find_model, known_models, nearest_names


@pytest.mark.parametrize("name", ["meta-llama/Llama-3.1-8B", "llama-3.1-8b", "Llama 3.1 8B", "LLAMA_3.1_8B"])
def test_a_model_is_found_by_id_and_by_other_spellings(name: str) -> None:
    model = find_model(name)
    assert model is not None
    assert (model.name, model.gate) == ("meta-llama/Llama-3.1-8B", Gate.GATED)


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
