"""What is named to save memory reaches the estimate."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.estimate.training import Inference, Logits, Offload, Recompute, Task, Training
from hpctl.services.model.question import Question, settings, wish
from hpctl.services.model.savings import Savings, savings


def test_words_become_savings() -> None:
    named = savings("none", "nf4", ["activations", "optimizer"], "fused")
    asked = wish(Question(Task.LORA, savings=named), None, "bf16")
    assert isinstance(asked, Training)
    assert asked.recompute is Recompute.NONE
    assert asked.logits is Logits.FUSED
    assert asked.offload == {Offload.ACTIVATIONS, Offload.OPTIMIZER}
    assert asked.adapter is not None
    assert asked.adapter.weight_bytes == 0.55


def test_nothing_said_is_everything_recomputed_and_whole_logits() -> None:
    asked = wish(Question(Task.FINETUNE, savings=savings(None, None, (), None)), None, "bf16")
    assert isinstance(asked, Training)
    assert (asked.recompute, asked.logits, asked.offload) == (Recompute.FULL, Logits.WHOLE, frozenset())
    assert Savings().words() == ""


def test_quantised_weights_are_served_in_their_width() -> None:
    asked = wish(Question(Task.INFERENCE, savings=savings(None, "int8", (), None)), None, "bf16")
    assert isinstance(asked, Inference)
    assert asked.weight_bytes == 1.0


def test_what_was_named_is_told() -> None:
    told = settings(Question(Task.LORA, savings=savings("full", "nf4", ["activations"], "fused")), None)
    assert told.endswith(", recompute full, weights in nf4, activations on the host, logits fused")
    served = settings(Question(Task.INFERENCE, savings=savings(None, "nf4", (), None)), None)
    assert served.endswith("weights in nf4")


def test_weights_that_are_trained_cannot_be_quantised() -> None:
    with pytest.raises(UsageError, match="weights in nf4 cannot be trained") as caught:
        wish(Question(Task.FINETUNE, savings=savings(None, "nf4", (), None)), None, "bf16")
    assert "--task lora" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("words", "message", "nearest"),
    [
        (("ful", None, (), None), "`ful` is no way of recomputing", "`full`"),
        ((None, "int4", (), None), "`int4` is no way of storing weights", "`int8`"),
        ((None, None, ("activation",), None), "`activation` is nothing that is offloaded", "`activations`"),
        ((None, None, (), "fuse"), "`fuse` is no way of computing the loss", "`fused`"),
    ],
)
def test_a_word_that_is_none_gets_the_nearest(
    words: tuple[str | None, str | None, tuple[str, ...], str | None], message: str, nearest: str
) -> None:
    with pytest.raises(UsageError) as caught:
        savings(*words)
    assert str(caught.value).startswith(message)
    assert nearest in str(caught.value.hint)
