"""Reading a model's `config.json`, from a folder, a file or a text that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpctl.catalog.model_defaults import inner_type
from hpctl.errors import Problem, SpecError
from hpctl.spec.model_config import ModelConfig
from hpctl.spec.model_weights import refusal_of_file, refusal_of_folder
from hpctl.spec.source import TextSource, read, unreadable

CONFIG_FILE = "config.json"
"""The name of the file in a model's folder (transformers)."""

_WANTED = "a model's configuration"
_NAMED = re.compile(r"`(\w+)`")
_INSIDE = ("text_config", "llm_config", "thinker_config")
"""Where multimodal configurations keep that of their language model (transformers; InternVL's own code; Qwen Omni)."""


def read_model(path: Path, name: str | None = None) -> ModelConfig:
    """Read a folder's `config.json`, or the file itself; `name` is what the person calls it.

    Raises SpecError with file, line and column when it is no JSON object, or does not say which model it is of.
    """
    file = path / CONFIG_FILE if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise refusal_of_folder(path)
    if (refused := refusal_of_file(file)) is not None and file.is_file():
        raise refused
    return parsed_model(read(file, _WANTED), name or str(path))


def parsed_model(source: TextSource, name: str) -> ModelConfig:
    """Read a configuration's text; see `read_model`."""
    return model_config(_object(source), name=name, origin=source.name)


def located(error: SpecError, origin: str) -> SpecError:
    """Add line and column to what is wrong with a configuration, where it was a file and the error names its key."""
    path = Path(origin)
    named = _NAMED.findall(error.message)
    if error.problems or not named or not path.is_file():
        return error
    source = read(path, _WANTED)
    places = (re.search(rf'"{re.escape(key)}"\s*:', source.text) for key in named)
    place = next(filter(None, places), None)
    if place is None:
        return error
    before = source.text[: place.start()]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    problem = Problem(origin, line, column, "", error.message)
    return SpecError(f"the model of `{origin}` cannot be counted", (problem,), hint=error.hint)


def model_config(raw: Mapping[str, Any], *, name: str, origin: str) -> ModelConfig:
    """Find the language model in what was read; SpecError when the configuration does not say its `model_type`."""
    text, outer = raw, raw
    while (inside := _inside(text)) is not None:
        outer, text = text, inside
    model_type = text.get("model_type") or inner_type(str(outer.get("model_type")))
    if not isinstance(model_type, str):
        raise _untyped(raw, origin)
    if text is not raw and model_type == outer.get("model_type"):
        model_type = inner_type(model_type) or model_type  # a text part that is called as the whole
    named = text.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else None
    return ModelConfig(name=name, origin=origin, model_type=model_type, architecture=architecture, text=text, raw=raw)


def _inside(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = (config.get(key) for key in _INSIDE)
    return next((one for one in found if isinstance(one, Mapping) and one), None)


def _object(source: TextSource) -> Mapping[str, Any]:
    try:
        value = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise unreadable(source.name, _problem(source, error.lineno, error.colno, error.msg), wanted=_WANTED) from None
    except RecursionError:
        raise unreadable(source.name, _problem(source, 1, 1, "nested too deeply"), wanted=_WANTED) from None
    if not isinstance(value, dict):
        raise unreadable(source.name, _problem(source, 1, 1, "the file is not a JSON object"), wanted=_WANTED)
    return value


def _problem(source: TextSource, line: int, column: int, message: str) -> Problem:
    return Problem(source.name, line, column, "", message[:1].lower() + message[1:])


def _untyped(raw: Mapping[str, Any], origin: str) -> SpecError:
    if "base_model_name_or_path" in raw:
        hint = f"check the base model `{raw['base_model_name_or_path']}` with `--task lora`"
        return SpecError(f"`{origin}` is of a LoRA adapter, not of a model", hint=hint)
    hint = "give the `config.json` in the format of transformers that stands beside the model's weights"
    return SpecError(f"`{origin}` does not say its `model_type`", hint=hint)
