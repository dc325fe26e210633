"""Kubernetes' quantities as numbers."""

from __future__ import annotations

import pytest

from hpctl.facts.quantities import quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8", 8.0),
        (8, 8.0),
        (0.5, 0.5),
        ("500m", 0.5),
        ("1.5", 1.5),
        ("16Gi", 16 * 2.0**30),
        ("5120Mi", 5120 * 2.0**20),
        ("128G", 128e9),
        ("1k", 1000.0),
        ("1e3", 1000.0),
        ("1E3", 1000.0),
        ("1E", 1e18),
        ("+2", 2.0),
        (".5", 0.5),
    ],
)
def test_a_quantity_is_the_number_that_it_stands_for(text: str | float, number: float) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "many", "16GB", "1 Gi", "1Gi ", "m", "1ki", "0x10", "nan"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"`{text}` is no quantity"):
        quantity(text)
