"""Names that the shell completes."""

from __future__ import annotations

import pytest

from hpctl.catalog.models import find_family, find_model
from hpctl.cli.completion import accelerated_types, models


def test_with_nothing_typed_there_are_families_alone() -> None:
    offered = models("")
    assert "Qwen3" in offered
    assert all(find_family(name) for name in offered)


@pytest.mark.parametrize(
    ("typed", "offered"), [("Qwen/Qwen3-8", ["Qwen/Qwen3-8B"]), ("SmolVL", ["SmolVLM"]), ("no-such", [])]
)
def test_models_are_completed_by_what_they_begin_with(typed: str, offered: list[str]) -> None:
    assert models(typed) == offered


def test_other_names_are_offered_where_no_id_begins_so() -> None:
    offered = models("Qwen3-8")
    assert "Qwen3-8B" in offered
    assert all(find_model(name) for name in offered)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ml.trn1", ["ml.trn1.32xlarge", "ml.trn1n.32xlarge"]),
        ("trn1", ["trn1.32xlarge", "trn1n.32xlarge"]),
        ("ml.c5", []),
        ("c5", []),
    ],
)
def test_types_are_completed_with_and_without_their_prefix(typed: str, offered: list[str]) -> None:
    assert accelerated_types(typed) == offered


def test_all_types_are_those_that_hyperpod_takes() -> None:
    offered = accelerated_types("")
    assert "ml.p5.48xlarge" in offered
    assert "ml.inf2.48xlarge" not in offered
    assert all(name.startswith("ml.") for name in offered)
