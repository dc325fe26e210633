"""Which layers stand on which pipeline stage, and what part of them one device holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from hpctl.estimate.layout import Layout
from hpctl.estimate.shape import Attention, Layer, ModelShape


@dataclass(frozen=True, slots=True)
class Stage:
    """One pipeline stage: its distinct layers with how many there are of each, and what stands outside the layers."""

    index: int
    of: int
    blocks: tuple[tuple[Layer, int], ...]
    embedding: int
    head: int
    other: int

    @property
    def is_last(self) -> bool:
        """Whether it computes logits and loss."""
        return self.index == self.of - 1


@dataclass(frozen=True, slots=True)
class Held:
    """Parameters on one device, before states are sharded.

    `layers` and `routed` (the experts) are inside the layers, `outside` are embedding, head and the rest. `block` is
    the largest layer without its experts, `experts` those of one layer, `edge` the larger of embedding and head: what
    FSDP gathers at once.
    """

    layers: float
    routed: float
    outside: float
    block: float
    experts: float
    edge: float

    @property
    def dense(self) -> float:
        """All but the routed experts."""
        return self.layers + self.outside


def interned(shape: ModelShape) -> ModelShape:
    """The same shape with equal layers as one object, so that a search need not compare them again and again."""
    known: dict[Layer, Layer] = {}
    return replace(shape, layers=tuple(known.setdefault(layer, layer) for layer in shape.layers))


def stages(shape: ModelShape, layout: Layout) -> tuple[Stage, ...]:
    """The stages of a pipeline; where layers do not divide evenly, earlier ones have one more.

    A tied head is a copy of the embedding on the last stage of a pipeline: there the shards hold more than the model.
    """
    count = layout.pipeline
    sizes = _sizes(len(shape.layers), count)
    starts = [sum(sizes[:index]) for index in range(count)]
    head = shape.embedding_parameters if shape.tied and count > 1 else shape.head_parameters
    return tuple(
        Stage(
            index=index,
            of=count,
            blocks=_grouped(shape.layers[start : start + size]),
            embedding=shape.embedding_parameters if index == 0 else 0,
            head=head if index == count - 1 else 0,
            other=shape.other_parameters if index == 0 else 0,
        )
        for index, (start, size) in enumerate(zip(starts, sizes, strict=True))
    )


def held(stage: Stage, layout: Layout) -> Held:
    """What one device of `stage` holds: matrices divided by tensor parallelism, norms and routers whole."""
    tensor, experts = layout.tensor, layout.experts_split
    layers = sum(count * dense_share(layer, tensor) for layer, count in stage.blocks)
    routed = sum(count * layer.routed_parameters for layer, count in stage.blocks) / experts
    return Held(
        layers=layers,
        routed=routed,
        outside=(stage.embedding + stage.head) / tensor + stage.other,
        block=max((dense_share(layer, tensor) for layer, _ in stage.blocks), default=0.0),
        experts=max((layer.routed_parameters for layer, _ in stage.blocks), default=0) / experts,
        edge=max(stage.embedding, stage.head) / tensor,
    )


def dense_share(layer: Layer, tensor: int) -> float:
    """Parameters of one layer, but its routed experts, on one of `tensor` ranks."""
    router = layer.experts.router_parameters if layer.experts else 0
    mlp = layer.mlp.parameters if layer.mlp else 0
    return _attention_share(layer.attention, tensor) + mlp / tensor + router + layer.norm_parameters


def _attention_share(attention: Attention, tensor: int) -> float:
    """Key and value heads are repeated where there are fewer of them than ranks (NxDT `kv_replicator`)."""
    if tensor <= attention.kv_heads or not attention.softmax:
        return attention.parameters / tensor
    heads = attention.heads + attention.kv_heads
    queries = attention.parameters * attention.heads / heads
    return queries / tensor + (attention.parameters - queries) / attention.kv_heads


def _sizes(layers: int, count: int) -> list[int]:
    each, more = divmod(layers, count)
    return [each + 1] * more + [each] * (count - more)


def _grouped(layers: tuple[Layer, ...]) -> tuple[tuple[Layer, int], ...]:
    """Equal layers together; layers that are one object are not compared."""
    objects = Counter(map(id, layers))
    groups: list[tuple[Layer, int]] = []
    for layer in {id(layer): layer for layer in layers}.values():
        count = objects[id(layer)]
        same = next((place for place, (known, _) in enumerate(groups) if known == layer), None)
        if same is None:
            groups.append((layer, count))
        else:
            groups[same] = (layer, groups[same][1] + count)
    return tuple(groups)
