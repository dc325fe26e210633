"""Memory of one device that serves: weights, the KV cache, a piece of prompt at work."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from hpctl.estimate.device import Device
from hpctl.estimate.items import Item, Memory
from hpctl.estimate.layout import Layout
from hpctl.estimate.memory import OVERHEAD, binding
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.shape import Attention, ModelShape
from hpctl.estimate.stages import Stage, held, stages
from hpctl.estimate.training import Inference, Training
from hpctl.estimate.widths import whole_bytes

_LOGIT_BYTES = 4  # vLLM samples from float32 logits
_PLAIN = 2.0  # embedding and head stay 16 bits wide beside quantised layers


def inference_memory(shape: ModelShape, inference: Inference, layout: Layout, device: Device) -> Memory:
    """What a device needs on the stage that needs most; a data-parallel copy serves its part of the batch."""
    return inference_memory_of(binding(stages(shape, layout)), shape, inference, layout, device)


def inference_memory_of(
    parts: tuple[Stage, ...], shape: ModelShape, inference: Inference, layout: Layout, device: Device
) -> Memory:
    """The same for stages that are known already."""
    needs = (Memory(tuple(_items(part, shape, inference, layout)), part.index, part.of, device) for part in parts)
    return max(needs, key=lambda one: one.total)


def cache_bytes_per_token(shape: ModelShape, inference: Inference) -> float:
    """Bytes of KV cache that one more token takes in all layers together, windows not yet full."""
    return inference.cache_bytes * sum(layer.attention.kv_width for layer in shape.layers)


def _items(stage: Stage, shape: ModelShape, inference: Inference, layout: Layout) -> Iterator[Item]:
    own = held(stage, layout)
    each, plain = inference.weight_bytes, max(_PLAIN, inference.weight_bytes)
    inside = own.layers + own.routed
    values = {"layers": inside, "bytes_each": each, "outside": own.outside, "plain_bytes": plain}
    formula = "{layers} x {bytes_each} B + {outside} x {plain_bytes} B"
    yield Item("weights", inside * each + own.outside * plain, formula, values)
    yield _cache(stage, inference, layout)
    yield _prefill(stage, shape, inference, layout)
    if stage.is_last:
        batch = ceil(inference.batch / layout.data)
        total = _LOGIT_BYTES * shape.vocabulary * batch
        values = {"logit_bytes": _LOGIT_BYTES, "vocabulary": shape.vocabulary, "batch": batch}
        yield Item("logits", total, "{logit_bytes} B x {vocabulary} x {batch} sequences", values)
    yield OVERHEAD


def _cache(stage: Stage, inference: Inference, layout: Layout) -> Item:
    """Windowed layers keep no more tokens than their window."""
    batch = ceil(inference.batch / layout.data)
    numbers = 0.0
    for layer, count in stage.blocks:
        attention = layer.attention
        reach = min(inference.sequence, attention.window or inference.sequence)
        numbers += count * reach * attention.kv_width / cache_split(attention, layout.tensor)
    numbers /= layout.context
    values = {"cache_bytes": inference.cache_bytes, "numbers": numbers, "batch": batch}
    formula = "{cache_bytes} B x {numbers} keys and values of a sequence x {batch} sequences"
    return Item("KV cache", inference.cache_bytes * numbers * batch, formula, values)


def cache_split(attention: Attention, tensor: int) -> int:
    """By what tensor parallelism divides the cache of a layer: by KV heads at most; a latent is whole on each rank."""
    latent = attention.kv_width < attention.kv_heads * (attention.head_dim + attention.value_dim)
    return 1 if latent or not attention.kv_heads else min(tensor, attention.kv_heads)


def _prefill(stage: Stage, shape: ModelShape, inference: Inference, layout: Layout) -> Item:
    """A piece of prompt in the widest layer; nothing is kept for a backward pass."""
    tokens = min(inference.prefill, inference.sequence * inference.batch)
    asked = Training(REGIMES["bf16"], sequence=inference.sequence)
    widest = max((whole_bytes(layer, shape.hidden, asked, layout) for layer, _ in stage.blocks), default=0.0)
    values = {"bytes_a_token": widest, "tokens": tokens}
    return Item("prompt at work", widest * tokens, "{bytes_a_token} B x {tokens} tokens", values)
