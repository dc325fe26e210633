"""What forbids a layout for a model, and what is worth knowing of one that is allowed; each with its reason.

Sources: Megatron-LM's and torchtitan's own assertions; optimum-neuron 0.4.5 (divisible heads, sequence parallelism
with tensor parallelism only); NxDT `kv_replicator`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hpctl.estimate.device import Device
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.shape import Attention, Layer, ModelShape
from hpctl.estimate.training import Inference, Training
from hpctl.terms import AcceleratorKind


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a layout cannot be: the `rule` by name, the `reason` with the numbers, degrees that could be."""

    rule: str
    reason: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """What a layout costs or needs, though it works."""

    rule: str
    reason: str


def violations(shape: ModelShape, asked: Training | Inference, layout: Layout) -> tuple[Violation, ...]:
    """Everything that forbids it; none when it is allowed."""
    found = (*_heads(shape, layout), *_experts(shape, layout), *_stages(shape, layout))
    match asked:
        case Training():
            return (*found, *_batches(asked, layout), *_sequence(asked, layout))
        case Inference():
            return found


def cautions(shape: ModelShape, asked: Training | Inference, layout: Layout, device: Device) -> tuple[Caution, ...]:
    """What is worth knowing: repeated KV heads, uneven stages, slow links, idle pipelines."""
    return (
        *_repeated(shape, layout),
        *_uneven(shape, layout),
        *_crossing(layout, device),
        *_sharding(layout, device),
        *(_bubble(asked, layout) if isinstance(asked, Training) else ()),
    )


def _heads(shape: ModelShape, layout: Layout) -> Iterator[Violation]:
    """Heads are divided whole; KV heads may be fewer than ranks, then they are repeated a whole number of times."""
    tensor = layout.tensor
    for attention in _attentions(shape):
        if attention.heads % tensor:
            reason = f"{attention.heads} attention heads cannot be divided by tp={tensor}"
            yield Violation("heads-divisible", reason, _divisors("tp", attention.heads, tensor))
        elif not _whole(attention.kv_heads, tensor):
            reason = f"{attention.kv_heads} KV heads can be neither divided nor repeated by tp={tensor}"
            yield Violation("kv-heads-divisible", reason, _divisors("tp", attention.kv_heads, tensor))


def _experts(shape: ModelShape, layout: Layout) -> Iterator[Violation]:
    counts = {layer.experts.count for layer in _layers(shape) if layer.experts}
    if layout.expert > 1 and not counts:
        yield Violation("experts-exist", f"ep={layout.expert}: the model has no routed experts", ("ep=1",))
    for count in sorted(counts):
        if count % layout.expert:
            reason = f"{count} experts cannot be divided by ep={layout.expert}"
            yield Violation("experts-divisible", reason, _divisors("ep", count, layout.expert))
    ranks = layout.data * layout.context * layout.tensor
    if ranks % layout.experts_split:
        reason = f"ep={layout.expert} with {layout.experts_split // layout.expert} ranks an expert does not divide"
        yield Violation("expert-ranks", f"{reason} the {ranks} ranks of a stage", _divisors("ep", ranks, layout.expert))


def _stages(shape: ModelShape, layout: Layout) -> Iterator[Violation]:
    pieces = layout.pipeline * layout.chunks
    if pieces > len(shape.layers):
        reason = f"{len(shape.layers)} layers are fewer than {pieces} pipeline stages"
        yield Violation("stages-have-layers", reason, (f"pp={len(shape.layers) // layout.chunks or 1}",))


def _batches(training: Training, layout: Layout) -> Iterator[Violation]:
    if training.global_batch is None:
        return
    step = training.micro_batch * layout.data
    if training.global_batch % step:
        reason = (
            f"a global batch of {training.global_batch} is no multiple of {training.micro_batch} x dp={layout.data}"
        )
        yield Violation("batch-divisible", reason, _divisors("dp", training.global_batch, layout.data))


def _sequence(training: Training, layout: Layout) -> Iterator[Violation]:
    parts = layout.context * layout.hidden_split
    if training.sequence % parts:
        reason = f"{training.sequence} tokens cannot be divided by cp={layout.context} and tp={layout.tensor}"
        yield Violation("sequence-divisible", reason, _divisors("cp", training.sequence, layout.context))


def _repeated(shape: ModelShape, layout: Layout) -> Iterator[Caution]:
    for heads in sorted({one.kv_heads for one in _attentions(shape) if one.kv_heads < layout.tensor}):
        times = layout.tensor // heads
        yield Caution("kv-replication", f"tp={layout.tensor} repeats each of {heads} KV heads {times} times")


def _uneven(shape: ModelShape, layout: Layout) -> Iterator[Caution]:
    each, more = divmod(len(shape.layers), layout.pipeline)
    if more and each:
        reason = (
            f"{len(shape.layers)} layers over pp={layout.pipeline}: {more} stages have {each + 1}, the others {each}"
        )
        yield Caution("uneven-stages", reason)


def _crossing(layout: Layout, device: Device) -> Iterator[Caution]:
    if layout.tensor > device.per_node:
        reason = f"tp={layout.tensor} reaches beyond the {device.per_node} devices of a node, over the network"
        yield Caution("tensor-crosses-nodes", reason)


def _sharding(layout: Layout, device: Device) -> Iterator[Caution]:
    if device.kind is AcceleratorKind.NEURON and layout.sharding in {Sharding.ZERO2, Sharding.ZERO3}:
        reason = (
            "released Neuron training frameworks shard optimizer states only (ZeRO-1); more needs TorchNeuron's beta"
        )
        yield Caution("neuron-zero1", reason)


def _bubble(training: Training, layout: Layout) -> Iterator[Caution]:
    if training.global_batch is None or layout.pipeline == 1:
        return
    batches = training.global_batch // (training.micro_batch * layout.data)
    if batches < layout.pipeline:
        reason = f"{batches} micro-batches do not fill pp={layout.pipeline}: stages idle"
        yield Caution("pipeline-idle", reason)


def _attentions(shape: ModelShape) -> tuple[Attention, ...]:
    """One of each kind."""
    found = (layer.attention for layer in _layers(shape) if layer.attention.softmax)
    return tuple({(one.heads, one.kv_heads): one for one in found}.values())


def _layers(shape: ModelShape) -> Iterable[Layer]:
    return {id(layer): layer for layer in shape.layers}.values()


def _whole(heads: int, tensor: int) -> bool:
    return heads % tensor == 0 or tensor % heads == 0


def _divisors(key: str, number: int, near: int) -> tuple[str, ...]:
    """The two divisors of `number` that are nearest to `near`, the smaller first."""
    able = [one for one in range(1, min(number, near * 4) + 1) if number % one == 0]
    return tuple(f"{key}={one}" for one in sorted(sorted(able, key=lambda one: abs(one - near))[:2]))
