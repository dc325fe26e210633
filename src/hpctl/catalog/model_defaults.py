"""What a model's configuration class takes for a key that a `config.json` does not say.

Data of transformers 5.23.0, extracted by `tools/extract_model_defaults.py`: only whole numbers and switches, only of
classes that hpctl can count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TypedDict

Default = int | bool

__all__ = ["Default", "defaults_of", "inner_type"]


def defaults_of(model_type: str) -> Mapping[str, Default]:
    """Give the defaults of a model type; none where transformers has no class of it."""
    return _data()["defaults"].get(model_type, {})


def inner_type(outer: str) -> str | None:
    """Give the model type of the text configuration inside a multimodal model's, where that does not say it itself."""
    return _data()["inner"].get(outer)


class _Data(TypedDict):
    defaults: Mapping[str, Mapping[str, Default]]
    inner: Mapping[str, str]


@cache
def _data() -> _Data:
    text = (files("hpctl.catalog") / "model_defaults.json").read_text(encoding="utf-8")
    data: _Data = json.loads(text)
    return data
