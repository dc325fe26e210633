"""Activations of one device: what is kept for the backward pass, one layer at work, buffers, logits.

Korthikanti et al., arXiv 2205.05198, table 2, carried over to grouped queries, gated feed-forward parts and flash
attention (our own derivation). All widths in bytes a token with 2 bytes a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.items import Item
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.shape import Attention, Layer, Mlp, ModelShape
from hpctl.estimate.stages import Stage
from hpctl.estimate.training import Kernel, Logits, Offload, Recompute, Training

_LOGIT_BYTES = {
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
    each = _LOGIT_BYTES[training.logits]
    if stage.is_last and each:
        values = {"logit_bytes": each, "vocabulary": shape.vocabulary, "tokens": tokens, "tp": layout.tensor}
        total = each * shape.vocabulary * tokens / layout.tensor
        yield Item("logits", total, "{logit_bytes} B x {vocabulary} x {tokens} tokens / {tp}", values)


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


def kept_bytes(layer: Layer, hidden: int, training: Training, layout: Layout) -> float:
    """Bytes a token that one layer keeps for the backward pass."""
    match training.recompute:
        case Recompute.NONE:
            return whole_bytes(layer, hidden, training, layout)
        case Recompute.ATTENTION:
            return _whole(layer, hidden, 0.0, layout)
        case Recompute.SELECTIVE:
            return _per_operator(layer, hidden, layout)
        case Recompute.FULL:
            return 2 * hidden / layout.hidden_split


def whole_bytes(layer: Layer, hidden: int, training: Training, layout: Layout) -> float:
    """Bytes a token of one layer with nothing thrown away."""
    heads = layer.attention.heads if layer.attention.softmax else 0
    match training.kernel:
        case Kernel.FLASH:
            scores = 4.0 * heads
        case Kernel.EAGER:
            scores = 5.0 * heads * training.sequence
    return _whole(layer, hidden, scores / layout.tensor, layout)


def _whole(layer: Layer, hidden: int, scores: float, layout: Layout) -> float:
    routed = 2 * _routed_copies(layer) * hidden
    outer = (2 * 4 * hidden + 2 * routed) / layout.hidden_split
    return outer + 2 * (_attention(layer.attention, hidden, layout.tensor) + _mlp(layer) / layout.tensor) + scores


def _per_operator(layer: Layer, hidden: int, layout: Layout) -> float:
    """As torchtitan does: the layer's input, what attention returns, and every second matrix product."""
    attention, tensor = layer.attention, layout.tensor
    returned = _query_width(attention) / tensor
    projected = _attention(attention, hidden, tensor) - returned
    up = sum(parts * mlp.width for mlp, parts in _mlps(layer, gated=2, plain=1)) / tensor
    inner = returned + (projected + up) / 2
    outer = hidden + (hidden + hidden) / 2 + _routed_copies(layer) * hidden
    return 2 * (outer / layout.hidden_split + inner)


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


def _attention(attention: Attention, hidden: int, tensor: int) -> float:
    """Widths of all projections; of a mixer without softmax they are known from its matrices only."""
    if not attention.softmax:
        return attention.parameters / hidden / tensor
    return _query_width(attention) * 2 / tensor + _key_width(attention) / _key_split(attention, tensor)


def _query_width(attention: Attention) -> float:
    return attention.heads * (attention.head_dim + attention.value_dim) / 2


def _key_width(attention: Attention) -> float:
    return attention.kv_heads * (attention.head_dim + attention.value_dim)


def _key_split(attention: Attention, tensor: int) -> int:
    return max(1, min(tensor, attention.kv_heads))


def _mlp(layer: Layer) -> float:
    return sum(parts * mlp.width for mlp, parts in _mlps(layer, gated=4, plain=2))


def _mlps(layer: Layer, *, gated: int, plain: int) -> Iterator[tuple[Mlp, int]]:
    if layer.mlp:
        yield layer.mlp, gated if layer.mlp.gated else plain
    if layer.experts:
        each = layer.experts.each
        yield each, layer.experts.per_token * (gated if each.gated else plain)


def _routed_copies(layer: Layer) -> int:
    return layer.experts.per_token if layer.experts else 0
