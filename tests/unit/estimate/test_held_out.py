"""Estimates beside peaks that the formulas were not fitted to: `tools/estimates/measurements.toml`."""

from __future__ import annotations

from statistics import median

import pytest

from tools.estimates.measured import Measured, measured

_ROWS = measured()
_SOURCES = tuple(dict.fromkeys(row.source for row in _ROWS))

# The allocator's reserve, fragmented by samples of 91 to 19,548 tokens, and DeepSpeed's buckets are not modelled.
_FARTHER = {"ms-swift benchmark, LoRA": 0.20, "Qwen README, full under DeepSpeed ZeRO-3": 0.30}


def test_130_peaks_are_met_within_15_percent_at_the_median() -> None:
    assert len(_ROWS) == 130
    assert median(abs(row.error) for row in _ROWS) < 0.10
    assert -0.08 < median(row.error for row in _ROWS) < 0.08


@pytest.mark.parametrize("source", _SOURCES)
def test_each_source_is_met_at_its_median(source: str) -> None:
    errors = [abs(row.error) for row in _ROWS if row.source == source]
    assert median(errors) < _FARTHER.get(source, 0.15)


@pytest.mark.parametrize("source", [one for one in _SOURCES if one.startswith("Unsloth")])
def test_the_slope_over_the_length_is_met(source: str) -> None:
    """Bytes a token, from the shortest to the longest context of one model: what no fixed overhead can hide."""
    rows = [row for row in _ROWS if row.source == source and row.shape.hidden == 4096]
    assert _slope(rows, "estimate") == pytest.approx(_slope(rows, "gib"), rel=0.08)


def _slope(rows: list[Measured], value: str) -> float:
    first, last = rows[0], rows[-1]
    grown: float = getattr(last, value) - getattr(first, value)
    return grown / (last.training.sequence - first.training.sequence)
