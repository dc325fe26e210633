"""How wide one layer's activations are, in bytes a token with 2 bytes a number.

Korthikanti et al., arXiv 2205.05198, table 2, carried over to grouped queries, gated feed-forward parts and flash
attention (our own derivation, checked against what PyTorch saves: `tools/count_saved_activations.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.layout import Layout
from hpctl.estimate.shape import Attention, Layer, Mlp
from hpctl.estimate.training import Kernel, Operations, Recompute, Training

_FLOAT32_NORMS = 8  # bytes a number of two norms' float32 inputs and 16-bit results before scaling


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
    whole = _whole(layer, hidden, scores / layout.tensor, layout)
    match training.operations:
        case Operations.FUSED:
            return whole
        case Operations.EAGER:
            return whole + _FLOAT32_NORMS * hidden / layout.hidden_split


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


def gradient_widths(layer: Layer, operations: Operations) -> float:
    """Three widths at once in a gated part, two in a plain one; one where the rest is fused."""
    match operations:
        case Operations.FUSED:
            parts = _mlps(layer, gated=1, plain=1)
        case Operations.EAGER:
            parts = _mlps(layer, gated=3, plain=2)
    return sum(count * mlp.width for mlp, count in parts)


def _mlps(layer: Layer, *, gated: int, plain: int) -> Iterator[tuple[Mlp, int]]:
    if layer.mlp:
        yield layer.mlp, gated if layer.mlp.gated else plain
    if layer.experts:
        each = layer.experts.each
        yield each, layer.experts.per_token * (gated if each.gated else plain)


def _routed_copies(layer: Layer) -> int:
    return layer.experts.per_token if layer.experts else 0
