"""The counts that are on record, of models as they are published."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hpctl.catalog.models import KnownModel, known_models
from hpctl.estimate.parameters import shape_of
from hpctl.spec.model_read import model_config

pytestmark = pytest.mark.contract

RECORDED = Path(__file__).resolve().parents[3] / "shared/facts/model-configs.json"


def recorded() -> list[dict[str, Any]]:
    if not RECORDED.is_file():
        return []
    models: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))["models"]
    return models


def test_the_record_is_there() -> None:
    if not RECORDED.is_file() and os.environ.get("CI") != "true":
        pytest.skip("the recorded counts stand beside the project in CI only")
    assert len(recorded()) >= 25


@pytest.mark.parametrize("row", [pytest.param(row, id=row["model"]) for row in recorded()])
def test_total_and_active_counts_are_exact(row: dict[str, Any]) -> None:
    shape = shape_of(model_config(row["config"], name=row["model"], origin=row["model"]))
    assert (shape.parameters, shape.active_parameters) == (row["parameters"], row["parameters_active_per_token"])


@pytest.mark.parametrize("known", [pytest.param(known, id=known.name) for known in known_models()])
def test_the_catalogue_counts_what_it_says(known: KnownModel) -> None:
    shape = shape_of(model_config(known.config, name=known.name, origin=known.name))
    assert shape.parameters == known.parameters
    published = {row["model"]: row["parameters"] for row in recorded()}
    assert published.get(known.name, known.parameters) == known.parameters
