from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hpctl.errors import AccessError, NotFoundError, SpecError, UsageError
from hpctl.estimate.parameters import shape_of
from hpctl.services.model.identify import FamilyAnswer, Identified, Model, Network, identify
from hpctl.spec.model_read import model_config

LLAMA = {"model_type": "llama", "hidden_size": 64}


@dataclass
class Hub:
    """A Hub of two dictionaries that remembers what it was asked."""

    files: dict[str, Path] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def cached(self, model_id: str) -> Path | None:
        return self.files.get(model_id)

    def fetch(self, model_id: str) -> str:
        self.asked.append(model_id)
        if model_id == "meta-llama/Secret":
            raise AccessError("`meta-llama/Secret` is gated on the Hugging Face Hub")
        if model_id not in self.texts:
            raise NotFoundError(f"the Hugging Face Hub shows no model `{model_id}`", hint="check the spelling")
        return self.texts[model_id]


def model(found: Identified) -> Model:
    assert isinstance(found, Model)
    return found


def family(found: Identified) -> FamilyAnswer:
    assert isinstance(found, FamilyAnswer)
    return found


@pytest.mark.parametrize(
    ("name", "model_type", "note"),
    [
        ("Qwen/Qwen3-30B-A3B", "qwen3_moe", "mixture of experts: type `qwen3_moe`, which is not the dense `qwen3`"),
        ("Qwen3-VL-8B", "qwen3_vl_text", "a vision model of type `qwen3_vl`"),
        ("Qwen3-Next-80B-A3B", "qwen3_next", "type `qwen3_next`, which is not `qwen3`"),
        ("Qwen3-Embedding-0.6B", "qwen3", "an embedding model whose `architectures` is that of the generative Qwen3"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "llama", "a distillation into Llama 3.1: its type is `llama`"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen2", "a distillation into Qwen2.5: its type is `qwen2`"),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen2", "Qwen2.5 has the type of Qwen2, `qwen2`"),
        ("Phi-4", "phi3", "Phi-4 has the type of Phi-3, `phi3`"),
        ("SmolVLM", "llama", "a vision model of type `idefics3`"),
        ("Mistral-Small-3.1", "mistral", "a vision model of type `mistral3`"),
        ("Llama-3.2-11B-Vision", "mllama_text_model", "a vision model of type `mllama`"),
        ("Llama-4-Scout", "llama4_text", "a vision model of type `llama4`"),
        ("gemma-3-1b", "gemma3_text", "text only: type `gemma3_text`"),
        ("gemma-3-27b", "gemma3_text", "a vision model of type `gemma3`"),
        ("gpt-oss-20b", "gpt_oss", "its weights are published in MXFP4"),
        ("DeepSeek-R1", "deepseek_v3", "without the multi-token-prediction layer"),
    ],
)
def test_a_name_that_misleads_is_told_apart(name: str, model_type: str, note: str) -> None:
    found = model(identify(name, Hub()))
    assert found.config.model_type == model_type
    assert any(note in one for one in found.notes)


def test_a_familys_name_is_answered_for_each_architecture_with_its_sizes() -> None:
    answer = family(identify("Qwen3", Hub()))
    sizes = {row.name: (row.model_type, row.parameters) for row in answer.members}
    assert sizes["Qwen/Qwen3-8B"] == ("qwen3", 8_190_735_360)
    assert sizes["Qwen/Qwen3-30B-A3B"] == ("qwen3_moe", 30_532_122_624)
    assert answer.notes[-1] == "these have 5 architectures: qwen3, qwen3_moe, qwen3_next, qwen3_vl, qwen3_vl_moe"


def test_a_family_of_one_architecture_does_not_speak_of_several() -> None:
    assert family(identify("Mixtral", Hub())).notes == ()


def test_an_alias_says_which_model_it_is_taken_for() -> None:
    found = model(identify("llama3.1-8b", Hub()))
    taken = "`llama3.1-8b` is taken as `meta-llama/Llama-3.1-8B`, whose configuration is the same"
    assert (found.config.name, found.notes) == ("meta-llama/Llama-3.1-8B", (taken,))


def test_a_folder_comes_before_a_name_of_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gpt2").mkdir()
    assert model(identify("gpt2", Hub())).config.model_type == "gpt2"
    Path("gpt2/config.json").write_text(json.dumps(LLAMA))
    assert model(identify("gpt2", Hub())).config.model_type == "llama"


