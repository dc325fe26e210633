"""What forbids a layout, with the reason, and what is only worth knowing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.estimate.constraints import cautions, violations
from hpctl.estimate.layout import Layout, SequenceSplit, Sharding
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Inference, Training
from tests.unit.estimate.shapes import H100, LLAMA_8B, LLAMA_405B, MIXTRAL, QWEN2_7B, TRAINIUM1, gated

_ASKED = Training(REGIMES["bf16-mixed"], 4096)


@pytest.mark.parametrize("tensor", [8, 16, 32])
def test_28_heads_cannot_be_divided_by_the_usual_degrees(tensor: int) -> None:
    """Qwen2.5-7B; 4 and 7 are what can be, 14 and 28 further on."""
    found = violations(QWEN2_7B, _ASKED, Layout(1, tensor))
    assert [one.rule for one in found] == ["heads-divisible"]
    assert found[0].reason == f"28 attention heads cannot be divided by tp={tensor}"
    assert found[0].nearest == {8: ("tp=4", "tp=7"), 16: ("tp=7", "tp=14"), 32: ("tp=14", "tp=28")}[tensor]


def test_28_heads_divide_by_4() -> None:
    """One KV head each."""
    assert violations(QWEN2_7B, _ASKED, Layout(2, 4)) == ()


def test_kv_heads_must_divide_or_be_repeated_whole() -> None:
    """12 heads with 4 KV heads: 6 ranks cannot share 4."""
    found = violations(gated(1536, 4, 12, 4, 4096, 32000), _ASKED, Layout(1, 6, sequence=SequenceSplit.WHOLE))
    assert [(one.rule, one.reason) for one in found] == [
        ("kv-heads-divisible", "4 KV heads can be neither divided nor repeated by tp=6")
    ]


@pytest.mark.parametrize(
    ("shape", "layout", "asked", "rule", "reason"),
    [
        (LLAMA_8B, Layout(8, expert=2), _ASKED, "experts-exist", "ep=2: the model has no routed experts"),
        (MIXTRAL, Layout(12, expert=3), _ASKED, "experts-divisible", "8 experts cannot be divided by ep=3"),
        (
            MIXTRAL,
            Layout(2, expert=8, expert_tensor=1),
            _ASKED,
            "expert-ranks",
            "ep=8 with 1 ranks an expert does not divide the 2 ranks of a stage",
        ),
        (LLAMA_8B, Layout(pipeline=33), _ASKED, "stages-have-layers", "32 layers are fewer than 33 pipeline stages"),
        (
            LLAMA_8B,
            Layout(6),
            replace(_ASKED, global_batch=16),
            "batch-divisible",
            "a global batch of 16 is no multiple of 1 x dp=6",
        ),
        (
            LLAMA_8B,
            Layout(context=3),
            _ASKED,
            "sequence-divisible",
            "4096 tokens cannot be divided by cp=3 and tp=1",
        ),
    ],
)
def test_a_forbidden_layout_says_why(
    shape: ModelShape, layout: Layout, asked: Training, rule: str, reason: str
) -> None:
    """With the numbers in it."""
    assert [(one.rule, one.reason) for one in violations(shape, asked, layout)] == [(rule, reason)]


def test_serving_has_no_batch_of_a_step() -> None:
    """Only the model's own divisions bind."""
    assert violations(LLAMA_8B, Inference(4099, 7), Layout(3, 8)) == ()


def test_repeated_kv_heads_are_worth_knowing() -> None:
    """Llama-3-8B over 32 NeuronCores, as NxDT's own set-up has it."""
    found = cautions(LLAMA_8B, _ASKED, Layout(1, 32, sharding=Sharding.ZERO1), TRAINIUM1)
    assert [(one.rule, one.reason) for one in found] == [("kv-replication", "tp=32 repeats each of 8 KV heads 4 times")]


def test_uneven_stages_are_worth_knowing_and_allowed() -> None:
    """Llama-3.1-405B has 126 layers."""
    layout = Layout(1, 8, 8)
    assert violations(LLAMA_405B, _ASKED, layout) == ()
    assert [one.reason for one in cautions(LLAMA_405B, _ASKED, layout, H100)] == [
        "126 layers over pp=8: 6 stages have 16, the others 15"
    ]


@pytest.mark.parametrize(
    ("layout", "asked", "rule", "reason"),
    [
        (
            Layout(1, 16),
            _ASKED,
            "tensor-crosses-nodes",
            "tp=16 reaches beyond the 8 devices of a node, over the network",
        ),
        (
            Layout(1, 1, 8),
            replace(_ASKED, global_batch=4),
            "pipeline-idle",
            "4 micro-batches do not fill pp=8: stages idle",
        ),
    ],
)
def test_a_costly_layout_says_why(layout: Layout, asked: Training, rule: str, reason: str) -> None:
    """It is allowed all the same."""
    assert violations(LLAMA_8B, asked, layout) == ()
    assert (rule, reason) in [(one.rule, one.reason) for one in cautions(LLAMA_8B, asked, layout, H100)]


def test_fsdp_on_trainium_is_said_to_need_the_beta() -> None:
    """ZeRO-1 is not."""
    said = [one.rule for one in cautions(LLAMA_8B, _ASKED, Layout(32), TRAINIUM1)]
    assert said == ["neuron-zero1"]
    assert cautions(LLAMA_8B, _ASKED, Layout(32, sharding=Sharding.ZERO1), TRAINIUM1) == ()
