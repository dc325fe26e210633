from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpctl.errors import Problem, SpecError
from hpctl.spec.model_read import located, model_config, read_model

LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64}


def test_a_folder_and_its_file_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    folder, file = read_model(tmp_path, "mine"), read_model(tmp_path / "config.json", "mine")
    assert folder == file
    assert (folder.name, folder.origin) == ("mine", str(tmp_path / "config.json"))
    assert (folder.model_type, folder.architecture) == ("llama", "LlamaForCausalLM")


def test_broken_json_is_refused_with_its_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{\n  "model_type": "llama",\n  "hidden_size": ,\n}')
    with pytest.raises(SpecError, match="cannot be read as a model's configuration") as caught:
        read_model(file)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == (str(file), 3, 18)
    assert problem.message == "expecting value"


@pytest.mark.parametrize("text", ["[]", '"llama"', "7"])
def test_json_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_model(file)
    assert [problem.message for problem in caught.value.problems] == ["the file is not a JSON object"]


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"a":' * 100_000)
    with pytest.raises(SpecError, match="cannot be read as a model's configuration"):
        read_model(file)


def test_a_folder_without_a_configuration_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"has no `config\.json`") as caught:
        read_model(tmp_path)
    assert caught.value.hint == "give the folder that holds the model's `config.json`, or the file itself"


def test_an_adapters_folder_leads_to_its_base_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "Qwen/Qwen3-8B"}')
    with pytest.raises(SpecError, match="holds a LoRA adapter, not a model") as caught:
        read_model(tmp_path)
    assert caught.value.hint == "check the base model `Qwen/Qwen3-8B` with `--task lora`"


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (["model.Q4_K_M.gguf"], r"is in the format of llama\.cpp \(GGUF\), which hpctl does not read", "GGUF"),
        (["consolidated.00.pth", "params.json"], "is in Meta's or Mistral's own format", "format of transformers"),
        (["model.safetensors.index.json"], r"has weights, but no `config\.json`", "beside the weights"),
        (["model-00001-of-00002.safetensors"], r"has weights, but no `config\.json`", "beside the weights"),
        (["pytorch_model.bin", "tokenizer.json"], r"has weights, but no `config\.json`", "beside the weights"),
    ],
)
def test_a_folder_of_something_else_says_what_it_holds(
    tmp_path: Path, names: list[str], message: str, hint: str
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"\x00")
    with pytest.raises(SpecError, match=message) as caught:
        read_model(tmp_path)
    assert caught.value.hint is not None
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.gguf", r"llama\.cpp \(GGUF\)"),
        ("model.safetensors", "holds weights, not a model's configuration"),
        ("model.safetensors.index.json", "holds weights, not a model's configuration"),
        ("params.json", "is in Meta's or Mistral's own format"),
    ],
)
def test_a_file_that_is_no_configuration_by_its_name_is_not_even_read(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text('{"model_type": "llama"}')
    with pytest.raises(SpecError, match=message):
        read_model(tmp_path / name)


def test_a_file_that_is_not_there_is_said_to_be_missing_whatever_its_name(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no file"):
        read_model(tmp_path / "model.gguf")


@pytest.mark.parametrize("text", ["not json", "[1]", '{"r": 16}'])
def test_an_adapter_that_does_not_name_its_base_is_still_told_as_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(SpecError, match="holds a LoRA adapter, not a model") as caught:
        read_model(tmp_path)
    assert caught.value.hint == "check the base model with `--task lora`"


def test_an_adapters_own_file_leads_to_its_base_model_too(tmp_path: Path) -> None:
    file = tmp_path / "adapter_config.json"
    file.write_text('{"base_model_name_or_path": "Qwen/Qwen3-8B", "peft_type": "LORA"}')
    with pytest.raises(SpecError, match="is of a LoRA adapter, not of a model") as caught:
        read_model(file)
    assert caught.value.hint == "check the base model `Qwen/Qwen3-8B` with `--task lora`"


def test_a_configuration_without_a_type_is_refused() -> None:
    with pytest.raises(SpecError, match="`here` does not say its `model_type`"):
        model_config({"hidden_size": 64}, name="it", origin="here")


@pytest.mark.parametrize("key", ["text_config", "llm_config"])
def test_of_a_multimodal_configuration_the_language_model_is_taken(key: str) -> None:
    raw = {"model_type": "mistral3", "architectures": ["Mistral3ForConditionalGeneration"], key: LLAMA}
    config = model_config(raw, name="it", origin="here")
    assert (config.model_type, config.architecture, config.text, config.raw) == (
        "llama",
        "LlamaForCausalLM",
        LLAMA,
        raw,
    )


def test_the_language_model_is_found_two_levels_down() -> None:
    raw = {"model_type": "qwen3_omni_moe", "thinker_config": {"model_type": "thinker", "text_config": LLAMA}}
    assert model_config(raw, name="it", origin="here").text == LLAMA


def test_an_inner_configuration_without_a_type_takes_that_of_the_outer_class() -> None:
    raw = {"model_type": "gemma3", "text_config": {"hidden_size": 2560}}
    assert model_config(raw, name="it", origin="here").model_type == "gemma3_text"


def test_what_is_wrong_with_a_key_is_said_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"model_type": "llama",\n  "hidden_size" : "x"}')
    found = located(SpecError("`hidden_size` is `x`, but should be a whole number", hint="mend it"), str(file))
    assert found.message == f"the model of `{file}` cannot be counted"
    assert found.problems == (Problem(str(file), 2, 3, "", "`hidden_size` is `x`, but should be a whole number"),)
    assert found.hint == "mend it"


def test_a_key_that_is_not_there_has_no_line_and_a_catalogue_no_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("{}")
    for error, origin in (
        (SpecError("`hidden_size` is missing"), str(file)),
        (SpecError("`a` is `x`"), "catalogue entry `a`"),
        (SpecError("`a` is `x`", (Problem("f", 1, 1, "", "bad"),)), str(file)),
    ):
        assert located(error, origin) is error
