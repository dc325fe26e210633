"""Activations of one device: what is kept for the backward pass, one layer at work, buffers, logits.

The widths of a layer are those of `estimate.widths`; here they meet tokens, stages and micro-batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.items import Item
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import Stage
from hpctl.estimate.training import Logits, Offload, Recompute, Training
from hpctl.estimate.widths import gradient_widths, kept_bytes, whole_bytes

_LOGIT_BYTES = {
    Logits.COPIED: 18,  # float32 logits, a shifted copy, its log-softmax, two gradients of them, the bf16 one
    Logits.KEPT: 14,  # counted with PyTorch's own memory tracker, transformers 5.23.0
    Logits.WHOLE: 12,  # bf16, a float32 copy, its gradient and the bf16 one: what PyTorch's cross-entropy has at once
    Logits.HALF: 6,  # bf16, its log-softmax, its gradient
    Logits.FUSED: 0,
}


def activation_items(stage: Stage, shape: ModelShape, training: Training, layout: Layout) -> Iterator[Item]:
    """The lines of the activations on one stage."""
    tokens = training.tokens / layout.context
    yield _kept(stage, shape, training, layout, tokens)
    if training.recompute is not Recompute.NONE:
        yield _at_work(stage, shape, training, layout, tokens)
    if layout.tensor > 1:
        yield _tensor_buffers(shape, layout, tokens)
    if layout.pipeline > 1:
        yield _pipeline_buffers(shape, training, layout, tokens)
    logits = _logits(stage, shape, training, layout, tokens)
    yield from _gradients_at_work(stage, shape, training, layout, sum(item.bytes for item in logits))
    yield from logits


def in_flight(stage: Stage, training: Training, layout: Layout) -> float:
    """How many micro-batches a stage of a 1F1B pipeline holds; interleaving holds more (arXiv 2104.04473)."""
    count = layout.pipeline
    if training.global_batch is not None:
        batches = max(1, training.global_batch // (training.micro_batch * layout.data))
        waiting = min(count - stage.index, batches)
    else:
        waiting = count - stage.index
    more = (count - 1) / (count * layout.chunks) if layout.chunks > 1 else 0.0
    return waiting * (1 + more)


def _gradients_at_work(
    stage: Stage, shape: ModelShape, training: Training, layout: Layout, logits: float
) -> Iterator[Item]:
    """Gradients of the widest feed-forward part, which come when those of the logits have gone: the larger counts."""
    tokens = training.tokens / layout.context
    widths = (gradient_widths(layer, training.operations) / layout.tensor for layer, _ in stage.blocks)
    each = 2 * (max(widths, default=0.0) + shape.hidden / layout.hidden_split)
    if each * tokens > logits:
        values = {"bytes_a_token": each, "tokens": tokens, "logits": logits}
        formula = "{bytes_a_token} B x {tokens} tokens - {logits} B of logits"
        yield Item("gradients at work", each * tokens - logits, formula, values)


def _logits(stage: Stage, shape: ModelShape, training: Training, layout: Layout, tokens: float) -> tuple[Item, ...]:
    each = _LOGIT_BYTES[training.logits]
    if not (stage.is_last and each):
        return ()
    values = {"logit_bytes": each, "vocabulary": shape.vocabulary, "tokens": tokens, "tp": layout.tensor}
    total = each * shape.vocabulary * tokens / layout.tensor
    return (Item("logits", total, "{logit_bytes} B x {vocabulary} x {tokens} tokens / {tp}", values),)


def _kept(stage: Stage, shape: ModelShape, training: Training, layout: Layout, tokens: float) -> Item:
    waiting = in_flight(stage, training, layout)
    each = sum(count * kept_bytes(layer, shape.hidden, training, layout) for layer, count in stage.blocks)
    formula = "{bytes_a_token} B over the stage's layers x {tokens} tokens x {in_flight} micro-batches"
    if Offload.ACTIVATIONS in training.offload:
        each = max((kept_bytes(layer, shape.hidden, training, layout) for layer, _ in stage.blocks), default=0.0) * 2
        waiting = 1.0
        formula = "{bytes_a_token} B of two layers on their way to the host x {tokens} tokens"
    values = {"bytes_a_token": each, "tokens": tokens, "in_flight": waiting}
    return Item("activations", each * tokens * waiting, formula, values)


def _at_work(stage: Stage, shape: ModelShape, training: Training, layout: Layout, tokens: float) -> Item:
    widths = (whole_bytes(layer, shape.hidden, training, layout) for layer, _ in stage.blocks)
    widest = max(widths, default=0.0)
    values = {"bytes_a_token": widest, "tokens": tokens}
    return Item("one layer recomputed", widest * tokens, "{bytes_a_token} B x {tokens} tokens", values)


def _tensor_buffers(shape: ModelShape, layout: Layout, tokens: float) -> Item:
    """Undivided inputs and outputs around the divided matrices.

    DTensor saves both gathered inputs of a layer beside a partial output and its gradient; Megatron and NxD gather
    again and hold one of each.
    """
    buffers = 4 if layout.sharding is Sharding.ZERO3 else 2
    values = {"buffers": buffers, "hidden": shape.hidden, "tokens": tokens}
    total = buffers * 2 * shape.hidden * tokens
    return Item("tensor-parallel buffers", total, "{buffers} x 2 B x {hidden} x {tokens} tokens", values)


def _pipeline_buffers(shape: ModelShape, training: Training, layout: Layout, tokens: float) -> Item:
    """Received inputs, sent outputs and received gradients, one of each for every micro-batch in flight."""
    batches = layout.pipeline
    if training.global_batch is not None:
        batches = min(batches, max(1, training.global_batch // (training.micro_batch * layout.data)))
    values = {"hidden": shape.hidden, "tokens": tokens, "batches": batches, "tp": layout.hidden_split}
    total = 3 * 2 * shape.hidden * tokens * batches / layout.hidden_split
    return Item("pipeline buffers", total, "3 x 2 B x {hidden} x {tokens} tokens x {batches} / {tp}", values)
