"""An estimate in words."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.estimate.explain import explain, limited_by
from hpctl.estimate.inference import inference_memory
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.memory import memory
from hpctl.estimate.regimes import REGIMES, regime
from hpctl.estimate.training import Inference, Training
from tests.unit.estimate.shapes import H100, LLAMA_8B, MIXTRAL, TRAINIUM1


def test_every_item_shows_its_formula_with_the_numbers() -> None:
    """Weights of Llama-3.1-8B over eight FSDP ranks."""
    lines = explain(memory(LLAMA_8B, Training(REGIMES["bf16-mixed"], 8192), Layout(8), H100))
    assert lines[0].split() == ["weights", "3.74", "GiB", "=", "8,030,261,248", "x", "4", "B", "/", "8"]
    assert any(line.endswith("12 B x 128,256 x 8,192 tokens / 1") for line in lines)
    assert lines[-2].split()[0] == "sum"
    assert lines[-2].endswith("GiB of 80.00 GiB")


def test_the_numbers_of_a_formula_give_its_bytes() -> None:
    """Each line is computed again from what it shows."""
    layouts = (Layout(8), Layout(2, 4), Layout(2, 2, 2, sharding=Sharding.ZERO1), Layout(8, expert=8, expert_tensor=1))
    for layout in layouts:
        need = memory(MIXTRAL, Training(REGIMES["bf16-mixed"], 8192), layout, H100)
        for item in need.items:
            if item.values:
                assert _computed(item.explained) == pytest.approx(item.bytes, rel=0.001), item.name


def test_a_formula_has_words_too() -> None:
    """Names instead of numbers."""
    need = memory(LLAMA_8B, Training(REGIMES["bf16-mixed"], 8192), Layout(8), H100)
    assert need.items[0].symbolic == "parameters x bytes each B / shards"


def test_the_binding_stage_is_named() -> None:
    """Counted from 1, as people do; the last stage has head and logits."""
    asked = Training(REGIMES["neuron-mixed"], 4096)
    lines = explain(memory(LLAMA_8B, asked, Layout(1, 8, 4, sharding=Sharding.ZERO1), TRAINIUM1))
    assert lines[-2].endswith("GiB of 16.00 GiB on pipeline stage 4 of 4")


def test_trainium_s_uncertainty_is_said() -> None:
    """With the reason."""
    asked = Training(REGIMES["neuron-mixed"], 4096)
    last = explain(memory(LLAMA_8B, asked, Layout(4, 8, sharding=Sharding.ZERO1), TRAINIUM1))[-1]
    assert "no measurement of Trainium's memory is public" in last
    assert last.endswith("leave a margin")


def test_what_limits_serving_has_its_own_remedy() -> None:
    """Many long sequences."""
    asked = Inference(131072, 8)
    text = limited_by(inference_memory(LLAMA_8B, asked, Layout(), H100), LLAMA_8B, asked)
    assert text.startswith("KV cache at 131,072 tokens, 128.0 of ")
    assert text.endswith("GiB: fewer sequences at once, shorter ones, or an 8-bit cache")


def test_an_unknown_regime_is_refused_with_the_nearest() -> None:
    """By name."""
    with pytest.raises(UsageError, match="`bf16-mixt` is not a precision regime") as caught:
        regime("bf16-mixt")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("nearest: `bf16-mixed`")
    assert regime("bf16") is REGIMES["bf16"]


def _computed(text: str) -> float:
    """The value of a shown formula: numbers, x, /, +, parentheses and words that are no part of it."""
    numbers = "".join(one for one in text.replace(",", "").replace(" x ", " * ") if one in "0123456789.*/+() ")
    return float(eval(numbers, {"__builtins__": {}}))  # noqa: S307 -- of our own formulas, digits and operators only
