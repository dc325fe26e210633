"""What a person gives in place of a model's `config.json`: weights, an adapter, another tool's parameters."""

from __future__ import annotations

import json
from pathlib import Path

from hpctl.errors import SpecError
from hpctl.spec.source import read

_ADAPTER = "adapter_config.json"
_PARAMS = "params.json"
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx")
_WANTED = "give the folder that holds the model's `config.json`, or the file itself"


def refusal_of_file(file: Path) -> SpecError | None:
    """Make the error for a file that by its name holds weights, or is not in the format of transformers."""
    name = file.name
    if name.endswith(".gguf"):
        return _gguf(file)
    if name.endswith((*_WEIGHTS, ".index.json")):
        hint = "give the `config.json` that stands beside the weights"
        return SpecError(f"`{file}` holds weights, not a model's configuration", hint=hint)
    if name == _PARAMS:
        return _params(file)
    return None


def refusal_of_folder(folder: Path) -> SpecError:
    """Make the error for a folder without a `config.json`, by what it has instead."""
    if (folder / _ADAPTER).is_file():
        base = _base_of(folder / _ADAPTER)
        hint = f"check the base model{f' `{base}`' if base else ''} with `--task lora`"
        return SpecError(f"`{folder}` holds a LoRA adapter, not a model", hint=hint)
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    if any(name.endswith(".gguf") for name in names):
        return _gguf(folder)
    if _PARAMS in names:
        return _params(folder / _PARAMS)
    if any(name.endswith((*_WEIGHTS, ".index.json")) for name in names):
        hint = "put the model's `config.json` beside the weights: what they are of cannot be told without it"
        return SpecError(f"`{folder}` has weights, but no `config.json`", hint=hint)
    return SpecError(f"`{folder}` has no `config.json`", hint=_WANTED)


def _gguf(path: Path) -> SpecError:
    hint = "check the model that it was made from, by its `config.json` or its name: GGUF is for inference alone"
    return SpecError(f"`{path}` is in the format of llama.cpp (GGUF), which hpctl does not read", hint=hint)


def _params(file: Path) -> SpecError:
    hint = (
        "give the model's `config.json` in the format of transformers, or its name: the two formats name widths apart"
    )
    return SpecError(f"`{file}` is in Meta's or Mistral's own format, which hpctl does not read", hint=hint)


def _base_of(file: Path) -> str | None:
    """Read which model an adapter is for; None where it does not say so."""
    try:
        said = json.loads(read(file, "an adapter's configuration").text)
    except (json.JSONDecodeError, RecursionError):
        return None
    base = said.get("base_model_name_or_path") if isinstance(said, dict) else None
    return base if isinstance(base, str) else None
