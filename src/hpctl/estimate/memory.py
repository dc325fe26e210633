"""Memory of one device in training, on the pipeline stage that needs most."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.activations import activation_items
from hpctl.estimate.device import GIB, Device
from hpctl.estimate.items import Item, Memory
from hpctl.estimate.layout import Layout
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import Stage, stages
from hpctl.estimate.states import state_items
from hpctl.estimate.step import step_items
from hpctl.estimate.training import Training

__all__ = ["Item", "Memory", "binding", "memory", "memory_of", "stage_memory"]

OVERHEAD = Item("fixed overhead", GIB, "1 GiB for the context and communication buffers", {})


def memory(shape: ModelShape, training: Training, layout: Layout, device: Device) -> Memory:
    """What a device needs on the stage that needs most; the layout is taken as it is (see `estimate.constraints`)."""
    return memory_of(binding(stages(shape, layout)), shape, training, layout, device)


def memory_of(
    parts: tuple[Stage, ...], shape: ModelShape, training: Training, layout: Layout, device: Device
) -> Memory:
    """The same for stages that are known already."""
    return max((_stage(part, shape, training, layout, device) for part in parts), key=lambda one: one.total)


def stage_memory(shape: ModelShape, training: Training, layout: Layout, device: Device) -> Iterator[Memory]:
    """What a device needs on each stage, from the first."""
    for stage in stages(shape, layout):
        yield _stage(stage, shape, training, layout, device)


def binding(every: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages that can need most: both ends, and of equal inner ones the first, which has most in flight."""
    inner = {_contents(stage): stage for stage in reversed(every[1:-1])}
    return (every[0], *inner.values(), *every[1:][-1:])


def _contents(stage: Stage) -> tuple[tuple[int, int], ...]:
    return tuple((id(layer), count) for layer, count in stage.blocks)


def _stage(stage: Stage, shape: ModelShape, training: Training, layout: Layout, device: Device) -> Memory:
    items = tuple(_items(stage, shape, training, layout))
    return Memory(items=items, stage=stage.index, stages=stage.of, device=device)


def _items(stage: Stage, shape: ModelShape, training: Training, layout: Layout) -> Iterator[Item]:
    states = tuple(state_items(stage, shape.hidden, training, layout))
    activations = tuple(activation_items(stage, shape, training, layout))
    yield from states
    yield from activations
    yield from step_items(stage, training, layout, (*states, *activations))
    yield OVERHEAD
