"""Estimates beside memory that others have measured and published.

Sources: torchtitan `benchmarks/llama3_h100_202412_torchtitan.md` (H100 with 96 GB, torch of December 2024) and
`benchmarks/llama3-8b_h200_202506_trainy-whitefiber.md`; torchtune README of September 2024 (batch 2, 2,048 tokens).
Where a set-up was measured with and without torch.compile, Float8 or asynchronous tensor parallelism, all are listed:
an estimate knows none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import pytest

from hpctl.estimate.device import GIB, Device
from hpctl.estimate.layout import Layout
from hpctl.estimate.memory import memory
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Adapter, Logits, Recompute, Training
from hpctl.terms import AcceleratorKind
from tests.unit.estimate.shapes import LLAMA_8B, LLAMA_70B, LLAMA_405B

_DEVICE = Device("NVIDIA H100 96GB", AcceleratorKind.NVIDIA, 96 * GIB, 8)
_MIXED, _BF16 = REGIMES["bf16-mixed"], REGIMES["bf16"]


@dataclass(frozen=True)
class Measured:
    """One published number: the peak in GiB, for a set-up."""

    name: str
    gib: float
    shape: ModelShape
    training: Training
    layout: Layout

    @property
    def error(self) -> float:
        """How far the estimate is from it; 0.1 is 10 % too much."""
        return memory(self.shape, self.training, self.layout, _DEVICE).total / GIB / self.gib - 1


def _titan(name: str, gib: float, shape: ModelShape, tokens: tuple[int, int], layout: Layout) -> Measured:
    sequence, batch = tokens
    recompute = Recompute.SELECTIVE if "op" in name else Recompute.FULL
    filled = batch * layout.data * 8 if layout.pipeline > 1 else None
    asked = Training(_MIXED, sequence, batch, filled, recompute=recompute)
    return Measured(name, gib, shape, asked, layout)


def _tune(name: str, gib: float, shape: ModelShape, weight_bytes: float, ranks: int) -> Measured:
    asked = Training(_BF16, 2048, 2, logits=Logits.FUSED, adapter=Adapter(rank=8, weight_bytes=weight_bytes))
    return Measured(name, gib, shape, asked, Layout(ranks))


_BOTH = Layout(8, tensor=8, pipeline=8)

PUBLISHED = (
    _titan("8B per-op 8", 82.4, LLAMA_8B, (8192, 2), Layout(8)),
    _titan("8B per-op 8, compile", 77.0, LLAMA_8B, (8192, 2), Layout(8)),
    _titan("8B per-op 8, compile, Float8", 76.8, LLAMA_8B, (8192, 2), Layout(8)),
    _titan("8B 32k", 83.9, LLAMA_8B, (32768, 1), Layout(8)),
    _titan("8B 64k cp 2", 84.2, LLAMA_8B, (65536, 1), Layout(4, context=2)),
    _titan("8B 128k cp 4", 84.0, LLAMA_8B, (131072, 1), Layout(2, context=4)),
    _titan("8B 256k cp 8", 84.5, LLAMA_8B, (262144, 1), Layout(1, context=8)),
    _titan("8B per-op 128", 67.0, LLAMA_8B, (8192, 2), Layout(128)),
    _titan("8B per-op 128, compile", 62.0, LLAMA_8B, (8192, 2), Layout(128)),
    _titan("8B per-op 128, compile, Float8", 61.8, LLAMA_8B, (8192, 2), Layout(128)),
    _titan("70B tp 8", 71.9, LLAMA_70B, (8192, 16), Layout(32, tensor=8)),
    _titan("70B tp 8, async", 67.6, LLAMA_70B, (8192, 16), Layout(32, tensor=8)),
    _titan("405B 1F1B", 82.5, LLAMA_405B, (8192, 4), _BOTH),
    _titan("405B 32k", 75.3, LLAMA_405B, (32768, 1), _BOTH),
    _titan("405B 64k cp 2", 75.9, LLAMA_405B, (65536, 1), Layout(4, tensor=8, pipeline=8, context=2)),
    _titan("405B 128k cp 4", 77.1, LLAMA_405B, (131072, 1), Layout(2, tensor=8, pipeline=8, context=4)),
    _titan("405B 256k cp 8", 84.9, LLAMA_405B, (262144, 1), Layout(1, tensor=8, pipeline=8, context=8)),
    _titan("405B interleaved", 72.7, LLAMA_405B, (8192, 4), Layout(8, tensor=8, pipeline=8, chunks=2)),
    _titan("8B per-op H200 32, compile, Float8", 47.96, LLAMA_8B, (8192, 2), Layout(32)),
    _titan("8B per-op H200 64, compile, Float8", 46.97, LLAMA_8B, (8192, 2), Layout(64)),
    _tune("8B LoRA", 16.2, LLAMA_8B, 2.0, 1),
    _tune("8B QLoRA", 7.4, LLAMA_8B, 0.55, 1),
    _tune("70B LoRA", 27.6, LLAMA_70B, 2.0, 8),
    _tune("405B QLoRA", 41.7, LLAMA_405B, 0.55, 8),
)

# torch.compile and Float8 of June 2025 save a third that is not modelled; NF4 shards of 405B are gathered one by one
_OUTSIDE = {"8B per-op H200 32, compile, Float8", "8B per-op H200 64, compile, Float8", "405B QLoRA"}


def test_published_measurements_are_met_within_15_percent_at_the_median() -> None:
    """The target of the whole estimate."""
    assert median(abs(one.error) for one in PUBLISHED) < 0.10


@pytest.mark.parametrize("one", [row for row in PUBLISHED if row.name not in _OUTSIDE], ids=lambda row: row.name)
def test_a_published_measurement_is_inside_the_band(one: Measured) -> None:
    """The stated uncertainty holds for what has been measured."""
    need = memory(one.shape, one.training, one.layout, _DEVICE)
    assert need.low <= one.gib * GIB <= need.high


@pytest.mark.parametrize("one", [row for row in PUBLISHED if row.name in _OUTSIDE], ids=lambda row: row.name)
def test_what_the_band_misses_is_estimated_too_high_and_never_too_low(one: Measured) -> None:
    """The known misses err on the safe side."""
    assert 0.15 < one.error < 0.40
