"""What one layer keeps, beside what PyTorch counted (`tools/count_saved_activations.py`, torch 2.13.0)."""

from __future__ import annotations

import pytest

from hpctl.estimate.layout import Layout
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.training import Operations, Recompute, Training
from hpctl.estimate.widths import kept_bytes
from tests.unit.estimate.shapes import gated


@pytest.mark.parametrize(("mode", "counted"), [(Recompute.NONE, 12_585), (Recompute.FULL, 512)])
def test_a_small_llama_keeps_what_pytorch_counted(mode: Recompute, counted: int) -> None:
    """Bytes a token and layer, of width 256 and 896 with 8 heads over 2."""
    shape = gated(256, 1, 8, 2, 896, 1000, dim=32)
    asked = Training(REGIMES["bf16"], 512, recompute=mode, operations=Operations.EAGER)
    assert kept_bytes(shape.layers[0], 256, asked, Layout()) == pytest.approx(counted, rel=0.001)
