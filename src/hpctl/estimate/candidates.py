"""The layouts worth trying on a number of devices, the simplest first."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import product

from hpctl.estimate.device import Device
from hpctl.estimate.layout import Layout, SequenceSplit, Sharding
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Inference, Training
from hpctl.terms import AcceleratorKind

_POWERS = (1, 2, 4, 8, 16, 32, 64)
_LONG = 16_384  # tokens from which context parallelism is worth its communication


class Way(StrEnum):
    """The ways of splitting that a framework may have, in the words of its documentation."""

    DATA = "DP"
    TENSOR = "TP"
    PIPELINE = "PP"
    CONTEXT = "CP"
    EXPERT = "EP"
    SEQUENCE = "SP"
    FSDP = "FSDP"
    ZERO1 = "ZeRO-1"


def usual_ways(device: Device) -> frozenset[str]:
    """What released frameworks have on a device when none is named: Neuron's shard optimizer states only."""
    every = frozenset(Way)
    return every - {Way.FSDP, Way.CONTEXT} if device.kind is AcceleratorKind.NEURON else every


def candidates(
    shape: ModelShape, asked: Training | Inference, devices: int, device: Device, ways: frozenset[str]
) -> tuple[Layout, ...]:
    """Layouts of `devices` devices within `ways`: no pipeline before one, little tensor parallelism before much."""
    match asked:
        case Training():
            found = _training(shape, asked, devices, device, ways)
        case Inference():
            found = _serving(shape, devices, device, ways)
    return tuple(sorted(found, key=effort))


def effort(layout: Layout) -> tuple[int, int, int, int, bool]:
    """What a layout costs in communication and idling, for ordering; FSDP before ZeRO-1 where all else is equal."""
    return layout.pipeline, layout.context, layout.tensor, layout.expert, layout.sharding is not Sharding.ZERO3


def _training(
    shape: ModelShape, training: Training, devices: int, device: Device, ways: frozenset[str]
) -> Iterator[Layout]:
    tensors, contexts = _tensors(device, ways), _contexts(training, ways)
    for tensor, context, expert in product(tensors, contexts, _experts(shape, device, ways)):
        for pipeline, sharding in _pipelines(shape, training, ways):
            whole = tensor * context * pipeline
            if devices % whole:
                continue
            split = SequenceSplit.SPLIT if tensor > 1 and Way.SEQUENCE in ways else SequenceSplit.WHOLE
            one_rank = 1 if expert > 1 else None
            yield Layout(devices // whole, tensor, pipeline, context, expert, one_rank, sharding, split)


def _pipelines(shape: ModelShape, training: Training, ways: frozenset[str]) -> Iterator[tuple[int, Sharding]]:
    """FSDP goes without a pipeline (it would keep the stage gathered); Megatron and NxD pipeline under ZeRO-1."""
    if Way.FSDP in ways:
        yield 1, Sharding.ZERO3
        if training.adapter or not ways & {Way.ZERO1, Way.PIPELINE}:
            return
    sharding = Sharding.ZERO1 if Way.ZERO1 in ways else Sharding.NONE
    for pipeline in (1, 2, 4, 8, 16, 32) if Way.PIPELINE in ways else (1,):
        if pipeline <= len(shape.layers):
            yield pipeline, sharding


def _serving(shape: ModelShape, devices: int, device: Device, ways: frozenset[str]) -> Iterator[Layout]:
    deepest = len(shape.layers) if Way.PIPELINE in ways else 1
    for tensor in _tensors(device, ways):
        for pipeline in range(1, min(devices // tensor, deepest) + 1):
            if devices % (tensor * pipeline) == 0:
                yield Layout(devices // (tensor * pipeline), tensor, pipeline, sharding=Sharding.NONE)


def _tensors(device: Device, ways: frozenset[str]) -> tuple[int, ...]:
    """Powers of two that divide a node: tensor parallelism stays on the fast links."""
    if Way.TENSOR not in ways:
        return (1,)
    return tuple(degree for degree in _POWERS if device.per_node % degree == 0)


def _contexts(training: Training, ways: frozenset[str]) -> tuple[int, ...]:
    if Way.CONTEXT not in ways or training.sequence < _LONG:
        return (1,)
    return tuple(degree for degree in (1, 2, 4, 8, 16) if training.sequence % (2 * degree) == 0)


def _experts(shape: ModelShape, device: Device, ways: frozenset[str]) -> tuple[int, ...]:
    """As tensor parallelism, within a node: every token crosses the links twice in every layer."""
    count = next((layer.experts.count for layer in shape.layers if layer.experts), None)
    if count is None or Way.EXPERT not in ways:
        return (1,)
    return tuple(degree for degree in _POWERS if count % degree == 0 and device.per_node % degree == 0)
