"""An estimate in words: every formula with its numbers, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.device import GIB
from hpctl.estimate.items import Memory
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Adapter, Inference, Training
from hpctl.terms import AcceleratorKind


def explain(memory: Memory) -> tuple[str, ...]:
    """One line an item, then the sum against the device's memory, then how sure that is."""
    return tuple(_lines(memory))


def limited_by(memory: Memory, shape: ModelShape, asked: Training | Inference) -> str:
    """What takes most of a device, with what to do about it: `logits at 32,768 tokens: use fused cross-entropy`."""
    largest = memory.largest()
    match asked:
        case Training() if memory.device.kind is AcceleratorKind.NEURON:
            advice = _NEURON.get(largest.name) or _TRAINING.get(largest.name, "more nodes or a smaller model")
            tokens = asked.tokens
        case Training(adapter=Adapter(weight_bytes=0.55)) if largest.name == "frozen weights":
            advice = "shard them over more devices"
            tokens = asked.tokens
        case Training():
            advice = _TRAINING.get(largest.name, "more nodes or a smaller model")
            tokens = asked.tokens
        case Inference():
            advice = _INFERENCE.get(largest.name, "more tensor parallelism")
            tokens = asked.sequence
    subject = f"{largest.name} at {tokens:,} tokens" if largest.name in _OF_TOKENS else largest.name
    if largest.name == "logits":
        subject = f"{subject} and a vocabulary of {shape.vocabulary:,}"
    return f"{subject}, {largest.gib:,.1f} of {memory.total / GIB:,.1f} GiB: {advice}"


_OF_TOKENS = {
    "logits",
    "activations",
    "one layer recomputed",
    "gradients at work",
    "tensor-parallel buffers",
    "KV cache",
    "prompt at work",
}

_TRAINING = {
    "weights": "shard them (ZeRO-3, FSDP), or more tensor or pipeline parallelism",
    "gradients": "shard them (ZeRO-2, FSDP), or more tensor or pipeline parallelism",
    "optimizer": "shard it over more ranks, or an 8-bit optimizer",
    "frozen weights": "quantise them (QLoRA), or shard them over more devices",
    "reference model": "compute its log-probabilities beforehand, or offload it",
    "gathered weights": "tensor parallelism makes the gathered blocks smaller",
    "activations": "recompute more, a smaller micro-batch, or context parallelism",
    "one layer recomputed": "context or tensor parallelism, or a smaller micro-batch",
    "gradients at work": "context or tensor parallelism, or a smaller micro-batch",
    "tensor-parallel buffers": "context parallelism, or a smaller micro-batch",
    "pipeline buffers": "a smaller micro-batch, or fewer stages",
    "logits": "use fused cross-entropy",
    "optimizer step": "a fused optimizer",
}
_NEURON = {
    "weights": "more tensor or pipeline parallelism",
    "gradients": "more tensor or pipeline parallelism, or a regime without float32 gradients",
    "optimizer": "more data, tensor or pipeline parallelism",
}
_INFERENCE = {
    "weights": "more tensor parallelism, or quantised weights",
    "KV cache": "fewer sequences at once, shorter ones, or an 8-bit cache",
    "prompt at work": "smaller pieces of prompt",
}


def _lines(memory: Memory) -> Iterator[str]:
    width = max(len(item.name) for item in memory.items)
    for item in memory.items:
        yield f"{item.name:<{width}}  {item.gib:>8,.2f} GiB = {item.explained}"
    where = f" on pipeline stage {memory.stage + 1} of {memory.stages}" if memory.stages > 1 else ""
    yield f"{'sum':<{width}}  {memory.total / GIB:>8,.2f} GiB of {memory.device.memory_gib:,.2f} GiB{where}"
    yield _sure(memory)


def _sure(memory: Memory) -> str:
    band = memory.band
    text = f"between {memory.low / GIB:,.1f} and {memory.high / GIB:,.1f} GiB: {band.basis}"
    return f"{text}; leave a margin" if memory.device.kind is AcceleratorKind.NEURON else text
