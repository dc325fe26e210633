"""A model's `config.json` as it was read; nothing of it is judged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What a `config.json` says, and where it was.

    `name` is what the person calls the model (a Hub id, a catalogue name, a folder); `origin` tells where the
    configuration comes from, for messages. `model_type` and `architecture` are of the language model: of a multimodal
    configuration those of its `text_config`, whose keys `text` holds; `raw` is the whole file.
    """

    name: str
    origin: str
    model_type: str
    architecture: str | None
    text: Mapping[str, Any] = field(hash=False)
    raw: Mapping[str, Any] = field(hash=False)