def test_the_cache_is_read_without_asking_the_hub(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(LLAMA))
    hub = Hub(files={"some/model": file})
    assert model(identify("some/model", hub, Network.ALLOWED)).config.name == "some/model"
    assert hub.asked == []


def test_the_hub_is_asked_only_where_that_is_allowed() -> None:
    hub = Hub(texts={"some/model": json.dumps(LLAMA)})
    with pytest.raises(NotFoundError, match="no model `some/model` is known here"):
        identify("some/model", hub)
    assert hub.asked == []
    assert model(identify("some/model", hub, Network.ALLOWED)).config.origin == "some/model on the Hugging Face Hub"


def test_gated_and_missing_are_told_apart() -> None:
    with pytest.raises(AccessError, match="is gated on the Hugging Face Hub"):
        identify("meta-llama/Secret", Hub(), Network.ALLOWED)
    with pytest.raises(NotFoundError, match="the Hugging Face Hub shows no model `Qwen/Qwen3-9B`") as caught:
        identify("Qwen/Qwen3-9B", Hub(), Network.ALLOWED)
    assert caught.value.hint is not None
    assert "`Qwen/Qwen3-8B`" in caught.value.hint


def test_an_unknown_name_is_never_taken_for_its_nearest() -> None:
    with pytest.raises(NotFoundError, match="no model `Qwen3-9B` is known here") as caught:
        identify("Qwen3-9B", Hub())
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("the nearest names are `Qwen3-8B`")


def test_what_cannot_be_an_id_is_not_sent_to_the_hub() -> None:
    hub = Hub()
    with pytest.raises(NotFoundError, match="no model `what is this` is known here"):
        identify("what is this", hub, Network.ALLOWED)
    assert hub.asked == []


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "some.json", "a/b/c"])
def test_a_path_that_leads_nowhere_is_not_looked_up_as_a_name(name: str) -> None:
    with pytest.raises(SpecError, match="there is no file"):
        identify(name, Hub(), Network.ALLOWED)


def test_a_file_of_a_vision_model_says_what_is_counted(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": LLAMA}))
    (note,) = model(identify(str(tmp_path), Hub())).notes
    assert note == "a multimodal model of type `llava`: counted is its language model, `llama`, alone"


def test_a_file_of_a_vision_model_that_is_counted_whole_itemises_it(tmp_path: Path) -> None:
    vision = {"model_type": "pixtral", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1}
    text = {"model_type": "mistral", "hidden_size": 16, "num_hidden_layers": 1, "vocab_size": 10}
    whole = {"model_type": "mistral3", "tie_word_embeddings": False, "text_config": text, "vision_config": vision}
    (tmp_path / "config.json").write_text(json.dumps(whole))
    found = model(identify(str(tmp_path), Hub()))
    shape = shape_of(found.config)
    (note,) = found.notes
    items = f"language model {shape.language_parameters:,}, vision 6,808, projector 648"
    assert note == f"a multimodal model of type `mistral3`, counted whole: {items}"
    assert shape.parameters == shape.language_parameters + 6_808 + 648


@pytest.mark.parametrize("name", ["Qwen3-VL-8B", "Qwen2.5-VL-7B", "gemma-3-27b", "SmolVLM", "Llama-4-Scout"])
def test_a_vision_model_of_the_catalogue_is_itemised_too(name: str) -> None:
    found = model(identify(name, Hub()))
    shape = shape_of(found.config)
    assert shape.towers
    assert f"counted whole: language model {shape.language_parameters:,}, vision " in found.notes[-1]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"quant_method": "awq"}, "awq"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"load_in_4bit": True}, "bitsandbytes"),
        ({"bits": 4}, "another format"),
    ],
)
def test_a_file_of_quantized_weights_says_so_and_counts_the_same(
    tmp_path: Path, said: dict[str, object], told: str
) -> None:
    whole = {**LLAMA, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps({**whole, "quantization_config": said}))
    found = model(identify(str(tmp_path), Hub()))
    assert found.notes == (f"its weights are stored as {told}; counted are the numbers that these stand for",)
    plain = model_config(whole, name="it", origin="here")
    assert shape_of(found.config).parameters == shape_of(plain).parameters


def test_quantized_weights_of_a_language_model_inside_another_are_told_too(tmp_path: Path) -> None:
    text = {**LLAMA, "quantization_config": {"quant_method": "gptq"}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": text}))
    assert "its weights are stored as gptq" in model(identify(str(tmp_path), Hub())).notes[-1]


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_not_the_current_folder(name: str) -> None:
    with pytest.raises(UsageError, match="no model is named"):
        identify(name, Hub())
