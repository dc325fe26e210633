"""MPT runs on H100 80GB whose micro-batch was raised until memory was full.

Source: mosaicml/llm-foundry, scripts/train/benchmarking/README.md (061f2c7), table H100 80GB BF16: size, tokens,
GPUs, micro-batch; FULL_SHARD, amp_bf16, flash-attn's fused cross-entropy. All of them ran.
"""

from __future__ import annotations

from statistics import median

from hpctl.estimate.layout import Layout
from hpctl.estimate.memory import memory
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.training import Logits, Recompute, Training
from tests.in_turn import in_turn
from tests.unit.estimate.shapes import H100, MPT

_RECOMPUTED = (
    ("70b", 2048, 64, 8), ("70b", 2048, 32, 2), ("30b", 8192, 8, 1), ("30b", 4096, 8, 1), ("30b", 2048, 32, 14),
    ("30b", 2048, 16, 10), ("30b", 2048, 8, 3), ("30b", 1024, 8, 6), ("13b", 32768, 8, 1), ("13b", 16384, 8, 3),
    ("13b", 4096, 8, 10), ("13b", 1024, 8, 40), ("7b", 65536, 8, 1), ("7b", 32768, 8, 2), ("7b", 8192, 8, 8),
    ("7b", 4096, 8, 16), ("7b", 1024, 8, 64), ("3b", 65536, 8, 1), ("3b", 32768, 8, 3), ("1b", 65536, 8, 1),
)  # fmt: skip
_KEPT = (
    ("13b", 2048, 64, 2), ("13b", 2048, 8, 2), ("7b", 2048, 8, 6), ("3b", 16384, 8, 1), ("3b", 8192, 8, 3),
    ("3b", 4096, 8, 5), ("3b", 2048, 64, 6), ("3b", 2048, 16, 10), ("3b", 1024, 8, 20), ("3b", 512, 8, 40),
    ("1b", 32768, 8, 1), ("1b", 16384, 8, 2), ("1b", 8192, 8, 3), ("1b", 4096, 8, 7), ("1b", 2048, 64, 20),
    ("1b", 2048, 8, 14), ("1b", 1024, 8, 18), ("1b", 512, 8, 56), ("760m", 32768, 8, 1), ("760m", 16384, 8, 3),
    ("760m", 8192, 8, 6), ("760m", 4096, 8, 12), ("760m", 2048, 32, 24), ("760m", 1024, 8, 48), ("760m", 512, 8, 96),
)  # fmt: skip
_RUNS = [(*run, Recompute.FULL) for run in _RECOMPUTED] + [(*run, Recompute.NONE) for run in _KEPT]


@in_turn(("size", "tokens", "ranks", "batch", "recompute"), _RUNS)
def test_a_run_that_worked_is_predicted_to_fit(
    size: str, tokens: int, ranks: int, batch: int, recompute: Recompute
) -> None:
    """None of the 45 is refused."""
    assert _use(size, tokens, ranks, batch, recompute) <= 1.0


def test_the_runs_are_predicted_to_fill_most_of_the_card() -> None:
    """The next micro-batch did not fit: half of the estimates are above 0.7."""
    assert median(_use(*run) for run in _RUNS) > 0.7


def test_twice_the_micro_batch_is_predicted_not_to_fit_for_most() -> None:
    """Where it was raised in steps of one, twice as much was too much."""
    over = [_use(size, tokens, ranks, 2 * batch, mode) > 1.0 for size, tokens, ranks, batch, mode in _RUNS]
    assert sum(over) >= 0.6 * len(over)


def _use(size: str, tokens: int, ranks: int, batch: int, recompute: Recompute) -> float:
    asked = Training(REGIMES["bf16-mixed"], tokens, batch, recompute=recompute, logits=Logits.HALF)
    return memory(MPT[f"MPT-{size}"], asked, Layout(ranks), H100).use
