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
from hpctl.estimate.training import Training

__all__ = ["Item", "Memory", "memory", "stage_memory"]

OVERHEAD = Item("fixed overhead", GIB, "1 GiB for the context and communication buffers", {})


def memory(shape: ModelShape, training: Training, layout: Layout, device: Device) -> Memory:
    """What a device needs on the stage that needs most; the layout is taken as it is (see `estimate.constraints`)."""
    return max(stage_memory(shape, training, layout, device), key=lambda one: one.total)


def stage_memory(shape: ModelShape, training: Training, layout: Layout, device: Device) -> Iterator[Memory]:
    """What a device needs on each stage, from the first."""
    for stage in stages(shape, layout):
        items = tuple(_items(stage, shape, training, layout))
        yield Memory(items=items, stage=stage.index, stages=stage.of, device=device)


def _items(stage: Stage, shape: ModelShape, training: Training, layout: Layout) -> Iterator[Item]:
    yield from state_items(stage, shape.hidden, training, layout)
    yield from activation_items(stage, shape, training, layout)
    yield OVERHEAD
