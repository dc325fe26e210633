"""Configurations drawn at random, counted as transformers counts them: language models, and multimodal ones whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpctl.estimate.parameters import known_model_types, shape_of
from hpctl.estimate.parameters.towers import counted_wholes
from hpctl.estimate.shape import ModelShape
from hpctl.spec.model_read import model_config
from tests.in_turn import in_turn

DRAWN: Mapping[str, Any] = json.loads((Path(__file__).parent / "drawn_counts.json").read_text())
UNDRAWN = {"dbrx", "gpt_neo", "mamba2"}
"""Types whose class refuses every combination that is drawn: they are varied one switch at a time."""


def shape(keys: Mapping[str, Any]) -> ModelShape:
    return shape_of(model_config(keys, name="it", origin="config.json"))


@in_turn("model_type", sorted(DRAWN["causal"]))
def test_a_language_model_counts_as_transformers_counts_it(model_type: str) -> None:
    for keys, parameters in DRAWN["causal"][model_type]:
        text = {"model_type": model_type, **keys}
        counted = shape({"model_type": "outer", "text_config": text})
        assert (keys, counted.parameters - _unfilled(text, counted)) == (keys, parameters)


def _unfilled(keys: Mapping[str, Any], counted: ModelShape) -> int:
    """What the class of LongCat makes room for and no checkpoint fills: gate and up of experts without weights."""
    if keys["model_type"] != "longcat_flash":
        return 0
    idle = int(keys.get("zero_expert_num", 256))
    return -2 * idle * int(keys["hidden_size"]) * int(keys["expert_ffn_hidden_size"]) * len(counted.layers)


@in_turn("model_type", sorted(DRAWN["whole"]))
def test_a_multimodal_model_counts_whole_as_transformers_counts_it(model_type: str) -> None:
    for keys, parameters in DRAWN["whole"][model_type]:
        counted = shape({"model_type": model_type, **keys})
        assert (keys, counted.parameters) == (keys, parameters)
        assert [tower.name for tower in counted.towers if tower.name != "audio"] == ["vision", "projector"]
        assert counted.language_parameters == shape(_without_towers(model_type, keys)).parameters


def _without_towers(model_type: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {key: value for key, value in keys.items() if key not in {"vision_config", "audio_config"}}
    return {"model_type": model_type, **kept}


def test_every_type_has_been_drawn_often_enough() -> None:
    assert set(DRAWN["whole"]) == set(counted_wholes())
    assert {name for name, rows in DRAWN["causal"].items() if len(rows) < 3} == UNDRAWN
    assert {name for name, rows in DRAWN["whole"].items() if len(rows) < 3} == set()
    assert set(DRAWN["causal"]) <= set(known_model_types())


def test_an_encoder_that_cannot_be_counted_leaves_the_language_model_alone() -> None:
    (keys, _), *_ = DRAWN["whole"]["llava"]
    strange = {**keys, "vision_config": {"model_type": "sam_vision_model", "hidden_size": 64}}
    counted = shape({"model_type": "llava", **strange})
    assert counted.towers == ()
    assert counted.parameters == counted.language_parameters == shape(_without_towers("llava", keys)).parameters
